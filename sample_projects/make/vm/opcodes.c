#include "opcodes.h"

#include <string.h>

static const struct opcode_info infos[] = {
#define X(id, name, operands, takes, leaves) {name, operands, takes, leaves},
    TINYVM_OPCODES(X)
#undef X
};

const struct opcode_info *opcode_info(enum opcode op) { return &infos[op]; }

enum opcode opcode_find(const char *name) {
    for (int op = 0; op < OP_COUNT; op++)
        if (strcmp(infos[op].name, name) == 0) return (enum opcode)op;
    return OP_COUNT;
}

int opcode_is_jump(enum opcode op) {
    return op == OP_JMP || op == OP_JZ || op == OP_JNZ || op == OP_CALL;
}
