#include <iomanip>
#include <sstream>

#include "assembler.hpp"

namespace tinyvm {

std::string listing(const Code &code) {
    std::ostringstream out;
    for (std::size_t at = 0; at < code.size(); at++) {
        char text[64];
        disassemble(&code[at], text, sizeof text);
        out << std::setw(4) << std::setfill('0') << at << "  " << text << '\n';
    }
    return out.str();
}

}  // namespace tinyvm
