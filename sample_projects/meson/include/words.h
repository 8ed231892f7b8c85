/* Words of a text: found, folded to lower case, reduced to their stem. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WORD_MAX = 63 };

struct word {
    size_t offset; /* of the first byte in the text */
    size_t length; /* in the text */
    char folded[WORD_MAX + 1];
};

/* Finds the next word at or after *offset and moves *offset behind it; 0 at the end. */
int tokenize_next(const char *text, size_t size, size_t *offset, struct word *word);

/* Copies at most WORD_MAX bytes in lower case (ASCII and Latin-1 letters in UTF-8). */
size_t fold_case(const char *text, size_t length, char *out);

/* Cuts English endings off a folded word, in place; returns the new length. */
size_t stem(char *word, size_t length);

int is_stopword(const char *word);

uint32_t checksum(const void *data, size_t size);

/* Numbers in seven bits a byte; both return the bytes used, varint_read 0 when cut off. */
size_t varint_write(uint32_t value, unsigned char *out);
size_t varint_read(const unsigned char *data, size_t size, uint32_t *value);

#ifdef __cplusplus
}
#endif
#endif
