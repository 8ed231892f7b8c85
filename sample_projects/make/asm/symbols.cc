#include "assembler.hpp"

namespace tinyvm {

void Symbols::define(const std::string &name, std::size_t address, std::size_t line) {
    if (!addresses_.emplace(name, address).second)
        throw Error("line " + std::to_string(line) + ": label " + name + " is there already");
}

std::size_t Symbols::address(const std::string &name, std::size_t line) const {
    const auto found = addresses_.find(name);
    if (found == addresses_.end())
        throw Error("line " + std::to_string(line) + ": no label " + name);
    return found->second;
}

}  // namespace tinyvm
