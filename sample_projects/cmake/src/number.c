#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings/text.h"

int number_parse(const char *text, size_t length, double *value) {
    char copy[64];
    if (length == 0 || length >= sizeof copy) return 0;
    /* strtod also takes "nan", "inf" and hexadecimal; settings do not. */
    for (size_t i = 0; i < length; i++)
        if (!strchr("0123456789+-.eE", text[i]) || text[i] == '\0') return 0;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *end;
    *value = strtod(copy, &end);
    return end == copy + length;
}

size_t number_format(double value, char *out, size_t size) {
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(out, size, "%.*g", precision, value);
        if (strtod(out, NULL) == value) break;
    }
    return strlen(out);
}
