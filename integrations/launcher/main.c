/* distcc-launch COMPILER ARGUMENTS...: becomes distcc, or the compiler where that is better.
   Python decides; this carries out its plan, or sees to it that there is one. */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "become.h"
#include "compiler.h"
#include "debug.h"
#include "deps.h"
#include "env.h"
#include "flags.h"
#include "key.h"
#include "obtain.h"
#include "plan.h"
#include "query.h"
#include "response.h"
#include "say.h"
#include "source.h"

static const char USAGE[] =
	"usage: distcc-launch COMPILER ARGUMENTS...\n"
	"       distcc-launch --plan COMPILER...   print the path of each compiler's plan\n"
	"       distcc-launch --why COMPILER ARGUMENTS...   print what would be done, for programs\n"
	"       distcc-launch --jobs|--hosts [COMPILER]   as distcc-build jobs and hosts, but at once\n"
	"       distcc-launch --cc COMPILER...   as distcc-build cc, but at once\n"
	"       distcc-launch --makefile   as distcc-build makefile, but at once\n"
	"       distcc-launch --version | --help\n"
	"\n"
	"Runs the compile on a distcc server where that is possible, else here.\n"
	"DISTCC_BUILD=off switches it off, DISTCC_BUILD_VERBOSE=1 tells what it does\n"
	"('distcc-build why -- COMPILER ARGUMENTS...' explains it).\n";

static const struct {
	const char *option;
	int (*answer)(char **words, const char *cwd, char **envp);
} QUERIES[] = {{"--jobs", query_jobs},
             {"--hosts", query_hosts},
             {"--cc", query_cc},
             {"--makefile", query_makefile}};

static const char no_place[] = "there is no cache directory of this user's alone";
static const char no_plan[] = "there is no plan that can be carried out";

static char **envp;
static char cwd[PATH_MAX];

/* what is to become of a command line, as far as no plan is needed to tell */
struct decision {
	char **words; /* with those of response files */
	const char *reason; /* why it is for the compiler itself; NULL: the plan says */
	bool untouched; /* not even distcc is kept from sending it away */
	char *extra[DEPS_WORDS + 1]; /* words that are missing behind it */
	int more;
};

static struct decision
decide(char **argv)
{
	struct decision d = {.words = argv, .untouched = true};
	char **expanded;

	/* the environment of a set-uid program's caller must decide nothing, Python's part too */
	if (!env_trusted())
		d.reason = "it is called by a set-uid or set-gid program";
	else if (env_off("DISTCC_BUILD"))
		d.reason = "DISTCC_BUILD switches it off";
	/* distcc fails when it meets itself */
	else if (getenv("_DISTCC_SAFEGUARD"))
		d.reason = "distcc is in front of it already";
	if (d.reason)
		return d;
	d.untouched = false;
	if (response_any(argv)) {
		if (!(expanded = response_expand(argv, true))) {
			d.reason = "its response files are too large to look into";
			return d;
		}
		d.words = expanded;
	}
	if ((d.reason = flags_local(d.words, cwd, envp)))
		return d;
	if ((d.more = deps_missing(d.words, d.extra)) < 0)
		d.reason = "distcc would write its dependencies to another file";
	else if (compiler_is_relative(argv[0]))
		d.reason = "PATH finds it in a directory that depends on the working directory";
	else
		d.reason = source_local(d.words);
	return d;
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

/* no part of a plan, which holds for builds without the switch as well */
static void
say_unclear(int dir)
{
	char line[128];

	if (env_unclear("DISTCC_BUILD")) {
		snprintf(line, sizeof(line), "DISTCC_BUILD=%.40s: expected on or off; it is not switched off",
		         env_get("DISTCC_BUILD"));
		say_once(dir, "switch", line);
	}
}

static int
launch(char **argv)
{
	struct decision d = decide(argv);
	struct place place;
	const struct plan *plan;
	char name[KEY_NAME], **words;

	if (d.reason) {
		say_why("compiled here", d.reason);
		return become_compiler(argv, envp, !d.untouched, d.reason);
	}
	if (!obtain_place(&place, name, argv[0], cwd, envp)) {
		say_why("compiled here", no_place);
		return become_compiler(argv, envp, true, no_place);
	}
	if ((plan = obtain_plan(&place, name, argv[0]))) {
		if (plan->debug && (d.extra[d.more] = debug_directory(d.words, plan->debug, cwd)))
			d.more++;
		say_unclear(place.dir);
		for (size_t i = 0; i < plan->nnotes; i++)
			say_once(place.dir, plan->notes[i].cause, plan->notes[i].text);
		for (int i = 0; i < d.more; i++)
			say_why("added", d.extra[i]);
		if ((words = with_extra(argv, d.extra, d.more)))
			become_planned(plan, words, envp);
	}
	say_why("compiled here", no_plan);
	return become_compiler(argv, envp, true, no_plan);
}

/* KEY=VALUE, each with a NUL at its end, as values may hold newlines */
static int
print_why(char **argv)
{
	struct decision d = decide(argv);
	struct place place;
	char name[KEY_NAME];

	if (d.reason)
		printf("local=%s%c", d.reason, 0);
	else if (obtain_place(&place, name, argv[0], cwd, envp))
		printf("plan=%s/%s%c", place.directory, name, 0);
	else
		printf("local=%s%c", no_place, 0);
	for (int i = 0; i < d.more; i++)
		printf("add=%s%c", d.extra[i], 0);
	for (char **word = d.words; *word; word++)
		printf("word=%s%c", *word, 0);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

static int
print_plans(char **words)
{
	struct place place;
	char name[KEY_NAME];

	for (; *words; words++) {
		if (!obtain_place(&place, name, *words, cwd, envp))
			return 1;
		printf("%s/%s\n", place.directory, name);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

/* what was typed for an option; no compiler has such a name */
static int
say_unknown(const char *word)
{
	char line[160];

	snprintf(line, sizeof(line), "unknown option %.60s of distcc-launch; distcc-launch --help lists them",
	         word);
	say(line);
	return 2;
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
	int (*action)(char **) = launch;
	char **expanded;

	envp = environment;
	/* where PATH has our alias in the place of distcc, `distcc -j` and the like are distcc's */
	if (argc > 1 && *argv[1] == '-' && strcmp(argv[0], distcc) == 0)
		return become_compiler(argv, envp, false, NULL);
	if (!getcwd(cwd, sizeof(cwd)))
		*cwd = '\0';
	if (argc > 1 && strcmp(argv[1], "--plan") == 0)
		return print_plans(argv + 2);
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return puts("distcc-launch " VERSION) < 0;
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return fputs(USAGE, stdout) < 0;
	for (size_t i = 0; argc > 1 && i < sizeof(QUERIES) / sizeof(*QUERIES); i++) {
		if (strcmp(argv[1], QUERIES[i].option) == 0)
			return QUERIES[i].answer(argv + 2, cwd, envp);
	}
	if (argc > 1 && strcmp(argv[1], "--why") == 0) {
		action = print_why;
		argv++;
	} else if (argc > 1 && strncmp(argv[1], "--", 2) == 0) {
		return say_unknown(argv[1]);
	}
	/* a whole command line in a response file (SCons' TEMPFILE around all of it) */
	if (argv[0] && argv[1] && *argv[1] == '@' && (expanded = response_expand(argv, false)))
		argv = expanded;
	for (int i = 1; argv[0] && argv[i]; i++) {
		if (!is_launcher(argv[i]))
			return action(argv + i);
	}
	fputs(USAGE, stderr);
	return 2;
}
