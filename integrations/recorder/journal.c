#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plan.h"
#include "cache.h"
#include "journal.h"
#include "os.h"

enum { LINE = 65536 }; /* a longer command line is cut */
enum { REST = 512 }; /* of the line, kept free for what comes behind the words */
enum { TRIES = 8 };
enum { MOST = 256 << 20 }; /* bytes of a journal that nobody sums up (record/remarks.py) */

static const char GAP[] = "..."; /* in the place of words that are missing */

static char line[LINE];
static size_t length;
static bool states;

static void
put(const char *text, size_t limit)
{
	size_t size = strlen(text);

	if (length + size < limit) {
		memcpy(line + length, text, size);
		length += size;
	}
}

/* does it stand in a JSON string as it is */
static bool
is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* as a JSON string; false, and nothing put, where it does not fit */
static bool
put_string(const char *text, size_t limit)
{
	size_t before = length;
	char escaped[8];

	put("\"", limit);
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		if (length + sizeof(escaped) >= limit) {
			length = before;
			return false;
		}
		if (is_plain(*s)) {
			line[length++] = (char)*s;
			continue;
		}
		if (*s < ' ' || *s == 0x7f)
			snprintf(escaped, sizeof(escaped), "\\u%04x", *s);
		else if (*s > 0x7f)
			snprintf(escaped, sizeof(escaped), "\\udc%02x", *s);
		else
			snprintf(escaped, sizeof(escaped), "\\%c", *s);
		put(escaped, limit);
	}
	put("\"", limit);
	return true;
}

static void
name(const char *text)
{
	put(states ? "]" : "", LINE);
	states = false;
	put(length > 2 ? ", " : "", LINE);
	put_string(text, LINE);
	put(": ", LINE);
}

void
journal_start(void)
{
	length = 0;
	states = false;
	/* a line that was cut short, by a kill or a full disk, must not take this one with it */
	put("\n{", LINE);
}

void
journal_number(const char *key, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	name(key);
	put(digits, LINE);
}

void
journal_text(const char *key, const char *value)
{
	name(key);
	if (!put_string(value, LINE - REST))
		put_string("", LINE);
}

/* the bytes that put_string has for it at most, with what parts it from the next */
static size_t
room_for(const char *text)
{
	size_t size = sizeof("\"\", ");

	for (const unsigned char *s = (const unsigned char *)text; *s; s++)
		size += is_plain(*s) ? 1 : sizeof("\\u0000") - 1;
	return size;
}

void
journal_words(const char *key, char *const *words)
{
	size_t count = 0, head = 0, tail, left, half, room;

	name(key);
	put("[", LINE);
	while (words[count])
		count++;
	/* what is compiled stands at the one end or the other: what does not fit is missing between */
	left = length + room_for(GAP) < LINE - REST ? LINE - REST - length - room_for(GAP) : 0;
	half = left / 2;
	for (; head < count && (room = room_for(words[head])) <= left - half; head++)
		left -= room;
	for (tail = count; tail > head && (room = room_for(words[tail - 1])) <= left; tail--)
		left -= room;
	for (size_t i = 0; i < count; i++) {
		put(i > 0 ? ", " : "", LINE);
		put_string(i == head && i < tail ? GAP : words[i], LINE);
		if (i == head && i < tail)
			i = tail - 1;
	}
	put("]", LINE);
	if (head < tail)
		journal_number("cut", 1);
}

void
journal_state(int64_t when, uint32_t phase, const char *host, int slot)
{
	char numbers[64];

	if (length > LINE - 2 * REST)
		return;
	if (states)
		put(", ", LINE);
	else
		name("states"), put("[", LINE);
	states = true;
	snprintf(numbers, sizeof(numbers), "[%" PRId64 ", %" PRIu32 ", ", when, phase);
	put(numbers, LINE);
	put_string(host, LINE);
	snprintf(numbers, sizeof(numbers), ", %d]", slot);
	put(numbers, LINE);
}

static int
open_journal(const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	char directory[PATH_MAX];
	struct stat st;
	int dir, fd;

	/* what `run` has made, and nothing if that is gone */
	if (*path)
		return os_high(open(path, flags));
	if ((dir = cache_open(directory)) < 0)
		return -1;
	fd = cache_file(dir, "journal", O_WRONLY | O_APPEND | O_CREAT, &st);
	close(dir);
	return fd;
}

/* a limit on the size of files must not end a compile */
static bool
append(int fd)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	bool written;

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGXFSZ, &ignore, &before);
	written = write(fd, line, length) == (ssize_t)length;
	sigaction(SIGXFSZ, &before, NULL);
	return written;
}

/* say in the file's mode that it lacks a line: for that there is room on a full disk */
static void
mark(int fd, const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		fchmod(fd, (st->st_mode & 0777) | S_IXUSR);
}

void
journal_end(void)
{
	put(states ? "]}\n" : "}\n", LINE);
}

bool
journal_append(const char *path)
{
	bool written = false;
	struct stat st;
	int fd;

	/* who sums up the statistics takes the file away and locks it: then there is a new one */
	for (int i = 0; i < TRIES; i++) {
		if ((fd = open_journal(path)) < 0)
			return false;
		if ((flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) &&
		    fstat(fd, &st) == 0 && (st.st_nlink > 0 || *path)) {
			written = S_ISREG(st.st_mode) && (*path || st.st_size < MOST) && append(fd);
			if (!written)
				mark(fd, &st);
			close(fd);
			break;
		}
		close(fd);
	}
	return written;
}
