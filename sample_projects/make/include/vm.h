/* The machine. */
#ifndef TINYVM_VM_H
#define TINYVM_VM_H

#include "opcodes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct instruction {
    enum opcode op;
    int64_t operand;
};

enum { STACK_SIZE = 1024, CALL_DEPTH = 256, CELLS = 256 };

struct stack {
    int64_t values[STACK_SIZE];
    size_t depth;
};

int stack_push(struct stack *stack, int64_t value); /* 0 when full */
int stack_pop(struct stack *stack, int64_t *value); /* 0 when empty */

enum vm_status { VM_HALTED, VM_RUNNING, VM_STACK, VM_ADDRESS, VM_DIVISION, VM_CALLS, VM_STEPS };

struct vm {
    const struct instruction *code;
    size_t size;
    size_t at;
    struct stack stack;
    size_t calls[CALL_DEPTH];
    size_t call_depth;
    int64_t cells[CELLS];
    uint64_t steps;
    void (*print)(void *context, int64_t value);
    void *context;
};

void vm_init(struct vm *vm, const struct instruction *code, size_t size);
enum vm_status vm_step(struct vm *vm);
enum vm_status vm_run(struct vm *vm, uint64_t most_steps);
const char *vm_status_text(enum vm_status status);

/* a op b for the two-operand arithmetic; 0 for a division by zero. */
int arithmetic(enum opcode op, int64_t a, int64_t b, int64_t *result);

/* Writes one instruction as assembler; returns its length as snprintf does. */
size_t disassemble(const struct instruction *instruction, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
