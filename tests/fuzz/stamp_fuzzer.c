/* lock.c: the stamp in a lock file; what is read is what was written, or none. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lock.h"
#include "os.h"

enum { LONGEST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	char text[LONGEST];
	struct stamp stamp;

	if (fd < 0)
		fd = memfd_create("stamp", MFD_CLOEXEC);
	if (size > LONGEST)
		size = LONGEST;
	expect(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	stamp = lock_read(fd);
	if (stamp.start == 0)
		return 0;
	expect(stamp.start > 0 && stamp.start <= os_boottime() && stamp.attempts >= 0);
	expect(lock_write(fd, stamp));
	/* written again it is the same file: nothing else passes for a stamp */
	expect(pread(fd, text, sizeof(text), 0) == 22 && size >= 22 && memcmp(text, data, 22) == 0);
	return 0;
}
