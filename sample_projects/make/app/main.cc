#include <fstream>
#include <iostream>
#include <sstream>

#include "assembler.hpp"

int main(int argc, char **argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    const bool list = !words.empty() && words[0] == "--list";
    if (list) words.erase(words.begin());
    if (words.size() != 1) {
        std::cerr << "usage: tinyvm [--list] PROGRAM\n";
        return 2;
    }
    try {
        std::ifstream file(words[0]);
        if (!file) throw tinyvm::Error("cannot read it");
        std::ostringstream source;
        source << file.rdbuf();
        const tinyvm::Code code = tinyvm::optimize(tinyvm::assemble(source.str()));
        if (list) {
            std::cout << tinyvm::listing(code);
            return 0;
        }
        tinyvm::stack_need(code);
        for (const long long value : tinyvm::run(code)) std::cout << value << '\n';
    } catch (const tinyvm::Error &error) {
        std::cerr << words[0] << ": " << error.what() << '\n';
        return 1;
    }
    return 0;
}
