/* Where somebody wants a record of this compile, the recorder waits for it in our place. */

/* the journal that `distcc-build run --report` has made, and those of the runs around it, a name a
   line (distcc-record's first word); no part of a plan's name */
#define HANDOVER_JOURNALS "_DISTCC_BUILD_JOURNALS"
/* the switch for `distcc-build stats`, whose journal is in the cache directory */
#define HANDOVER_SWITCH "DISTCC_BUILD_RECORD"

/* become the recorder of this program; returns if there is to be no record, or can be none.
   as is "distcc" or "compiler"; why says why no server is asked, empty if one may be */
void handover(const char *program, char **argv, char **envp, const char *as, const char *why);
