#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "become.h"
#include "compiler.h"
#include "env.h"
#include "handover.h"
#include "os.h"
#include "plan.h"
#include "pump.h"
#include "say.h"
#include "tmpdir.h"

enum { ROOM = 32768 }; /* bytes for what distcc adds, and a plan's hosts list once more */

void
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

/* distcc 3.4 cannot wait for its compiler where whoever started us ignores SIGCHLD */
static void
hear_of_children(void)
{
	struct sigaction action;

	if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL);
}

/* is there room left below the system's limit: distcc adds to both, and would fail there */
static bool
fits(char *const *argv, char *const *envp)
{
	long limit = os_arg_max();
	size_t size = ROOM;

	for (; *argv; argv++)
		size += strlen(*argv) + 1 + sizeof(*argv);
	for (; *envp; envp++)
		size += strlen(*envp) + 1 + sizeof(*envp);
	return limit < 0 || size <= (size_t)limit;
}

/* the environment for this program in the place of the compiler */
static char **
prepare(const char *path, char **envp, bool local_hosts)
{
	static char localhost[] = "DISTCC_HOSTS=localhost";
	static char behind[sizeof(COMPILER_BEHIND) + PATH_MAX];
	char **changed = env_copy(envp, 1);

	if (!changed)
		return envp;
	if (!compiler_is_distcc(path)) {
		snprintf(behind, sizeof(behind), "%s=%s", COMPILER_BEHIND, path);
		env_set(changed, behind, false);
		return changed;
	}
	hear_of_children();
	if (local_hosts)
		env_set(changed, localhost, false);
	return changed;
}

int
become_compiler(char **argv, char **envp, bool local_hosts, const char *why)
{
	char path[PATH_MAX];
	int status = compiler_find(argv[0], path), error = EACCES;

	if (status == 0) {
		/* gcc looks for its parts beside the first of its name on PATH */
		if (getenv(COMPILER_BEHIND))
			argv[0] = path;
		envp = prepare(path, envp, local_hosts);
		say_why("becomes", path);
		if (why)
			handover(path, argv, envp, "compiler", why);
		execve(path, argv, envp);
		error = errno;
		if (error == ENOEXEC)
			become_shell(path, argv, envp);
		status = error == ENOENT ? 127 : 126;
	}
	fprintf(stderr, "distcc-launch: %s: %s\n", argv[0], status == 127 ? "not found" : strerror(error));
	return status;
}

/* is it a plan for ccache */
static bool
sets_prefix(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nvariables; i++) {
		if (env_names(plan->variables[i].entry, "CCACHE_PREFIX", 13))
			return true;
	}
	return false;
}

void
become_planned(const struct plan *plan, char **argv, char **envp)
{
	static char distcc[] = "distcc";
	const char *tmpdir = "";
	char **changed = env_copy(envp, plan->nvariables + 2);

	/* a plan for ourselves would be carried out for ever.  With distcc before the words the
	   alias comes to that end as well, so the longer look is not needed there */
	if (!changed || (plan->distcc ? compiler_is_self : compiler_is_ours)(plan->program))
		return;
	for (size_t i = 0; i < plan->nvariables; i++) {
		if (plan->distcc)
			pump_adjust(plan->variables[i].entry, argv);
		say_why(plan->variables[i].keep ? "sets, unless set" : "sets", plan->variables[i].entry);
		env_set(changed, plan->variables[i].entry, plan->variables[i].keep);
	}
	if (plan->distcc) {
		*--argv = distcc;
		tmpdir = tmpdir_entry();
		hear_of_children();
	}
	if (!tmpdir) {
		say_why(plan->program, "there is no directory for its temporary files");
		return;
	}
	if (*tmpdir)
		env_set(changed, (char *)(uintptr_t)tmpdir, false);
	if (!fits(argv, changed)) {
		say_why(plan->program, "the command line and the environment are too long for it");
		return;
	}
	say_why(plan->distcc ? "becomes distcc, with the words behind it" : "becomes", plan->program);
	/* ccache comes back to us with what it does not have */
	if (plan->distcc || !sets_prefix(plan))
		handover(plan->program, argv, changed, plan->distcc ? "distcc" : "compiler",
		         plan->nnotes > 0 ? plan->notes[0].text : "");
	execve(plan->program, argv, changed);
	say_why(plan->program, strerror(errno));
}
