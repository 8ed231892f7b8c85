#include <ctype.h>

#include "words.h"

static int is_word_byte(unsigned char c) { return isalnum(c) || c >= 0x80 || c == '_'; }

int tokenize_next(const char *text, size_t size, size_t *offset, struct word *word) {
    size_t at = *offset;
    while (at < size && !is_word_byte((unsigned char)text[at])) at++;
    if (at >= size) {
        *offset = size;
        return 0;
    }
    size_t end = at;
    while (end < size && (is_word_byte((unsigned char)text[end]) ||
                          /* don't is one word, 'quoted' is not three */
                          (text[end] == '\'' && end + 1 < size && isalpha((unsigned char)text[end + 1]))))
        end++;
    word->offset = at;
    word->length = end - at;
    stem(word->folded, fold_case(text + at, word->length, word->folded));
    *offset = end;
    return 1;
}
