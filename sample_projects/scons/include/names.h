/* Interned names: one pointer per spelling. */
#ifndef CALC_NAMES_H
#define CALC_NAMES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct names;

struct names *names_new(void);
void names_free(struct names *names);
const char *names_intern(struct names *names, const char *text, size_t length);
size_t names_count(const struct names *names);

#ifdef __cplusplus
}
#endif
#endif
