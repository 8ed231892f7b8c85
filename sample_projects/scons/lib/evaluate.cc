#include <cmath>

#include "tree.h"

namespace calc {

double evaluate(const Tree &tree, const Variables &variables) {
    struct Evaluate {
        const Variables &variables;

        double operator()(const Number &number) const { return number.value; }

        double operator()(const Variable &variable) const {
            const auto found = variables.find(variable.name);
            if (found == variables.end()) throw Error("no value for " + variable.name);
            return found->second;
        }

        double operator()(const Unary &unary) const {
            const double value = evaluate(unary.operand, variables);
            return unary.op == '-' ? -value : value;
        }

        double operator()(const Binary &binary) const {
            const double left = evaluate(binary.left, variables);
            const double right = evaluate(binary.right, variables);
            switch (binary.op) {
            case '+': return left + right;
            case '-': return left - right;
            case '*': return left * right;
            case '/': return left / right;
            case '%': return std::fmod(left, right);
            default: return std::pow(left, right);
            }
        }

        double operator()(const Call &call) const {
            std::vector<double> arguments;
            for (const Tree &argument : call.arguments)
                arguments.push_back(evaluate(argument, variables));
            return call_function(call.function, arguments);
        }
    };
    return std::visit(Evaluate{variables}, tree->value);
}

}  // namespace calc
