/* A place in a text: skipping, matching, and where it is. */
#ifndef SETTINGS_SCAN_H
#define SETTINGS_SCAN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct scan {
    const char *start;
    const char *at;
    const char *end;
};

void scan_init(struct scan *scan, const char *text, size_t length);
int scan_at_end(const struct scan *scan);
int scan_peek(const struct scan *scan); /* a byte, or -1 at the end */
void scan_skip_blanks(struct scan *scan);
void scan_skip_space(struct scan *scan);
int scan_match(struct scan *scan, const char *word);
size_t scan_until(struct scan *scan, const char *stops); /* length skipped */
size_t scan_line(const struct scan *scan);               /* from 1 */

#ifdef __cplusplus
}
#endif
#endif
