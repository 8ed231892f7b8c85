#include <cmath>

#include "tree.h"

namespace calc {
namespace {

bool is_number(const Tree &tree, double value) {
    const auto *number = std::get_if<Number>(&tree->value);
    return number && number->value == value;
}

bool is_constant(const Tree &tree) { return std::holds_alternative<Number>(tree->value); }

Tree simplify_binary(Binary binary) {
    binary.left = simplify(std::move(binary.left));
    binary.right = simplify(std::move(binary.right));
    const bool fold = is_constant(binary.left) && is_constant(binary.right);
    switch (binary.op) {
    case '+':
        if (is_number(binary.left, 0)) return std::move(binary.right);
        if (is_number(binary.right, 0)) return std::move(binary.left);
        break;
    case '-':
        if (is_number(binary.right, 0)) return std::move(binary.left);
        if (equal(binary.left, binary.right)) return make(Number{0});
        break;
    case '*':
        if (is_number(binary.left, 1)) return std::move(binary.right);
        if (is_number(binary.right, 1)) return std::move(binary.left);
        if (is_number(binary.left, 0) || is_number(binary.right, 0)) return make(Number{0});
        break;
    case '/':
    case '^':
        if (is_number(binary.right, 1)) return std::move(binary.left);
        break;
    default:
        break;
    }
    Tree tree = make(std::move(binary));
    if (!fold) return tree;
    const double value = evaluate(tree, {});
    // A division by zero stays as it was written.
    return std::isfinite(value) ? make(Number{value}) : std::move(tree);
}

}  // namespace

Tree simplify(Tree tree) {
    if (auto *binary = std::get_if<Binary>(&tree->value)) return simplify_binary(std::move(*binary));
    if (auto *unary = std::get_if<Unary>(&tree->value)) {
        unary->operand = simplify(std::move(unary->operand));
        if (unary->op == '+') return std::move(unary->operand);
        if (auto *number = std::get_if<Number>(&unary->operand->value))
            return make(Number{-number->value});
    }
    if (auto *call = std::get_if<Call>(&tree->value))
        for (Tree &argument : call->arguments) argument = simplify(std::move(argument));
    return tree;
}

}  // namespace calc
