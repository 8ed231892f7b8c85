/* Programs: which one a compiler word means, and which are ourselves. */

/* names the program that we became: a script of the compiler's name that calls us means the
   next one on PATH, or both would call each other for ever */
#define COMPILER_BEHIND "_DISTCC_BUILD_BEHIND"

/* is it this program, or a link to it */
bool compiler_is_self(const char *path);
/* is it this program, a link to it, or another installation of it */
bool compiler_is_ours(const char *path);
/* is it distcc, under whatever name (a masquerade directory) */
bool compiler_is_distcc(const char *path);
/* does the shell find it in an entry of PATH that is no absolute path */
bool compiler_is_relative(const char *word);
/* find the program as the shell would, but never ourselves; returns 0, or the exit status
   for it: 126 if it cannot be executed, 127 if there is none */
int compiler_find(const char *word, char path[PATH_MAX]);
