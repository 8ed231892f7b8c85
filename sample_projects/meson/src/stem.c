#include <string.h>

#include "words.h"

static const struct {
    const char *ending;
    const char *instead;
    size_t least; /* bytes that must stay in front */
} rules[] = {
    {"'s", "", 1},     {"sses", "ss", 1}, {"ies", "y", 2},   {"ational", "ate", 2},
    {"ization", "ize", 2}, {"fulness", "ful", 2}, {"ousness", "ous", 2}, {"ing", "", 3},
    {"edly", "", 3},   {"ed", "", 3},     {"ly", "", 3},     {"ment", "", 4},
    {"ers", "", 3},    {"er", "", 4},     {"ss", "ss", 1},   {"us", "us", 1},
    {"es", "", 3},     {"s", "", 2},
};

static int has_ending(const char *word, size_t length, const char *ending, size_t ending_length) {
    return length >= ending_length && memcmp(word + length - ending_length, ending, ending_length) == 0;
}

static int is_vowel(char c) { return c != '\0' && strchr("aeiouy", c) != NULL; }

size_t stem(char *word, size_t length) {
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const size_t ending = strlen(rules[i].ending);
        if (!has_ending(word, length, rules[i].ending, ending) || length - ending < rules[i].least)
            continue;
        length -= ending;
        const size_t instead = strlen(rules[i].instead);
        memcpy(word + length, rules[i].instead, instead);
        length += instead;
        /* stopping: stopp, stop */
        if (instead == 0 && length > 3 && word[length - 1] == word[length - 2] &&
            !is_vowel(word[length - 1]) && word[length - 1] != 's' && word[length - 1] != 'l')
            length--;
        break;
    }
    if (length > 3 && word[length - 1] == 'e') length--;
    word[length] = '\0';
    return length;
}
