/* distcc-launch COMPILER ARGUMENTS...: becomes distcc, or the compiler where that is better.
   Python decides; this carries out its plan, or sees to it that there is one. */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "become.h"
#include "compiler.h"
#include "deps.h"
#include "env.h"
#include "flags.h"
#include "key.h"
#include "lock.h"
#include "os.h"
#include "plan.h"
#include "cache.h"
#include "refresh.h"
#include "response.h"
#include "say.h"

static const char USAGE[] =
	"usage: distcc-launch COMPILER ARGUMENTS...\n"
	"       distcc-launch --plan COMPILER...   print the path of each compiler's plan\n"
	"       distcc-launch --version | --help\n"
	"\n"
	"Runs the compile on a distcc server where that is possible, else here.\n"
	"DISTCC_BUILD=off switches it off, DISTCC_BUILD_VERBOSE=1 tells what it does.\n";

static const int64_t SECOND = INT64_C(1000000000); /* in nanoseconds */
static const struct timespec POLL = {.tv_nsec = 10 * 1000000};

static char **envp;
static char cwd[PATH_MAX], directory[PATH_MAX];
static char lock_name[KEY_NAME], plan_name[KEY_NAME];
static int dir;
static struct plan plan;
static enum freshness held; /* what it is worth */
static char text[PLAN_SIZE];

/* how long a compile may wait for a plan: nanoseconds; said gets the seconds as text */
static int64_t
deadline(const char **said)
{
	const char *s = env_get("DISTCC_BUILD_DEADLINE");
	int64_t whole = 0, part = 0, unit = SECOND;

	*said = s;
	if (!s || *s < '0' || *s > '9')
		s = "?";
	for (; *s >= '0' && *s <= '9' && whole < 3600; s++)
		whole = whole * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++)
			part += (*s - '0') * (unit /= 10);
	}
	if (*s == '\0')
		return whole * SECOND + part;
	*said = "3";
	return 3 * SECOND;
}

/* look for the plan */
static bool
look(void)
{
	held = cache_plan(dir, plan_name, &plan, text);
	return held != PLAN_NONE;
}

/* let one of all launchers start a refresh, unless somebody refreshes already or the plan
   is good enough; false means that it cannot be started */
static bool
refresh(int lock, enum freshness enough, const char *word)
{
	char path[2 * PATH_MAX], absolute[2 * PATH_MAX];

	/* the plan may have come between the last look and the lock */
	if (!lock_try(lock) || (look() && held >= enough))
		return true;
	snprintf(path, sizeof(path), "%s/%s", directory, plan_name);
	snprintf(absolute, sizeof(absolute), "%s/%s", cwd, word);
	if (strchr(word, '/') && *word != '/')
		word = absolute;
	return refresh_start(lock, path, word, envp);
}

/* wait for a plan; false means that there will be none */
static bool
await(const char *word)
{
	const char *seconds;
	char line[256];
	struct stamp stamp;
	int64_t now = os_boottime(), most = deadline(&seconds), end = now + most;
	int lock, late = 0;
	bool started;

	while (late < 2) {
		lock = lock_open(dir, lock_name);
		if (lock < 0)
			return false;
		started = refresh(lock, PLAN_STALE, word);
		stamp = lock_read(lock);
		close(lock);
		if (!started) {
			say_once(dir, "no-refresh",
			         "cannot start distcc-build; compiling locally (try: distcc-build hosts)");
			return false;
		}
		if (held != PLAN_NONE)
			return true;
		/* behind a refresher that was stopped only the first wait for the whole time;
		   twice late, since a new winner may not have written its stamp yet */
		now = os_boottime();
		late = now >= end || (stamp.start && now >= stamp.start + most) ? late + 1 : 0;
		nanosleep(&POLL, NULL);
		if (look())
			return true;
	}
	snprintf(line, sizeof(line), "discovery did not finish within %s s; compiling locally", seconds);
	say_once(dir, "deadline", line);
	return false;
}

