/* Source text to tokens, one at a time. */
#ifndef CALC_LEXER_H
#define CALC_LEXER_H

#include "token.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lexer {
    const char *start;
    const char *next;
};

void lexer_init(struct lexer *lexer, const char *source);
struct token lexer_next(struct lexer *lexer);

/* Column of a token, from 1. */
size_t lexer_column(const struct lexer *lexer, const struct token *token);

#ifdef __cplusplus
}
#endif
#endif
