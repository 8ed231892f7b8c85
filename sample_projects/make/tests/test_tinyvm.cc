#include <fstream>
#include <iostream>
#include <sstream>

#include "assembler.hpp"

namespace {

int failures = 0;

void check(bool ok, const std::string &what) {
    if (ok) return;
    failures++;
    std::cerr << "failed: " << what << '\n';
}

void check_error(const std::string &source) {
    try {
        const tinyvm::Code code = tinyvm::assemble(source);
        tinyvm::stack_need(code);
        tinyvm::run(code, 1000);
        check(false, source + " should be an error");
    } catch (const tinyvm::Error &) {
    }
}

std::string read(const std::string &path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

int main(int argc, char **argv) {
    using Values = std::vector<long long>;
    const std::string programs = argc > 1 ? argv[1] : "programs";
    const tinyvm::Code primes = tinyvm::assemble(read(programs + "/primes.tva"));
    const Values expected = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47};
    check(tinyvm::run(primes) == expected, "primes");
    check(tinyvm::run(tinyvm::optimize(primes)) == expected, "optimized primes");
    check(tinyvm::stack_need(primes) == 2, "stack of primes");
    const tinyvm::Code factorial = tinyvm::assemble(read(programs + "/factorial.tva"));
    check(tinyvm::run(factorial) == Values{3628800}, "factorial");

    const tinyvm::Code folded =
        tinyvm::optimize(tinyvm::assemble("push 2\npush 3\nadd\nneg\nprint\njmp end\nend: halt"));
    check(tinyvm::listing(folded) == "0000  push   -5\n0001  print\n0002  halt\n",
          "folding:\n" + tinyvm::listing(folded));

    check_error("push");
    check_error("push x");
    check_error("jmp nowhere");
    check_error("a: halt\na: halt");
    check_error("fly");
    check_error("add");
    check_error("push 1\npush 0\ndiv\nhalt");
    check_error("loop: jmp loop");
    check_error("push 1");
    check_error("ret");
    if (failures == 0) std::cout << "tinyvm: all tests passed\n";
    return failures != 0;
}
