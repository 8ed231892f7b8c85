#include "number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static size_t read_digits(const char *text, int base, double *value) {
    size_t length = 0;
    *value = 0;
    while (digit_of(text[length]) < base || (text[length] == '_' && length > 0)) {
        if (text[length] != '_') *value = *value * base + digit_of(text[length]);
        length++;
    }
    return length;
}

size_t number_read(const char *text, double *value) {
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'b')) {
        const size_t length = read_digits(text + 2, text[1] == 'x' ? 16 : 2, value);
        return length > 0 ? length + 2 : 0;
    }
    if (!isdigit((unsigned char)text[0]) && !(text[0] == '.' && isdigit((unsigned char)text[1])))
        return 0;
    size_t length = read_digits(text, 10, value);
    if (text[length] == '.') {
        double scale = 0.1;
        for (length++; isdigit((unsigned char)text[length]); length++, scale /= 10)
            *value += (text[length] - '0') * scale;
    }
    if (tolower((unsigned char)text[length]) == 'e') {
        size_t at = length + 1;
        const int negative = text[at] == '-';
        at += text[at] == '-' || text[at] == '+';
        double exponent;
        const size_t digits = read_digits(text + at, 10, &exponent);
        if (digits > 0) {
            *value *= pow(10, negative ? -exponent : exponent);
            length = at + digits;
        }
    }
    return length;
}

size_t number_write(double value, char *buffer, size_t size) {
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(buffer, size, "%.*g", precision, value);
        if (strtod(buffer, NULL) == value) break;
    }
    return strlen(buffer);
}
