// Expressions as trees.
#ifndef CALC_TREE_H
#define CALC_TREE_H

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace calc {

struct Node;
using Tree = std::unique_ptr<Node>;

struct Number { double value; };
struct Variable { std::string name; };
struct Unary { char op; Tree operand; };
struct Binary { char op; Tree left, right; };
struct Call { std::string function; std::vector<Tree> arguments; };

struct Node {
    std::variant<Number, Variable, Unary, Binary, Call> value;
};

template <class T>
Tree make(T value) {
    return std::make_unique<Node>(Node{std::move(value)});
}

using Variables = std::map<std::string, double>;

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

Tree copy(const Tree &tree);
bool equal(const Tree &a, const Tree &b);
std::size_t size(const Tree &tree);

Tree parse(const std::string &source);
Tree simplify(Tree tree);
double evaluate(const Tree &tree, const Variables &variables);
std::string to_text(const Tree &tree);
std::string to_outline(const Tree &tree);

// Calls a function by name; throws Error for an unknown one or a wrong number of arguments.
double call_function(const std::string &function, const std::vector<double> &arguments);

}  // namespace calc
#endif
