#include "lexer.h"
#include "tree.h"

namespace calc {
namespace {

class Parser {
public:
    explicit Parser(const std::string &source) {
        lexer_init(&lexer_, source.c_str());
        advance();
    }

    Tree whole() {
        Tree tree = binary(1);
        if (token_.kind != TOKEN_END) fail("expected an operator");
        return tree;
    }

private:
    Tree binary(int lowest) {
        Tree left = unary();
        for (;;) {
            const char op = token_.kind == TOKEN_OPERATOR ? *token_.text : '\0';
            const int precedence = token_precedence(op);
            if (precedence == 0 || precedence < lowest) return left;
            advance();
            Tree right = binary(precedence + (token_is_right_associative(op) ? 0 : 1));
            left = make(Binary{op, std::move(left), std::move(right)});
        }
    }

    Tree unary() {
        if (is('-') || is('+')) {
            const char op = *token_.text;
            advance();
            // Looser than a power: -2^2 is -4.
            return make(Unary{op, binary(3)});
        }
        return primary();
    }

    Tree primary() {
        if (token_.kind == TOKEN_NUMBER) {
            const double value = token_.number;
            advance();
            return make(Number{value});
        }
        if (token_.kind == TOKEN_NAME) {
            std::string name(token_.text, token_.length);
            advance();
            return is('(') ? call(std::move(name)) : make(Variable{std::move(name)});
        }
        if (is('(')) {
            advance();
            Tree tree = binary(1);
            expect(')');
            return tree;
        }
        fail("expected a number, a name or (");
    }

    Tree call(std::string name) {
        Call call{std::move(name), {}};
        expect('(');
        while (!is(')')) {
            call.arguments.push_back(binary(1));
            if (!is(',')) break;
            advance();
        }
        expect(')');
        return make(std::move(call));
    }

    bool is(char op) const { return token_.kind == TOKEN_OPERATOR && *token_.text == op; }
    void advance() { token_ = lexer_next(&lexer_); }

    void expect(char op) {
        if (!is(op)) fail(std::string("expected ") + op);
        advance();
    }

    [[noreturn]] void fail(const std::string &what) const {
        throw Error("column " + std::to_string(lexer_column(&lexer_, &token_)) + ": " + what +
                    ", found " + token_kind_name(token_.kind));
    }

    lexer lexer_{};
    token token_{};
};

}  // namespace

Tree parse(const std::string &source) { return Parser(source).whole(); }

}  // namespace calc
