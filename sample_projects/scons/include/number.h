/* Numbers: decimal with exponent, 0x hexadecimal, 0b binary, underscores between digits. */
#ifndef CALC_NUMBER_H
#define CALC_NUMBER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the longest number at text; returns its length, 0 when there is none. */
size_t number_read(const char *text, double *value);

/* Writes the shortest form that reads back as the same number. */
size_t number_write(double value, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
