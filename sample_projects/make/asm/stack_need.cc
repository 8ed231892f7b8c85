#include <algorithm>
#include <deque>
#include <map>

#include "assembler.hpp"

namespace tinyvm {

std::size_t stack_need(const Code &code) {
    std::map<std::size_t, long> seen;
    std::deque<std::pair<std::size_t, long>> open = {{0, 0}};
    long deepest = 0;
    while (!open.empty()) {
        auto [at, depth] = open.front();
        open.pop_front();
        if (at >= code.size()) continue;
        const auto [known, fresh] = seen.emplace(at, depth);
        if (!fresh) continue;
        const instruction &now = code[at];
        const auto *info = opcode_info(now.op);
        if (depth < info->takes)
            throw Error("address " + std::to_string(at) + ": " + info->name + " on an empty stack");
        depth += info->leaves - info->takes;
        deepest = std::max(deepest, depth);
        if (now.op == OP_HALT || now.op == OP_RET) continue;
        if (opcode_is_jump(now.op)) open.emplace_back(static_cast<std::size_t>(now.operand), depth);
        // What a call leaves is not known here: it is taken to balance its argument.
        if (now.op != OP_JMP) open.emplace_back(at + 1, depth);
    }
    return static_cast<std::size_t>(deepest);
}

}  // namespace tinyvm
