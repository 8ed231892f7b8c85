/* A plan; the format is specified in distcc_build/plan.py. */

enum {
	PLAN_SIZE = 65536,
	PLAN_DEPENDENCIES = 256,
	PLAN_VARIABLES = 64,
	PLAN_NOTES = 16,
	PLAN_CAUSE = 32,
	PLAN_AHEAD = 60, /* seconds */
};

enum freshness { PLAN_NONE, PLAN_STALE, PLAN_FRESH };

/* a file that the plan was made from */
struct dependency {
	const char *path;
	bool missing; /* must not be there; else the others hold: */
	uint64_t mtime; /* nanoseconds, modulo 2^64 */
	uint64_t size;
	uint64_t inode;
};

struct variable {
	char *entry; /* NAME=VALUE */
	bool keep; /* what the environment already has */
};

struct note {
	const char *cause;
	const char *text;
};

/* all text is inside the buffer that was parsed */
struct plan {
	uint64_t made, until, stale; /* seconds since 1970 */
	uint64_t jobs; /* that a build should run at once */
	const char *program;
	const char *debug; /* OPTION, or NULL */
	bool distcc; /* program is distcc, and not the compiler */
	size_t ndependencies, nvariables, nnotes;
	struct dependency dependencies[PLAN_DEPENDENCIES];
	struct variable variables[PLAN_VARIABLES];
	struct note notes[PLAN_NOTES];
};

/* read the text, which is taken apart; false means that it is no plan */
bool plan_parse(struct plan *plan, char *data, size_t length);
/* what the plan is worth at this time, in seconds since 1970 */
enum freshness plan_freshness(const struct plan *plan, uint64_t now);
/* the first of the files that are no longer those the plan was made from; NULL means that it
   holds */
const char *plan_changed(const struct plan *plan);
