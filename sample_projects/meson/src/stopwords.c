#include <stdlib.h>
#include <string.h>

#include "words.h"

/* Sorted, for bsearch. */
static const char *const stopwords[] = {
    "a",    "an",   "and",  "are", "as",   "at",  "be",   "but", "by",    "for", "from", "had",
    "has",  "have", "he",   "her", "his",  "i",   "if",   "in",  "is",    "it",  "its",  "not",
    "of",   "on",   "or",   "she", "that", "the", "their", "they", "this", "to", "was",  "we",
    "were", "what", "when", "who", "will", "with", "you",
};

static int compare(const void *key, const void *entry) {
    return strcmp(key, *(const char *const *)entry);
}

int is_stopword(const char *word) {
    return bsearch(word, stopwords, sizeof stopwords / sizeof stopwords[0], sizeof stopwords[0],
                   compare) != NULL;
}
