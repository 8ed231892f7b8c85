/* The instructions, once: name, number of operands, what it takes from the stack and leaves. */
#ifndef TINYVM_OPCODES_H
#define TINYVM_OPCODES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TINYVM_OPCODES(X) \
    X(HALT, "halt", 0, 0, 0) X(PUSH, "push", 1, 0, 1) X(POP, "pop", 0, 1, 0) \
    X(DUP, "dup", 0, 1, 2) X(SWAP, "swap", 0, 2, 2) X(LOAD, "load", 1, 0, 1) \
    X(STORE, "store", 1, 1, 0) X(ADD, "add", 0, 2, 1) X(SUB, "sub", 0, 2, 1) \
    X(MUL, "mul", 0, 2, 1) X(DIV, "div", 0, 2, 1) X(MOD, "mod", 0, 2, 1) \
    X(NEG, "neg", 0, 1, 1) X(LT, "lt", 0, 2, 1) X(GT, "gt", 0, 2, 1) X(EQ, "eq", 0, 2, 1) \
    X(NOT, "not", 0, 1, 1) X(JMP, "jmp", 1, 0, 0) X(JZ, "jz", 1, 1, 0) X(JNZ, "jnz", 1, 1, 0) \
    X(CALL, "call", 1, 0, 0) X(RET, "ret", 0, 0, 0) X(PRINT, "print", 0, 1, 0)

enum opcode {
#define X(id, name, operands, takes, leaves) OP_##id,
    TINYVM_OPCODES(X)
#undef X
    OP_COUNT
};

struct opcode_info {
    const char *name;
    int operands;
    int takes;
    int leaves;
};

const struct opcode_info *opcode_info(enum opcode op);

/* OP_COUNT when there is none of this name. */
enum opcode opcode_find(const char *name);

int opcode_is_jump(enum opcode op); /* its operand is an address */

#ifdef __cplusplus
}
#endif
#endif
