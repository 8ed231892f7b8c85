#include <algorithm>
#include <set>

#include "assembler.hpp"

namespace tinyvm {
namespace {

std::set<std::size_t> targets(const Code &code) {
    std::set<std::size_t> result;
    for (const instruction &instruction : code)
        if (opcode_is_jump(instruction.op)) result.insert(static_cast<std::size_t>(instruction.operand));
    return result;
}

// What stands for the instructions at `at`, and how many those are; nothing when they stay.
struct Replacement {
    std::size_t length = 0;
    Code code;
};

Replacement replacement(const Code &code, std::size_t at, const std::set<std::size_t> &jumped_to) {
    const auto is = [&](std::size_t offset, opcode op) {
        return at + offset < code.size() && code[at + offset].op == op &&
               (offset == 0 || jumped_to.count(at + offset) == 0);
    };
    if (is(0, OP_PUSH) && is(1, OP_PUSH) && at + 2 < code.size() && !jumped_to.count(at + 2)) {
        std::int64_t result;
        if (arithmetic(code[at + 2].op, code[at].operand, code[at + 1].operand, &result))
            return {3, {{OP_PUSH, result}}};
    }
    if (is(0, OP_PUSH) && is(1, OP_NEG)) return {2, {{OP_PUSH, -code[at].operand}}};
    if (is(0, OP_PUSH) && is(1, OP_POP)) return {2, {}};
    if (is(0, OP_SWAP) && is(1, OP_SWAP)) return {2, {}};
    if (is(0, OP_NOT) && is(1, OP_JZ)) return {2, {{OP_JNZ, code[at + 1].operand}}};
    if (is(0, OP_NOT) && is(1, OP_JNZ)) return {2, {{OP_JZ, code[at + 1].operand}}};
    if (is(0, OP_JMP) && code[at].operand == static_cast<std::int64_t>(at) + 1) return {1, {}};
    return {};
}

bool pass(Code &code) {
    const std::set<std::size_t> jumped_to = targets(code);
    std::vector<std::size_t> moved(code.size() + 1);
    Code result;
    bool changed = false;
    for (std::size_t at = 0; at < code.size();) {
        const Replacement found = replacement(code, at, jumped_to);
        const std::size_t length = std::max<std::size_t>(found.length, 1);
        for (std::size_t i = 0; i < length; i++) moved[at + i] = result.size();
        if (found.length > 0) {
            result.insert(result.end(), found.code.begin(), found.code.end());
            changed = true;
        } else {
            result.push_back(code[at]);
        }
        at += length;
    }
    moved[code.size()] = result.size();
    for (instruction &instruction : result)
        if (opcode_is_jump(instruction.op))
            instruction.operand =
                static_cast<std::int64_t>(moved[static_cast<std::size_t>(instruction.operand)]);
    code = std::move(result);
    return changed;
}

}  // namespace

Code optimize(Code code) {
    while (pass(code)) {
    }
    return code;
}

}  // namespace tinyvm