/* find a plan that holds; false means that there is none */
static bool
have_plan(const char *word)
{
	char path[PATH_MAX];
	int lock;

	if (look() && held == PLAN_FRESH)
		return true;
	key_lock(lock_name, envp);
	if (held == PLAN_STALE && (lock = lock_open(dir, lock_name)) >= 0) {
		refresh(lock, PLAN_FRESH, word);
		close(lock);
	}
	/* nothing to wait for where there is no such compiler */
	return held != PLAN_NONE || (compiler_find(word, path) == 0 && await(word));
}

/* the words with more behind them, and room for one before them; NULL without memory */
static char **
with_extra(char **argv, char **extra, int more)
{
	size_t count = 0;
	char **copy;

	if (more == 0)
		return argv;
	while (argv[count])
		count++;
	copy = calloc(count + (size_t)more + 2, sizeof(*copy));
	if (!copy)
		return NULL;
	memcpy(copy + 1, argv, count * sizeof(*copy));
	memcpy(copy + 1 + count, extra, (size_t)more * sizeof(*copy));
	return copy + 1;
}

static int
launch(char **argv)
{
	const char *reason = NULL;
	char **words = argv, *extra[DEPS_WORDS];
	int more = 0;

	/* the environment of a set-uid program's caller must decide nothing, Python's part too */
	if (env_off("DISTCC_BUILD") || !env_trusted())
		return become_compiler(argv, envp, false);
	/* distcc is in front of us already, and fails when it meets itself */
	if (getenv("_DISTCC_SAFEGUARD"))
		return become_compiler(argv, envp, false);
	if (response_any(argv) && !(words = response_expand(argv))) {
		words = argv;
		reason = "its response files are too large to look into";
	}
	if (!getcwd(cwd, sizeof(cwd)))
		*cwd = '\0';
	if (!reason)
		reason = flags_local(words, cwd);
	if (!reason && (more = deps_missing(words, extra)) < 0)
		reason = "distcc would write its dependencies to another file";
	if (!reason && compiler_is_relative(argv[0]))
		reason = "PATH finds it in a directory that depends on the working directory";
	if (reason) {
		say_why("local", reason);
		return become_compiler(argv, envp, true);
	}
	dir = cache_open(directory);
	key_plan(plan_name, envp, argv[0], cwd);
	if (dir >= 0 && have_plan(argv[0])) {
		say_why(plan_name, plan.program);
		for (size_t i = 0; i < plan.nnotes; i++)
			say_once(dir, plan.notes[i].cause, plan.notes[i].text);
		if ((words = with_extra(argv, extra, more)))
			become_planned(&plan, words, envp);
	}
	say_why("local", "there is no plan that can be carried out");
	return become_compiler(argv, envp, true);
}

static int
print_plans(char **words)
{
	if (!getcwd(cwd, sizeof(cwd)))
		*cwd = '\0';
	if (cache_open(directory) < 0)
		return 1;
	for (; *words; words++) {
		key_plan(plan_name, envp, *words, cwd);
		printf("%s/%s\n", directory, plan_name);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

/* words that users and build systems already put before the compiler */
static bool
is_launcher(const char *word)
{
	const char *slash = strrchr(word, '/');

	word = slash ? slash + 1 : word;
	return strcmp(word, "distcc") == 0 || strcmp(word, "distcc-launch") == 0;
}

int
main(int argc, char **argv, char **environment)
{
	static const char distcc[] = "distcc";
	char **expanded;

	envp = environment;
	/* where PATH has our alias in the place of distcc, `distcc -j` and the like are distcc's */
	if (argc > 1 && *argv[1] == '-' && strcmp(argv[0], distcc) == 0)
		return become_compiler(argv, envp, false);
	if (argc > 1 && strcmp(argv[1], "--plan") == 0)
		return print_plans(argv + 2);
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return puts("distcc-launch " VERSION) < 0;
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return fputs(USAGE, stdout) < 0;
	/* a whole command line in a response file (SCons' TEMPFILE around all of it) */
	if (argc > 1 && *argv[1] == '@' && (expanded = response_expand(argv)))
		argv = expanded;
	for (int i = 1; argv[i]; i++) {
		if (!is_launcher(argv[i]))
			return launch(argv + i);
	}
	fputs(USAGE, stderr);
	return 2;
}
