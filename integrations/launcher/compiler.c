#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "compiler.h"
#include "os.h"

static bool
ends_with(const char *path, const char *end)
{
	size_t length = strlen(path), n = strlen(end);

	return length >= n && strcmp(path + length - n, end) == 0;
}

bool
compiler_is_self(const char *path)
{
	char exe[PATH_MAX];
	struct stat self, st;

	return os_self(exe, sizeof(exe)) && stat(exe, &self) == 0 && stat(path, &st) == 0 &&
	       self.st_dev == st.st_dev && self.st_ino == st.st_ino;
}

bool
compiler_is_ours(const char *path)
{
	char real[PATH_MAX];

	/* the alias and launchers of other environments would come back to us */
	return compiler_is_self(path) ||
	       (realpath(path, real) && (ends_with(real, "/distcc-launch") ||
	                                 ends_with(real, "/libexec/distcc-build/distcc")));
}

bool
compiler_is_distcc(const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) && ends_with(real, "/distcc");
}

bool
compiler_is_relative(const char *word)
{
	const char *dir = getenv("PATH");
	char path[PATH_MAX];

	if (!dir || strchr(word, '/'))
		return false;
	for (; dir; dir = (dir = strchr(dir, ':')) ? dir + 1 : NULL) {
		if (*dir != '/')
			return compiler_find(word, path) == 0 && *path != '/';
	}
	return false;
}

/* is it the program that has called us under this name */
static bool
is_behind_us(const struct stat *st)
{
	const char *path = getenv(COMPILER_BEHIND);
	struct stat behind;

	return path && stat(path, &behind) == 0 && behind.st_dev == st->st_dev &&
	       behind.st_ino == st->st_ino;
}

int
compiler_find(const char *word, char path[PATH_MAX])
{
	const char *dir = getenv("PATH"), *end;
	int status = 127, length;
	char behind[PATH_MAX] = "";
	struct stat st;

	if (strchr(word, '/')) {
		length = snprintf(path, PATH_MAX, "%s", word);
		return length >= PATH_MAX || stat(path, &st) < 0 || compiler_is_ours(path) ? 127 : 0;
	}
	if (!dir)
		dir = "/bin:/usr/bin";
	for (; *word && dir; dir = *end ? end + 1 : NULL) {
		end = dir + strcspn(dir, ":");
		/* an empty entry is the working directory */
		length = end == dir ? snprintf(path, PATH_MAX, "./%s", word)
		                    : snprintf(path, PATH_MAX, "%.*s/%s", (int)(end - dir), dir, word);
		if (length >= PATH_MAX || stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
		    compiler_is_ours(path))
			continue;
		if (access(path, X_OK) < 0)
			status = 126;
		else if (is_behind_us(&st))
			strcpy(behind, path);
		else
			return 0;
	}
	/* there is none but that one */
	if (*behind)
		strcpy(path, behind);
	return *behind ? 0 : status;
}
