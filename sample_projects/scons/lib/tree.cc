#include "tree.h"

#include <algorithm>

namespace calc {

Tree copy(const Tree &tree) {
    struct Copy {
        Tree operator()(const Number &n) const { return make(n); }
        Tree operator()(const Variable &v) const { return make(v); }
        Tree operator()(const Unary &u) const { return make(Unary{u.op, copy(u.operand)}); }
        Tree operator()(const Binary &b) const {
            return make(Binary{b.op, copy(b.left), copy(b.right)});
        }
        Tree operator()(const Call &c) const {
            Call call{c.function, {}};
            for (const Tree &argument : c.arguments) call.arguments.push_back(copy(argument));
            return make(std::move(call));
        }
    };
    return std::visit(Copy{}, tree->value);
}

bool equal(const Tree &a, const Tree &b) {
    if (a->value.index() != b->value.index()) return false;
    struct Equal {
        const Node &other;
        bool operator()(const Number &n) const { return n.value == std::get<Number>(other.value).value; }
        bool operator()(const Variable &v) const { return v.name == std::get<Variable>(other.value).name; }
        bool operator()(const Unary &u) const {
            const auto &o = std::get<Unary>(other.value);
            return u.op == o.op && equal(u.operand, o.operand);
        }
        bool operator()(const Binary &b) const {
            const auto &o = std::get<Binary>(other.value);
            return b.op == o.op && equal(b.left, o.left) && equal(b.right, o.right);
        }
        bool operator()(const Call &c) const {
            const auto &o = std::get<Call>(other.value);
            return c.function == o.function &&
                   std::equal(c.arguments.begin(), c.arguments.end(), o.arguments.begin(),
                              o.arguments.end(), equal);
        }
    };
    return std::visit(Equal{*b}, a->value);
}

std::size_t size(const Tree &tree) {
    struct Size {
        std::size_t operator()(const Number &) const { return 1; }
        std::size_t operator()(const Variable &) const { return 1; }
        std::size_t operator()(const Unary &u) const { return 1 + size(u.operand); }
        std::size_t operator()(const Binary &b) const { return 1 + size(b.left) + size(b.right); }
        std::size_t operator()(const Call &c) const {
            std::size_t sum = 1;
            for (const Tree &argument : c.arguments) sum += size(argument);
            return sum;
        }
    };
    return std::visit(Size{}, tree->value);
}

}  // namespace calc
