#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include "env.h"
#include "os.h"
#include "plan.h"
#include "cache.h"
#include "say.h"

enum { AGAIN_AFTER = 300 }; /* seconds */
enum { LINE = 4096 }; /* bytes: a pipe takes as many at once, whoever else writes to it */

static const char OURS[] = "distcc-build: ";

/* one line of several parts; what could move a terminal's cursor is left out */
static void
say_line(const char *const *parts)
{
	struct pollfd ready = {.fd = 2, .events = POLLOUT};
	char line[LINE];
	size_t length = 0;

	for (; *parts; parts++) {
		for (const char *s = *parts; *s && length < sizeof(line) - 1; s++)
			line[length++] = (unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s;
	}
	line[length++] = '\n';
	/* a pipe nobody reads would raise SIGPIPE and cost the compile */
	if (poll(&ready, 1, 0) == 1 && ready.revents == POLLOUT && write(2, line, length) < 0)
		return; /* nobody left to tell */
}

void
say(const char *text)
{
	const char *const parts[] = {OURS, text, NULL};

	say_line(parts);
}

void
say_once(int dir, const char *cause, const char *text)
{
	char name[96];
	struct stat st;
	int fd;
	int64_t age;

	snprintf(name, sizeof(name), "said-%ld-%s", (long)getsid(0), cause);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		say(text);
		return;
	}
	if (errno != EEXIST)
		return; /* what cannot be remembered would be said with every compile */
	fd = cache_file(dir, name, O_WRONLY, &st);
	/* of those that find an old marker, the one with the lock renews it and speaks */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0) {
		age = (int64_t)time(NULL) - (int64_t)st.st_mtim.tv_sec;
		if ((age > AGAIN_AFTER || age < -AGAIN_AFTER) && futimens(fd, NULL) == 0)
			say(text);
	}
	if (fd >= 0)
		close(fd);
}

bool
say_verbose(void)
{
	const char *verbose = env_get("DISTCC_BUILD_VERBOSE");

	return verbose && *verbose && !env_off("DISTCC_BUILD_VERBOSE");
}

void
say_why(const char *what, const char *why)
{
	const char *const parts[] = {OURS, what, ": ", why, NULL};

	if (say_verbose())
		say_line(parts);
}
