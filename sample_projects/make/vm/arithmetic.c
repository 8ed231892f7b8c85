#include "vm.h"

/* Overflow wraps, as on the machines this one resembles. */
static int64_t wrap(uint64_t value) { return (int64_t)value; }

int arithmetic(enum opcode op, int64_t a, int64_t b, int64_t *result) {
    switch (op) {
    case OP_ADD: *result = wrap((uint64_t)a + (uint64_t)b); return 1;
    case OP_SUB: *result = wrap((uint64_t)a - (uint64_t)b); return 1;
    case OP_MUL: *result = wrap((uint64_t)a * (uint64_t)b); return 1;
    case OP_LT: *result = a < b; return 1;
    case OP_GT: *result = a > b; return 1;
    case OP_EQ: *result = a == b; return 1;
    case OP_DIV:
    case OP_MOD:
        if (b == 0) return 0;
        /* INT64_MIN / -1 overflows. */
        if (b == -1) *result = op == OP_DIV ? wrap(0 - (uint64_t)a) : 0;
        else *result = op == OP_DIV ? a / b : a % b;
        return 1;
    default: return 0;
    }
}
