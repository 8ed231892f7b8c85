#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#endif
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif
#include "os.h"

int
os_high(int fd)
{
	int high;

	if (fd < 0 || fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return high;
}

int64_t
os_boottime(void)
{
	struct timespec now = {0};

#ifdef CLOCK_BOOTTIME
	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
#endif
		clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool
os_self(char *path, size_t size)
{
#ifdef __APPLE__
	uint32_t length = (uint32_t)size;
	char found[4096];

	if (size < sizeof(found) || _NSGetExecutablePath(found, &length) != 0)
		return false;
	return realpath(found, path) != NULL;
#else
	ssize_t length;

	length = readlink("/proc/self/exe", path, size - 1);
	if (length <= 0)
		length = readlink("/proc/curproc/file", path, size - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	return true;
#endif
}

bool
os_secure(void)
{
#ifdef __linux__
	return getauxval(AT_SECURE) != 0;
#else
	return false;
#endif
}

long
os_arg_max(void)
{
#ifdef __linux__
	/* execve(2): musl's sysconf gives what it was before Linux 2.6.23 */
	const rlim_t least = 128 << 10, most = 6 << 20;
	struct rlimit stack;

	if (getrlimit(RLIMIT_STACK, &stack) < 0 || stack.rlim_cur / 4 < least)
		return (long)least;
	return (long)(stack.rlim_cur / 4 < most ? stack.rlim_cur / 4 : most);
#else
	return sysconf(_SC_ARG_MAX);
#endif
}

void
os_closefrom(int fd)
{
	struct dirent *entry;
	DIR *dir;
	int other;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)fd, ~0U, 0U) == 0)
		return;
#endif
	dir = opendir("/dev/fd");
	while (dir && (entry = readdir(dir))) {
		other = atoi(entry->d_name);
		if (other >= fd && other != dirfd(dir))
			close(other);
	}
	if (dir)
		closedir(dir);
}
