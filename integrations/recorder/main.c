/* distcc-record JOURNALS distcc|compiler WHY PROGRAM ARGV...: runs a program in the place of the
   launcher, and writes down what became of it.  Whoever waits for us sees what he would see of
   the program: its output, its exit status or signal; but not that it has left a core. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include "become.h"
#include "clock.h"
#include "env.h"
#include "handover.h"
#include "journal.h"
#include "response.h"
#include "states.h"

enum { JOURNALS = 1, AS, WHY, PROGRAM, ARGV };
enum { SECOND = 1000 * 1000 * 1000 }; /* nanoseconds; whatever went wrong, we look so often */
enum { LOOK = 20 * 1000 * 1000 }; /* nanoseconds between looks where nothing tells of news */
enum { UNKNOWN = 1 << 8 }; /* a wait status: it failed */
enum { GRACE = 50 * 1000 * 1000 }; /* nanoseconds in which a signal comes to both of us */

extern char **environ;

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
static volatile sig_atomic_t caught;

static void
catch(int number)
{
	if (number != SIGCHLD)
		caught = number;
}

/* hear signals, but only while we wait; those that are ignored stay so */
static void
listen_to(sigset_t *before, struct sigaction *child)
{
	struct sigaction action = {.sa_handler = catch}, old;
	sigset_t blocked;

	sigemptyset(&action.sa_mask);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++)
		sigaddset(&blocked, passed_on[i]);
	sigprocmask(SIG_BLOCK, &blocked, before);
	sigaction(SIGCHLD, &action, child);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++) {
		if (sigaction(passed_on[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	}
}

/* have signals do what they did before: between here and the program none must get lost */
static void
listen_no_more(const sigset_t *mask, const struct sigaction *child)
{
	struct sigaction old;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++) {
		if (sigaction(passed_on[i], NULL, &old) == 0 && old.sa_handler == catch)
			signal(passed_on[i], SIG_DFL);
	}
	sigaction(SIGCHLD, child, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
}

/* become the program; what it starts in turn is part of this compile, and gets no record */
static int
become(char **argv)
{
	bool distcc = strcmp(argv[AS], "distcc") == 0;
	int error;

	unsetenv(HANDOVER_JOURNALS);
	unsetenv(HANDOVER_SWITCH);
	execve(argv[PROGRAM], argv + ARGV, environ);
	/* it was there just now; without distcc there is the compiler */
	if (distcc)
		return become_compiler(argv + ARGV + 1, environ, true, NULL);
	error = errno;
	if (error == ENOEXEC)
		become_shell(argv[PROGRAM], argv + ARGV, environ);
	fprintf(stderr, "distcc-launch: %s: %s\n", argv[ARGV], strerror(error));
	return error == ENOENT ? 127 : 126;
}

static pid_t
start(char **argv, const sigset_t *mask, const struct sigaction *child, int *go)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid != 0)
		close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	*go = ends[1];
	if (pid != 0)
		return pid;
	close(ends[1]);
#ifdef __linux__
	/* whoever kills us means the compile */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
	/* until its state file is watched */
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ends[0]);
	listen_no_more(mask, child);
	_exit(become(argv));
}

/* until it has ended: its wait status */
static int
wait_for(pid_t pid, struct states *states, const sigset_t *mask)
{
	int64_t told = 0, now, left;
	struct timespec timeout;
	sigset_t open = *mask;
	int status = 0;
	pid_t ended;
	fd_set ready;

	sigdelset(&open, SIGCHLD);
	for (;;) {
		/* with the mask of waiting, no signal is missed between the two */
		while ((ended = waitpid(pid, &status, WNOHANG)) < 0 && errno != ECHILD)
			;
		if (ended != 0)
			return ended < 0 ? UNKNOWN : status;
		now = clock_now();
		if (caught && !told)
			told = now;
		left = states->file >= 0 && states->notify < 0 ? LOOK : SECOND;
		if (told) {
			/* a terminal and a build tool that signals the group have told it already */
			if (now - told >= GRACE) {
				kill(pid, caught);
				caught = 0;
				told = 0;
			} else if (left > told + GRACE - now) {
				left = told + GRACE - now;
			}
		}
		timeout = (struct timespec){left / SECOND, left % SECOND};
		FD_ZERO(&ready);
		if (states->notify >= 0)
			FD_SET(states->notify, &ready);
		pselect(states->notify + 1, &ready, NULL, NULL, &timeout, &open);
		states_read(states);
	}
}

