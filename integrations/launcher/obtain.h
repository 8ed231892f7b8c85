/* The plan of a compile: found where plans are kept, or waited for while one process makes it. */

struct plan;

/* where plans are kept */
struct place {
	int dir; /* the cache directory */
	char directory[PATH_MAX]; /* its name */
	const char *cwd;
	char **envp;
};

/* name the plan of a compiler word and open where it is kept; false means that there is no
   such directory */
bool obtain_place(struct place *place, char name[KEY_NAME], const char *word, const char *cwd,
                  char **envp);
/* the plan of that name, for the compiler word, if there is one that can be used; what is stale is
   renewed in the background */
const struct plan *obtain_held(const struct place *place, const char *name, const char *word);
/* the same, waited for if need be; NULL means that there is none and will be none */
const struct plan *obtain_plan(const struct place *place, const char *name, const char *word);
