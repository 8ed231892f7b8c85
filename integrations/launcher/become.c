#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "become.h"
#include "compiler.h"
#include "env.h"
#include "plan.h"
#include "say.h"

/* a script without #! is the shell's, as execvp has it */
static void
become_shell(char *path, char **argv, char **envp)
{
	static char shell[] = "/bin/sh";
	char **words = env_copy(argv, 1);

	if (!words)
		return;
	memmove(words + 1, words, sizeof(*words));
	for (size_t i = 1; argv[i]; i++)
		words[i + 1] = argv[i];
	words[0] = shell;
	words[1] = path;
	execve(shell, words, envp);
}

int
become_compiler(char **argv, char **envp, bool local_hosts)
{
	static char localhost[] = "DISTCC_HOSTS=localhost";
	char path[PATH_MAX];
	char **changed = envp;
	int status = compiler_find(argv[0], path), error = EACCES;

	if (status == 0) {
		if (local_hosts && compiler_is_distcc(path) && (changed = env_copy(envp, 1)))
			env_set(changed, localhost, false);
		say_why("becomes", path);
		execve(path, argv, changed ? changed : envp);
		error = errno;
		if (error == ENOEXEC)
			become_shell(path, argv, changed ? changed : envp);
		status = error == ENOENT ? 127 : 126;
	}
	fprintf(stderr, "distcc-launch: %s: %s\n", argv[0], status == 127 ? "not found" : strerror(error));
	return status;
}

void
become_planned(const struct plan *plan, char **argv, char **envp)
{
	static char distcc[] = "distcc";
	char **changed = env_copy(envp, plan->nvariables);

	/* a plan for ourselves would be carried out for ever.  With distcc before the words the
	   alias comes to that end as well, so the longer look is not needed there */
	if (!changed || (plan->distcc ? compiler_is_self : compiler_is_ours)(plan->program))
		return;
	for (size_t i = 0; i < plan->nvariables; i++) {
		say_why(plan->variables[i].keep ? "sets, unless set" : "sets", plan->variables[i].entry);
		env_set(changed, plan->variables[i].entry, plan->variables[i].keep);
	}
	if (plan->distcc)
		*--argv = distcc;
	say_why(plan->distcc ? "becomes distcc, with the words behind it" : "becomes", plan->program);
	execve(plan->program, argv, changed);
	say_why(plan->program, strerror(errno));
}
