#include <inttypes.h>
#include <stdio.h>

#include "vm.h"

size_t disassemble(const struct instruction *instruction, char *out, size_t size) {
    const struct opcode_info *info = opcode_info(instruction->op);
    const int length = info->operands == 0
                           ? snprintf(out, size, "%s", info->name)
                           : snprintf(out, size, "%-6s %" PRId64, info->name, instruction->operand);
    return length < 0 ? 0 : (size_t)length;
}
