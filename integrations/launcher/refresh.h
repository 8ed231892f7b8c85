/* The refresher: distcc-build, running apart from the build that started it. */

/* within a minute; what failed as often is not tried again before that */
enum { ATTEMPTS = 2 };

/* path of distcc-build: of our own installation, else the one on PATH */
bool refresh_program(char path[PATH_MAX]);
/* start it with the lock; plan is the file it is to write.  False means that it cannot be
   started, or failed too often lately */
bool refresh_start(int lock, const char *plan, const char *word, char **envp);
