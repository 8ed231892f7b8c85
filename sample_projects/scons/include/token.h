/* The tokens of an expression. */
#ifndef CALC_TOKEN_H
#define CALC_TOKEN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_NAME, TOKEN_OPERATOR, TOKEN_ERROR };

struct token {
    enum token_kind kind;
    const char *text; /* into the source, not terminated */
    size_t length;
    double number;
};

const char *token_kind_name(enum token_kind kind);

/* How tightly a binary operator binds; 0 for no operator. */
int token_precedence(char operator_char);

/* Whether a chain of this operator groups from the right, as powers do. */
int token_is_right_associative(char operator_char);

#ifdef __cplusplus
}
#endif
#endif
