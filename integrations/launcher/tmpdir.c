#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "tmpdir.h"

/* can files be made there: where they cannot, distcc 3.4 fails, or tries for ever (as root in
   /proc, or where there are no inodes left) */
static bool
usable(const char *path)
{
	struct statvfs system;
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) || access(path, R_OK | W_OK | X_OK) < 0 ||
	    statvfs(path, &system) < 0)
		return false;
	/* no inodes at all: what makes them as it goes, such as btrfs, or has no files but its own */
	return system.f_files > 0 ? system.f_ffree > 0 : system.f_blocks > 0;
}

const char *
tmpdir_entry(void)
{
	static const char *const others[] = {"TMPDIR=/tmp", "TMPDIR=/var/tmp"};
	const char *path = getenv("TMPDIR");

	if (usable(path && *path ? path : "/tmp"))
		return "";
	/* gcc looks on as well */
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (usable(others[i] + sizeof("TMPDIR")))
			return others[i];
	}
	return NULL;
}
