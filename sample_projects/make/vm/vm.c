#include "vm.h"

#include <string.h>

void vm_init(struct vm *vm, const struct instruction *code, size_t size) {
    memset(vm, 0, sizeof *vm);
    vm->code = code;
    vm->size = size;
}

static enum vm_status jump(struct vm *vm, int64_t address) {
    if (address < 0 || (uint64_t)address > vm->size) return VM_ADDRESS;
    vm->at = (size_t)address;
    return VM_RUNNING;
}

static enum vm_status two_operands(struct vm *vm, enum opcode op) {
    int64_t a, b, result;
    if (!stack_pop(&vm->stack, &b) || !stack_pop(&vm->stack, &a)) return VM_STACK;
    if (!arithmetic(op, a, b, &result)) return VM_DIVISION;
    return stack_push(&vm->stack, result) ? VM_RUNNING : VM_STACK;
}

static enum vm_status one_operand(struct vm *vm, enum opcode op, int64_t operand) {
    int64_t a;
    if (!stack_pop(&vm->stack, &a)) return VM_STACK;
    int ok = 1;
    switch (op) {
    case OP_DUP: ok = stack_push(&vm->stack, a) && stack_push(&vm->stack, a); break;
    case OP_NEG: ok = stack_push(&vm->stack, (int64_t)(0 - (uint64_t)a)); break;
    case OP_NOT: ok = stack_push(&vm->stack, !a); break;
    case OP_JZ: return a == 0 ? jump(vm, operand) : VM_RUNNING;
    case OP_JNZ: return a != 0 ? jump(vm, operand) : VM_RUNNING;
    case OP_STORE:
        if (operand < 0 || operand >= CELLS) return VM_ADDRESS;
        vm->cells[operand] = a;
        break;
    case OP_SWAP: {
        int64_t b;
        ok = stack_pop(&vm->stack, &b) && stack_push(&vm->stack, a) && stack_push(&vm->stack, b);
        break;
    }
    case OP_PRINT:
        if (vm->print) vm->print(vm->context, a);
        break;
    default: break;
    }
    return ok ? VM_RUNNING : VM_STACK;
}

enum vm_status vm_step(struct vm *vm) {
    if (vm->at >= vm->size) return VM_ADDRESS;
    const struct instruction now = vm->code[vm->at++];
    vm->steps++;
    switch (now.op) {
    case OP_HALT: return VM_HALTED;
    case OP_PUSH: return stack_push(&vm->stack, now.operand) ? VM_RUNNING : VM_STACK;
    case OP_LOAD:
        if (now.operand < 0 || now.operand >= CELLS) return VM_ADDRESS;
        return stack_push(&vm->stack, vm->cells[now.operand]) ? VM_RUNNING : VM_STACK;
    case OP_JMP: return jump(vm, now.operand);
    case OP_CALL:
        if (vm->call_depth == CALL_DEPTH) return VM_CALLS;
        vm->calls[vm->call_depth++] = vm->at;
        return jump(vm, now.operand);
    case OP_RET:
        if (vm->call_depth == 0) return VM_CALLS;
        return jump(vm, (int64_t)vm->calls[--vm->call_depth]);
    case OP_ADD: case OP_SUB: case OP_MUL: case OP_DIV: case OP_MOD:
    case OP_LT: case OP_GT: case OP_EQ:
        return two_operands(vm, now.op);
    default: return one_operand(vm, now.op, now.operand);
    }
}

enum vm_status vm_run(struct vm *vm, uint64_t most_steps) {
    enum vm_status status = VM_RUNNING;
    while (status == VM_RUNNING) {
        if (vm->steps >= most_steps) return VM_STEPS;
        status = vm_step(vm);
    }
    return status;
}
