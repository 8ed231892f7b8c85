#include <cmath>
#include <iostream>

#include "names.h"
#include "tree.h"

namespace {

int failures = 0;

void check(bool ok, const std::string &what) {
    if (ok) return;
    failures++;
    std::cerr << "failed: " << what << '\n';
}

void check_value(const std::string &source, double expected) {
    const double value = calc::evaluate(calc::parse(source), {{"x", 2}});
    check(std::fabs(value - expected) < 1e-12, source + " = " + std::to_string(value));
}

void check_text(const std::string &source, const std::string &expected) {
    const std::string text = calc::to_text(calc::simplify(calc::parse(source)));
    check(text == expected, source + " -> " + text);
}

void check_error(const std::string &source) {
    try {
        calc::evaluate(calc::parse(source), {});
        check(false, source + " should be an error");
    } catch (const calc::Error &) {
    }
}

}  // namespace

int main() {
    check_value("1 + 2 * 3", 7);
    check_value("-2^2", -4);
    check_value("2^3^2", 512);
    check_value("0x1F + 0b101 + 1_000", 1036);
    check_value("1.5e3 / (x - 0.5)", 1000);
    check_value("max(1, sqrt(16), hypot(3, 4))", 5);
    check_value("log(8, 2) + 7 % 4", 6);
    check_text("1 * x + 0", "x");
    check_text("(x + 1) * 2 - (x + 1) * 2", "0");
    check_text("2 ^ (1 + 2) ^ x", "2 ^ 3 ^ x");
    check_text("(1 - x) - (2 - x)", "1 - x - (2 - x)");
    check_error("1 +");
    check_error("(1");
    check_error("1 $ 2");
    check_error("y");
    check_error("sqrt(1, 2)");

    const calc::Tree tree = calc::parse("f(1, x, -3)");
    check(calc::equal(tree, calc::copy(tree)), "a copy is equal");
    check(calc::size(tree) == 5, "size of f(1, x, -3)");

    names *table = names_new();
    check(names_intern(table, "sine", 3) == names_intern(table, "sin", 3), "names are interned");
    check(names_count(table) == 1, "one name");
    names_free(table);
    if (failures == 0) std::cout << "calc: all tests passed\n";
    return failures != 0;
}
