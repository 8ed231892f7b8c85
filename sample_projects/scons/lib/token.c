#include "token.h"

#include <string.h>

static const struct {
    char op;
    int precedence;
    int right;
} operators[] = {
    {'+', 1, 0}, {'-', 1, 0}, {'*', 2, 0}, {'/', 2, 0}, {'%', 2, 0}, {'^', 4, 1},
};

const char *token_kind_name(enum token_kind kind) {
    static const char *const names[] = {"end", "number", "name", "operator", "error"};
    return names[kind];
}

int token_precedence(char op) {
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (operators[i].op == op) return operators[i].precedence;
    return 0;
}

int token_is_right_associative(char op) {
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (operators[i].op == op) return operators[i].right;
    return 0;
}
