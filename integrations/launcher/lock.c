#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lock.h"
#include "os.h"
#include "plan.h"
#include "cache.h"

enum { SIZE = 22 }; /* of the text: always the same, so that no half of another is read */

int
lock_open(int dir, const char *name)
{
	struct stat st;

	return cache_file(dir, name, O_RDWR | O_CREAT, &st);
}

bool
lock_try(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

struct stamp
lock_read(int fd)
{
	struct stamp none = {0}, stamp = {0};
	char text[SIZE + 1] = {0};

	/* exactly as it is written */
	if (pread(fd, text, SIZE, 0) != SIZE || strspn(text, "0123456789") != 19 ||
	    text[19] != ' ' || text[20] < '0' || text[20] > '9' || text[21] != '\n')
		return none;
	stamp.start = strtoll(text, NULL, 10);
	stamp.attempts = text[20] - '0';
	/* that clock starts anew with the machine */
	return stamp.start > 0 && stamp.start <= os_boottime() ? stamp : none;
}

bool
lock_write(int fd, struct stamp stamp)
{
	char text[64];

	snprintf(text, sizeof(text), "%019" PRId64 " %d\n", stamp.start, stamp.attempts);
	return pwrite(fd, text, SIZE, 0) == SIZE && ftruncate(fd, SIZE) == 0;
}
