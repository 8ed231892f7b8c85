#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "env.h"
#include "key.h"
#include "obtain.h"
#include "os.h"
#include "plan.h"
#include "query.h"
#include "refresh.h"

/* with this, distcc-build asks, and knows what to do without an answer */
static const char ASKED[] = "_DISTCC_BUILD_ASKED";

/* no more than themselves to any shell */
static const char SAFE[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_";

static char *
text(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* has all been printed: an exit status */
static int
printed(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

/* let distcc-build answer; returns only if it cannot */
static int
become_python(char **argv, char **envp)
{
	char path[PATH_MAX];

	*argv = text("distcc-build");
	if (!env_get(ASKED) && refresh_program(path))
		execve(path, argv, envp);
	return 1;
}

/* the plan for the only word, if it tells all that distcc-build would say */
static const struct plan *
plan_for(const char *word, const char *cwd, char **envp)
{
	static struct place place;
	const struct plan *plan;
	char name[KEY_NAME];

	if (!env_trusted() || env_off("DISTCC_BUILD") || env_unclear("DISTCC_BUILD") ||
	    !obtain_place(&place, name, word, cwd, envp) ||
	    !(plan = obtain_held(&place, name, word)))
		return NULL;
	for (size_t i = 0; i < plan->nnotes; i++) {
		if (strncmp(plan->notes[i].cause, "config-", 7) == 0 ||
		    strncmp(plan->notes[i].cause, "failure-", 8) == 0)
			return NULL;
	}
	return plan;
}

static int
answer(const char *command, char **words, const char *cwd, char **envp)
{
	const char *word = *words ? *words : "gcc";
	char *argv[] = {NULL, text(command), text("--compiler"), text(word), NULL};
	const struct plan *plan = plan_for(word, cwd, envp);

	if (*words && words[1])
		return 2;
	if (plan && strcmp(command, "jobs") == 0) {
		printf("%" PRIu64 "\n", plan->jobs);
		return printed();
	}
	for (size_t i = 0; plan && i < plan->nvariables; i++) {
		if (env_names(plan->variables[i].entry, "DISTCC_HOSTS", 12)) {
			puts(plan->variables[i].entry + 13);
			return printed();
		}
	}
	return become_python(argv, envp);
}

int
query_jobs(char **words, const char *cwd, char **envp)
{
	return answer("jobs", words, cwd, envp);
}

int
query_hosts(char **words, const char *cwd, char **envp)
{
	return answer("hosts", words, cwd, envp);
}

/* are they a plain compiler's: nothing that has a place of its own for the launcher */
static bool
plain(char **words)
{
	static const char *const special[] = {"ccache", "sccache", "env", "distcc", "distcc-launch"};
	const char *slash = *words ? strrchr(*words, '/') : NULL, *name = slash ? slash + 1 : *words;

	if (!name || !*name || **words == '-')
		return false;
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++) {
		if (strcmp(name, special[i]) == 0)
			return false;
	}
	for (; *words; words++) {
		if (!**words || (*words)[strspn(*words, SAFE)] != '\0')
			return false;
	}
	return true;
}

int
query_cc(char **words, const char *cwd, char **envp)
{
	static const char bin[] = "/bin/distcc-launch", below[] = "/libexec/distcc-build/distcc";
	char self[PATH_MAX + sizeof(below)], *end;

	(void)cwd;
	if (plain(words) && os_self(self, PATH_MAX)) {
		end = self + strlen(self);
		if (end - self > (ptrdiff_t)sizeof(bin) && strcmp(end - sizeof(bin) + 1, bin) == 0)
			memcpy(end - sizeof(bin) + 1, below, sizeof(below));
		end = self + strlen(self);
		if (end - self > (ptrdiff_t)sizeof(below) && strcmp(end - sizeof(below) + 1, below) == 0 &&
		    self[strspn(self, SAFE)] == '\0' && access(self, X_OK) == 0) {
			fputs(self, stdout);
			for (; *words; words++)
				printf(" %s", *words);
			putchar('\n');
			return printed();
		}
	}
	/* two words in front: main has left room */
	words[-1] = text("cc");
	return become_python(words - 2, envp);
}
