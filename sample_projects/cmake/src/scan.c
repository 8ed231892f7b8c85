#include "settings/scan.h"

#include <string.h>

void scan_init(struct scan *scan, const char *text, size_t length) {
    scan->start = text;
    scan->at = text;
    scan->end = text + length;
}

int scan_at_end(const struct scan *scan) { return scan->at >= scan->end; }

int scan_peek(const struct scan *scan) {
    return scan_at_end(scan) ? -1 : (unsigned char)*scan->at;
}

void scan_skip_blanks(struct scan *scan) {
    while (scan_peek(scan) == ' ' || scan_peek(scan) == '\t') scan->at++;
}

void scan_skip_space(struct scan *scan) {
    while (!scan_at_end(scan) && strchr(" \t\r\n", *scan->at)) scan->at++;
}

int scan_match(struct scan *scan, const char *word) {
    const size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0) return 0;
    scan->at += length;
    return 1;
}

size_t scan_until(struct scan *scan, const char *stops) {
    const char *from = scan->at;
    while (!scan_at_end(scan) && !strchr(stops, *scan->at)) scan->at++;
    return (size_t)(scan->at - from);
}

size_t scan_line(const struct scan *scan) {
    size_t line = 1;
    for (const char *at = scan->start; at < scan->at; at++) line += *at == '\n';
    return line;
}
