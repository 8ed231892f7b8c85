/* The last step: this process becomes another program.  These return only if it cannot. */

struct plan;

/* become the compiler; local_hosts: if that is distcc, it keeps the compile here; why: the reason
   for it, where a record is kept, NULL if this is no compile.  Returns the exit status */
int become_compiler(char **argv, char **envp, bool local_hosts, const char *why);
/* run a script without #!, which is the shell's, as execvp has it */
void become_shell(char *path, char **argv, char **envp);
/* carry out a plan; there must be room for one word before argv */
void become_planned(const struct plan *plan, char **argv, char **envp);
