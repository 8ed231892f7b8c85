/* Bytes that grow. */
#ifndef SETTINGS_BUFFER_H
#define SETTINGS_BUFFER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct buffer {
    char *data; /* terminated */
    size_t length;
    size_t capacity;
};

void buffer_init(struct buffer *buffer);
void buffer_free(struct buffer *buffer);
void buffer_append(struct buffer *buffer, const char *text, size_t length);
void buffer_append_char(struct buffer *buffer, char c);

/* Reads a whole file; returns 0, or -1 with errno set. */
int buffer_read_file(struct buffer *buffer, const char *path);

#ifdef __cplusplus
}
#endif
#endif
