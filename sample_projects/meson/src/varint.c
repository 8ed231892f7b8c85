#include "words.h"

size_t varint_write(uint32_t value, unsigned char *out) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) out[size++] = (unsigned char)(value | 0x80);
    out[size++] = (unsigned char)value;
    return size;
}

size_t varint_read(const unsigned char *data, size_t size, uint32_t *value) {
    *value = 0;
    for (size_t i = 0; i < size && i < 5; i++) {
        *value |= (uint32_t)(data[i] & 0x7f) << (7 * i);
        if (!(data[i] & 0x80)) return i + 1;
    }
    return 0;
}
