#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#include <sys/select.h>
#endif
#include "clock.h"
#include "journal.h"
#include "os.h"
#include "states.h"

enum { MAGIC = 0x44494800 };

/* the record of distcc 3.x, in this machine's own byte order and alignment; one of another size
   is of another version, and is not read */
struct record {
	size_t size;
	unsigned long magic;
	unsigned long pid;
	char file[128];
	char host[128];
	int slot;
	int phase;
	void *next;
};

/* where distcc keeps it; false if that cannot be known */
static bool
name_file(char path[PATH_MAX], pid_t pid)
{
	const char *own = getenv("DISTCC_DIR"), *home = getenv("HOME");
	int length;

	if (own ? !*own : !home)
		return false;
	length = own ? snprintf(path, PATH_MAX, "%s/state", own)
	             : snprintf(path, PATH_MAX, "%s/.distcc/state", home);
	if (length < 0 || length > PATH_MAX - 64)
		return false;
	/* before the first compile there is none; distcc makes no other */
	mkdir(path, 0777);
	snprintf(path + length, PATH_MAX - (size_t)length, "/binstate_%ld", (long)pid);
	return true;
}

void
states_open(struct states *states, pid_t pid)
{
	char path[PATH_MAX];

	memset(states, 0, sizeof(*states));
	states->file = states->notify = -1;
	if (!name_file(path, pid))
		return;
	states->file = os_high(open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
#ifdef __linux__
	if (states->file >= 0) {
		/* a user may have 128 of these; who has none looks now and then */
		states->notify = os_high(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
		if (states->notify >= FD_SETSIZE ||
		    (states->notify >= 0 && inotify_add_watch(states->notify, path, IN_CLOSE_WRITE) < 0)) {
			close(states->notify);
			states->notify = -1;
		}
	}
#endif
}

void
states_read(struct states *states)
{
	char events[4096];
	struct record record;

	while (states->notify >= 0 && read(states->notify, events, sizeof(events)) > 0)
		;
	if (states->file < 0 ||
	    pread(states->file, &record, sizeof(record), 0) != (ssize_t)sizeof(record) ||
	    record.size != sizeof(record) || record.magic != MAGIC)
		return;
	record.host[sizeof(record.host) - 1] = '\0';
	if (states->any && states->phase == (uint32_t)record.phase && states->slot == record.slot &&
	    strcmp(states->host, record.host) == 0)
		return;
	states->any = true;
	states->phase = (uint32_t)record.phase;
	states->slot = record.slot;
	strcpy(states->host, record.host);
	journal_state(clock_now(), states->phase, states->host, states->slot);
}

void
states_end(struct states *states, pid_t pid)
{
	char path[PATH_MAX];
	struct stat st;

	states_read(states);
	/* distcc removes it; a program that is none has written nothing */
	if (states->file >= 0 && fstat(states->file, &st) == 0 && st.st_size == 0 && st.st_nlink > 0 &&
	    name_file(path, pid))
		unlink(path);
}
