#include "vm.h"

int stack_push(struct stack *stack, int64_t value) {
    if (stack->depth == STACK_SIZE) return 0;
    stack->values[stack->depth++] = value;
    return 1;
}

int stack_pop(struct stack *stack, int64_t *value) {
    if (stack->depth == 0) return 0;
    *value = stack->values[--stack->depth];
    return 1;
}
