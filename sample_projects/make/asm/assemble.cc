#include "assembler.hpp"

namespace tinyvm {
namespace {

[[noreturn]] void fail(const Line &line, const std::string &what) {
    throw Error("line " + std::to_string(line.number) + ": " + what);
}

std::int64_t number(const Line &line, const std::string &text) {
    std::size_t used = 0;
    try {
        const long long value = std::stoll(text, &used, 0);
        if (used == text.size()) return value;
    } catch (const std::logic_error &) {
        // Not a number, or too large for one.
    }
    fail(line, "expected a number, found " + text);
}

}  // namespace

Code assemble(const std::string &source) {
    const std::vector<Line> lines = scan(source);
    Symbols symbols;
    for (std::size_t address = 0; address < lines.size(); address++)
        for (const std::string &label : lines[address].labels)
            symbols.define(label, address, lines[address].number);

    Code code;
    for (const Line &line : lines) {
        const opcode op = opcode_find(line.operation.c_str());
        if (op == OP_COUNT) fail(line, "no instruction " + line.operation);
        const auto wanted = static_cast<std::size_t>(opcode_info(op)->operands);
        if (line.operands.size() != wanted)
            fail(line, line.operation + " takes " + std::to_string(wanted) + " operands");
        instruction instruction{op, 0};
        if (wanted == 1)
            instruction.operand = opcode_is_jump(op)
                                      ? static_cast<std::int64_t>(symbols.address(line.operands[0], line.number))
                                      : number(line, line.operands[0]);
        code.push_back(instruction);
    }
    return code;
}

}  // namespace tinyvm
