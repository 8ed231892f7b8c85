#include "settings/text.h"

size_t utf8_encode(uint32_t point, char out[4]) {
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | (point >> 6));
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        if (point >= 0xD800 && point < 0xE000) return 0;
        out[0] = (char)(0xE0 | (point >> 12));
        out[1] = (char)(0x80 | ((point >> 6) & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    if (point > 0x10FFFF) return 0;
    out[0] = (char)(0xF0 | (point >> 18));
    out[1] = (char)(0x80 | ((point >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((point >> 6) & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

size_t utf8_decode(const char *text, size_t length, uint32_t *point) {
    if (length == 0) return 0;
    const unsigned char first = (unsigned char)text[0];
    const size_t size = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (size > length || (first >= 0x80 && first < 0xC2) || first > 0xF4) return 0;
    *point = size == 1 ? first : first & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        const unsigned char next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80) return 0;
        *point = *point << 6 | (next & 0x3F);
    }
    char again[4];
    return utf8_encode(*point, again) == size ? size : 0;
}

int utf8_is_valid(const char *text, size_t length) {
    for (size_t at = 0; at < length;) {
        uint32_t point;
        const size_t size = utf8_decode(text + at, length - at, &point);
        if (size == 0) return 0;
        at += size;
    }
    return 1;
}
