/* What the user gets to see, on stderr. */

/* one line, dropped rather than waiting or dying for a reader */
void say(const char *text);
/* the same, once per session and cause in five minutes; dir is the cache directory */
void say_once(int dir, const char *cause, const char *text);
/* are decisions told: DISTCC_BUILD_VERBOSE */
bool say_verbose(void);
/* one line about a decision, where they are told */
void say_why(const char *what, const char *why);
