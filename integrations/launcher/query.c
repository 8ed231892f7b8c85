#include <glob.h>
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
#include "plan.h"
#include "prefix.h"
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

/* where the installation of this program is, in words that no shell takes for more */
static bool
find_prefix(char prefix[PATH_MAX])
{
	return prefix_find(prefix) && prefix[strspn(prefix, SAFE)] == '\0';
}

int
query_cc(char **words, const char *cwd, char **envp)
{
	char path[PATH_MAX + sizeof(PREFIX_ALIAS)];

	(void)cwd;
	if (plain(words) && find_prefix(path)) {
		strcat(path, PREFIX_ALIAS);
		if (access(path, X_OK) == 0) {
			fputs(path, stdout);
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

int
query_makefile(char **words, const char *cwd, char **envp)
{
	/* below the prefix of an environment or a system; and after `pip install --target` */
	static const char *const places[] = {
		"/lib/python3*/*-packages",
		"/lib64/python3*/*-packages", /* Fedora; else often a link to the first */
		"",
	};
	char prefix[PATH_MAX], pattern[PATH_MAX + 128];
	glob_t found;

	(void)cwd;
	for (size_t i = 0; !*words && i < sizeof(places) / sizeof(*places); i++) {
		if (!find_prefix(prefix))
			break;
		snprintf(pattern, sizeof(pattern), "%s%s/distcc_build/integrations/make/distcc-build.mk",
		         prefix, places[i]);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		/* of several only Python knows which is ours */
		if (found.gl_pathc > 1)
			break;
		puts(found.gl_pathv[0]);
		return printed();
	}
	words[-1] = text("makefile");
	return become_python(words - 2, envp);
}
