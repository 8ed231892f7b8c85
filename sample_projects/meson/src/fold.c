#include "words.h"

size_t fold_case(const char *text, size_t length, char *out) {
    size_t size = 0;
    for (size_t i = 0; i < length && size < WORD_MAX; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c - 'A' + 'a');
        } else if (i > 0 && (unsigned char)text[i - 1] == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97) {
            /* U+00C0 to U+00DE, but for the multiplication sign */
            c = (unsigned char)(c + 0x20);
        }
        out[size++] = (char)c;
    }
    out[size] = '\0';
    return size;
}
