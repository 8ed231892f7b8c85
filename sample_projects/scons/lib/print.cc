#include <sstream>

#include "number.h"
#include "token.h"
#include "tree.h"

namespace calc {
namespace {

std::string number_text(double value) {
    char buffer[32];
    return std::string(buffer, number_write(value, buffer, sizeof buffer));
}

void write(std::ostream &out, const Tree &tree, int outer) {
    if (const auto *number = std::get_if<Number>(&tree->value)) {
        out << number_text(number->value);
    } else if (const auto *variable = std::get_if<Variable>(&tree->value)) {
        out << variable->name;
    } else if (const auto *unary = std::get_if<Unary>(&tree->value)) {
        out << unary->op;
        write(out, unary->operand, 3);
    } else if (const auto *binary = std::get_if<Binary>(&tree->value)) {
        const int inner = token_precedence(binary->op);
        const bool right = token_is_right_associative(binary->op);
        if (inner < outer) out << '(';
        write(out, binary->left, right ? inner + 1 : inner);
        out << ' ' << binary->op << ' ';
        write(out, binary->right, right ? inner : inner + 1);
        if (inner < outer) out << ')';
    } else {
        const auto &call = std::get<Call>(tree->value);
        out << call.function << '(';
        for (std::size_t i = 0; i < call.arguments.size(); i++) {
            if (i > 0) out << ", ";
            write(out, call.arguments[i], 0);
        }
        out << ')';
    }
}

void outline(std::ostream &out, const Tree &tree, int depth) {
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    if (const auto *binary = std::get_if<Binary>(&tree->value)) {
        out << indent << binary->op << '\n';
        outline(out, binary->left, depth + 1);
        outline(out, binary->right, depth + 1);
    } else if (const auto *call = std::get_if<Call>(&tree->value)) {
        out << indent << call->function << '\n';
        for (const Tree &argument : call->arguments) outline(out, argument, depth + 1);
    } else {
        out << indent;
        write(out, tree, 0);
        out << '\n';
    }
}

}  // namespace

std::string to_text(const Tree &tree) {
    std::ostringstream out;
    write(out, tree, 0);
    return out.str();
}

std::string to_outline(const Tree &tree) {
    std::ostringstream out;
    outline(out, tree, 0);
    return out.str();
}

}  // namespace calc
