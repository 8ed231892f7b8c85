/* Answers to what builds ask when they start: from a plan where one holds, in a twentieth of the
   time that Python takes only to begin; else distcc-build answers. */

/* print how many jobs a build should run, or the hosts list that compiles are given; the only
   word is the compiler.  They return an exit status. */
int query_jobs(char **words, const char *cwd, char **envp);
int query_hosts(char **words, const char *cwd, char **envp);
/* print the compiler command with the launcher in front, for the shell */
int query_cc(char **words, const char *cwd, char **envp);
/* print the path of what Makefiles include */
int query_makefile(char **words, const char *cwd, char **envp);
