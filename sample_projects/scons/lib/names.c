#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    char text[];
};

struct names {
    size_t count;
    size_t bucket_count;
    struct entry **buckets;
};

static uint64_t hash(const char *text, size_t length) {
    uint64_t value = 14695981039346656037ull;
    for (size_t i = 0; i < length; i++) value = (value ^ (unsigned char)text[i]) * 1099511628211ull;
    return value;
}

struct names *names_new(void) {
    struct names *names = calloc(1, sizeof *names);
    if (!names) return NULL;
    names->bucket_count = 64;
    names->buckets = calloc(names->bucket_count, sizeof *names->buckets);
    if (!names->buckets) {
        free(names);
        return NULL;
    }
    return names;
}

void names_free(struct names *names) {
    for (size_t i = 0; i < names->bucket_count; i++) {
        for (struct entry *entry = names->buckets[i]; entry;) {
            struct entry *next = entry->next;
            free(entry);
            entry = next;
        }
    }
    free(names->buckets);
    free(names);
}

const char *names_intern(struct names *names, const char *text, size_t length) {
    struct entry **bucket = &names->buckets[hash(text, length) % names->bucket_count];
    for (struct entry *entry = *bucket; entry; entry = entry->next)
        if (strncmp(entry->text, text, length) == 0 && entry->text[length] == '\0')
            return entry->text;
    struct entry *entry = malloc(sizeof *entry + length + 1);
    if (!entry) return NULL;
    memcpy(entry->text, text, length);
    entry->text[length] = '\0';
    entry->next = *bucket;
    *bucket = entry;
    names->count++;
    return entry->text;
}

size_t names_count(const struct names *names) { return names->count; }
