/* The cache directory.  Only what is ours and nobody else can write is looked at. */

struct plan;
struct stat;

/* open it, and make it where it is missing; path gets its name; -1 means there is none */
int cache_open(char path[PATH_MAX]);
/* open a file in it; -1 means that it is missing or not to be trusted */
int cache_file(int dir, const char *name, int flags, struct stat *st);
/* read a plan and see whether its files still are what they were; data is the text, why tells
   what is wrong with one that is worth nothing */
enum freshness cache_plan(int dir, const char *name, struct plan *plan, char data[PLAN_SIZE],
                          const char **why);