/* the bytes of the file behind the last -o; -1 if there is none */
static int64_t
object_size(char **argv)
{
	const char *output = NULL;
	struct stat st;

	for (; *argv; argv++) {
		if (strcmp(*argv, "-o") == 0 && argv[1])
			output = *++argv;
		else if (strncmp(*argv, "-o", 2) == 0 && (*argv)[2])
			output = *argv + 2;
	}
	return output && stat(output, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
}

/* end as it has ended */
static int
end_alike(int status)
{
	const struct rlimit none = {0, 0};
	int number = WTERMSIG(status);
	sigset_t set;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* it has left a core, if one is wanted; this one would be of no use */
	setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0);
#endif
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	kill(getpid(), number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + number;
}

static void
start_line(int64_t id)
{
	journal_start();
	journal_number("pid", getpid());
	journal_number("id", id);
}

/* append the line to these journals, a name a line: of a build that is watched, and of the one that
   it is part of.  What the statistics are to know they know at once, whatever becomes of those */
static bool
append(const char *journals)
{
	const char *on = env_get(HANDOVER_SWITCH);
	char path[PATH_MAX];
	bool kept = false;
	size_t length;

	journal_end();
	for (const char *name = journals; *name; name += length + (name[length] == '\n')) {
		length = strcspn(name, "\n");
		snprintf(path, sizeof(path), "%.*s", (int)length, name);
		kept = (length > 0 && journal_append(path)) || kept;
	}
	if (!*journals || (on && *on && !env_off(HANDOVER_SWITCH)))
		kept = journal_append("") || kept;
	return kept;
}

int
main(int argc, char **argv)
{
	bool distcc = argc > AS && strcmp(argv[AS], "distcc") == 0;
	struct states states = {.file = -1, .notify = -1};
	struct sigaction child;
	char cwd[PATH_MAX], **words, **expanded;
	int64_t begin, size;
	struct utsname host;
	sigset_t mask;
	int status, go;
	pid_t pid;

	if (argc <= ARGV + (distcc ? 1 : 0)) {
		fputs("distcc-record: for distcc-launch only\n", stderr);
		return 2;
	}
	words = argv + ARGV + (distcc ? 1 : 0);
	/* the files may be gone when somebody reads of them; too large ones are words like others */
	if (response_any(words) && (expanded = response_expand(words, true)))
		words = expanded;
	begin = clock_now();
	start_line(begin);
	journal_number("begin", begin);
	journal_text("as", argv[AS]);
	journal_text("program", argv[PROGRAM]);
	journal_text("why", argv[WHY]);
	journal_text("host", uname(&host) == 0 ? host.nodename : "");
	journal_text("cwd", getcwd(cwd, sizeof(cwd)) ? cwd : "");
	journal_words("argv", words);
	/* a record that cannot be kept is no reason to do without the compile */
	if (!append(argv[JOURNALS]))
		return become(argv);
	listen_to(&mask, &child);
	if ((pid = start(argv, &mask, &child, &go)) < 0) {
		/* no more processes: this one has to be it */
		listen_no_more(&mask, &child);
		return become(argv);
	}
	start_line(begin);
	if (distcc)
		states_open(&states, pid);
	close(go);
	status = wait_for(pid, &states, &mask);
	states_end(&states, pid);
	journal_number("end", clock_now());
	journal_number(WIFSIGNALED(status) ? "signal" : "status",
	               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if ((size = object_size(words)) >= 0)
		journal_number("size", size);
	append(argv[JOURNALS]);
	return end_alike(status);
}
