#include "settings/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_init(struct buffer *buffer) { memset(buffer, 0, sizeof *buffer); }

void buffer_free(struct buffer *buffer) {
    free(buffer->data);
    buffer_init(buffer);
}

static void reserve(struct buffer *buffer, size_t length) {
    if (length + 1 <= buffer->capacity) return;
    size_t capacity = buffer->capacity ? buffer->capacity : 64;
    while (capacity < length + 1) capacity *= 2;
    char *data = realloc(buffer->data, capacity);
    if (!data) abort();
    buffer->data = data;
    buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const char *text, size_t length) {
    reserve(buffer, buffer->length + length);
    memcpy(buffer->data + buffer->length, text, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void buffer_append_char(struct buffer *buffer, char c) { buffer_append(buffer, &c, 1); }

int buffer_read_file(struct buffer *buffer, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return -1;
    char block[4096];
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0) buffer_append(buffer, block, got);
    const int failed = ferror(file);
    fclose(file);
    return failed ? -1 : 0;
}
