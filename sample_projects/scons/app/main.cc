#include <iostream>

#include "number.h"
#include "options.h"
#include "tree.h"

int main(int argc, char **argv) {
    options options;
    if (const int status = options_parse(&options, argc, argv)) return status;
    try {
        calc::Tree tree = calc::parse(options.expression);
        if (options.simplify) tree = calc::simplify(std::move(tree));
        if (options.show_tree) {
            std::cout << calc::to_outline(tree);
            return 0;
        }
        calc::Variables variables;
        for (int i = 0; i < options.variable_count; i++) {
            const std::string text = options.variables[i];
            const std::size_t equals = text.find('=');
            variables[text.substr(0, equals)] =
                calc::evaluate(calc::parse(text.substr(equals + 1)), variables);
        }
        char buffer[32];
        number_write(calc::evaluate(tree, variables), buffer, sizeof buffer);
        std::cout << buffer << '\n';
    } catch (const calc::Error &error) {
        std::cerr << "calc: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
