#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "compiler.h"
#include "env.h"
#include "handover.h"
#include "lock.h"
#include "os.h"
#include "refresh.h"

static const int64_t FORGIVEN_AFTER = INT64_C(60) * 1000000000; /* nanoseconds */

bool
refresh_program(char path[PATH_MAX])
{
	static const char alias[] = "/libexec/distcc-build/distcc";
	char self[PATH_MAX], *slash;
	const char *bin = "";

	if (os_self(self, sizeof(self)) && (slash = strrchr(self, '/'))) {
		if (strlen(self) >= strlen(alias) && strcmp(self + strlen(self) - strlen(alias), alias) == 0)
			bin = "/../../bin";
		*slash = '\0';
		if (snprintf(path, PATH_MAX, "%s%s/distcc-build", self, bin) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
	}
	return env_trusted() && compiler_find("distcc-build", path) == 0 && *path == '/';
}

/* no Python that the build meant for its own programs, and no record of what we compile */
static bool
is_kept(const char *entry)
{
	return strncmp(entry, "PYTHON", 6) != 0 &&
	       !env_names(entry, HANDOVER_JOURNALS, sizeof(HANDOVER_JOURNALS) - 1) &&
	       !env_names(entry, HANDOVER_SWITCH, sizeof(HANDOVER_SWITCH) - 1);
}

static char **
environment(char **envp)
{
	static char safe[] = "PYTHONSAFEPATH=1";
	char **copy = env_copy(envp, 1), **to = copy;

	for (; copy && *envp; envp++) {
		if (is_kept(*envp))
			*to++ = *envp;
	}
	if (copy) {
		*to++ = safe;
		*to = NULL;
	}
	return copy;
}

/* a process that keeps nothing of the build's: a pipe of it would stall ninja for as long */
static void
become(int lock, const char *program, const char *plan, const char *word, char **envp)
{
	char lock_fd[] = "3", command[] = "_refresh", name[] = "distcc-build";
	char *argv[] = {name, command, (char *)(uintptr_t)plan, lock_fd, (char *)(uintptr_t)word, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    (lock != 3 && dup2(lock, 3) < 0) || fcntl(3, F_SETFD, 0) < 0 || chdir("/") < 0)
		return;
	os_closefrom(4);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(program, argv, envp);
}

/* where the build blocks SIGCHLD, ours would be pending in what we become */
static void
take_signal(const sigset_t *before)
{
	sigset_t pending, ours;
	int number;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	if (sigpending(&pending) == 0 && sigismember(&pending, SIGCHLD) == 1 &&
	    sigismember(before, SIGCHLD) == 0)
		sigwait(&ours, &number);
}

bool
refresh_start(int lock, const char *plan, const char *word, char **envp)
{
	struct stamp last = lock_read(lock), stamp = {os_boottime(), 1};
	char program[PATH_MAX];
	char **clean;
	int status = 0;
	bool ended;
	sigset_t before;
	pid_t child;

	if (last.start && stamp.start - last.start < FORGIVEN_AFTER)
		stamp.attempts = last.attempts + 1;
	if (stamp.attempts > ATTEMPTS || !refresh_program(program) || !(clean = environment(envp)) ||
	    !lock_write(lock, stamp))
		return false;
	if (sigpending(&before) < 0)
		sigfillset(&before);
	child = fork();
	if (child == 0) {
		/* twice, so that the compiler does not inherit a child it knows nothing of */
		setsid();
		child = fork();
		if (child == 0)
			become(lock, program, plan, word, clean);
		_exit(child < 0);
	}
	free(clean);
	ended = child > 0 && (waitpid(child, &status, 0) < 0 || status == 0);
	take_signal(&before);
	return ended;
}
