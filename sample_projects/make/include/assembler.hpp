// Assembler text to instructions.
#ifndef TINYVM_ASSEMBLER_HPP
#define TINYVM_ASSEMBLER_HPP

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "vm.h"

namespace tinyvm {

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Line {
    std::size_t number;
    std::vector<std::string> labels;
    std::string operation;
    std::vector<std::string> operands;
};

using Code = std::vector<instruction>;

std::vector<Line> scan(const std::string &source);

class Symbols {
public:
    void define(const std::string &name, std::size_t address, std::size_t line);
    std::size_t address(const std::string &name, std::size_t line) const;

private:
    std::map<std::string, std::size_t> addresses_;
};

Code assemble(const std::string &source);

// Folds constants and drops what does nothing; jumps keep their targets.
Code optimize(Code code);

// The deepest stack that straight-line code needs, over all paths; throws Error on an underflow.
std::size_t stack_need(const Code &code);

// Runs it and collects what it prints.
std::vector<long long> run(const Code &code, unsigned long long most_steps = 1000000);

std::string listing(const Code &code);

}  // namespace tinyvm
#endif
