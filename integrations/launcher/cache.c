#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "env.h"
#include "os.h"
#include "plan.h"
#include "cache.h"

/* make the directory and those above it, but for the first "kept" bytes of its name */
static void
make(char *path, size_t kept)
{
	for (char *s = path + kept + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		mkdir(path, 0700);
		*s = '/';
	}
	mkdir(path, 0700);
}

/* can nobody else put another directory in its place: those above it are ours or root's, and
   others can write to none but such as /tmp, where everybody has files of his own */
static bool
guarded(const char *path)
{
	char above[PATH_MAX] = "/", real[PATH_MAX];
	const char *end = path;
	struct stat root, st;
	bool link = false;

	if (stat("/", &root) < 0)
		return false;
	do {
		if (lstat(above, &st) < 0 ||
		    (st.st_uid != 0 && st.st_uid != root.st_uid && st.st_uid != geteuid()))
			return false;
		link = link || S_ISLNK(st.st_mode);
		/* a group of one's own has one's own number (Debian, Fedora) */
		if (!S_ISLNK(st.st_mode) && !(st.st_mode & S_ISVTX) &&
		    (st.st_mode & 002 || (st.st_mode & 020 && st.st_gid != st.st_uid)))
			return false;
		end = strchr(end + 1, '/');
		if (end)
			snprintf(above, sizeof(above), "%.*s", (int)(end - path), path);
	} while (end);
	return !link || (realpath(path, real) && guarded(real));
}

static int
try(char *path, size_t kept)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;
	int fd = open(path, flags);

	if (fd < 0 && errno == ENOENT) {
		make(path, kept);
		fd = open(path, flags);
	}
	fd = os_high(fd);
	if (fd < 0)
		return -1;
	/* writable as well: a home that is mounted read-only must not be the end of it */
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0 &&
	    faccessat(fd, ".", W_OK, 0) == 0 && guarded(path))
		return fd;
	close(fd);
	return -1;
}

/* does this, or the nearest directory above it that exists, belong to root */
static bool
of_root(const char *directory)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s", directory) >= (int)sizeof(path))
		return false;
	while (stat(path, &st) < 0) {
		if (errno != ENOENT || !strrchr(path, '/'))
			return false;
		*strrchr(path, '/') = '\0';
		if (!*path)
			return true;
	}
	return st.st_uid == 0;
}

/* try DIRECTORY/BELOW; as root not in the home of somebody else (sudo) */
static int
try_below(char path[PATH_MAX], const char *directory, const char *below, bool make_directory)
{
	if (!directory || *directory != '/' || (geteuid() == 0 && !of_root(directory)) ||
	    snprintf(path, PATH_MAX, "%s/%s", directory, below) >= PATH_MAX)
		return -1;
	return try(path, make_directory ? 0 : strlen(directory));
}

int
cache_open(char path[PATH_MAX])
{
	const char *own = env_get("DISTCC_BUILD_CACHE_DIR");
	size_t length;
	int fd = -1;

	if (own && *own) {
		/* a slash at the end would follow a link */
		for (length = strlen(own); length > 1 && own[length - 1] == '/';)
			length--;
		if (*own == '/' && snprintf(path, PATH_MAX, "%.*s", (int)length, own) < PATH_MAX)
			fd = try(path, 0);
	} else {
		fd = try_below(path, env_get("XDG_CACHE_HOME"), "distcc-build", true);
		if (fd < 0)
			fd = try_below(path, env_get("HOME"), ".cache/distcc-build", false);
	}
	if (fd < 0) {
		snprintf(path, PATH_MAX, "/tmp/distcc-build-%ld", (long)geteuid());
		fd = try(path, 0);
	}
	return fd;
}

int
cache_file(int dir, const char *name, int flags, struct stat *st)
{
	/* O_NONBLOCK: opening a FIFO that somebody put there must not hang */
	int fd = os_high(openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));

	if (fd < 0)
		return -1;
	errno = 0;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	    st->st_nlink == 1 && (st->st_mode & 022) == 0)
		return fd;
	close(fd);
	return -1;
}

enum freshness
cache_plan(int dir, const char *name, struct plan *plan, char data[PLAN_SIZE], const char **why)
{
	static char changed[PATH_MAX + 32];
	enum freshness freshness = PLAN_NONE;
	const char *path;
	struct stat st;
	int fd = cache_file(dir, name, O_RDONLY, &st);

	*why = errno == ENOENT ? "there is no plan yet" : "there is no plan that is ours alone";
	if (fd < 0)
		return PLAN_NONE;
	*why = "it is not a plan";
	/* writers replace the file, so that its size cannot change under us */
	if (st.st_size <= PLAN_SIZE && read(fd, data, (size_t)st.st_size) == st.st_size &&
	    plan_parse(plan, data, (size_t)st.st_size)) {
		*why = "it is too old, or from the future";
		freshness = plan_freshness(plan, (uint64_t)time(NULL));
	}
	close(fd);
	if (freshness == PLAN_NONE || !(path = plan_changed(plan)))
		return freshness;
	snprintf(changed, sizeof(changed), "%s has changed", path);
	*why = changed;
	return PLAN_NONE;
}
