/* UTF-8, hashes and numbers. */
#ifndef SETTINGS_TEXT_H
#define SETTINGS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a code point, returns its length in bytes, 0 for none that exists. */
size_t utf8_encode(uint32_t point, char out[4]);

/* Reads one code point, returns its length in bytes, 0 when malformed. */
size_t utf8_decode(const char *text, size_t length, uint32_t *point);

int utf8_is_valid(const char *text, size_t length);

uint64_t hash_bytes(const void *data, size_t length);

/* Returns 1 if all of text is a number, which is then in *value. */
int number_parse(const char *text, size_t length, double *value);

size_t number_format(double value, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
