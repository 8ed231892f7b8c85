#include "lexer.h"

#include <ctype.h>
#include <string.h>

#include "number.h"

void lexer_init(struct lexer *lexer, const char *source) {
    lexer->start = source;
    lexer->next = source;
}

struct token lexer_next(struct lexer *lexer) {
    while (isspace((unsigned char)*lexer->next)) lexer->next++;
    struct token token = {TOKEN_END, lexer->next, 0, 0.0};
    const char first = *lexer->next;
    if (first == '\0') return token;

    token.length = number_read(lexer->next, &token.number);
    if (token.length > 0) {
        token.kind = TOKEN_NUMBER;
    } else if (isalpha((unsigned char)first) || first == '_') {
        token.kind = TOKEN_NAME;
        while (isalnum((unsigned char)lexer->next[token.length]) || lexer->next[token.length] == '_')
            token.length++;
    } else {
        token.kind = strchr("+-*/%^(),", first) ? TOKEN_OPERATOR : TOKEN_ERROR;
        token.length = 1;
    }
    lexer->next += token.length;
    return token;
}

size_t lexer_column(const struct lexer *lexer, const struct token *token) {
    return (size_t)(token->text - lexer->start) + 1;
}
