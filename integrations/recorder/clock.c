#include <stdint.h>
#include <time.h>
#include "clock.h"

static int64_t
read_clock(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
clock_now(void)
{
	/* somebody may set the clock while a compile runs */
	static int64_t offset;
	int64_t monotonic = read_clock(CLOCK_MONOTONIC);

	if (offset == 0)
		offset = read_clock(CLOCK_REALTIME) - monotonic;
	return monotonic + offset;
}
