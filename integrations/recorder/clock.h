/* Times of a journal: nanoseconds since 1970 that never go back. */

/* now, by the clock as it stood when first asked */
int64_t clock_now(void);
