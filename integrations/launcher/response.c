#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "os.h"
#include "response.h"

enum { WORDS = 1 << 16, SIZE = 1 << 20, FILES = 64 };

struct list {
	char **words;
	size_t count, room;
	int files;
	bool bounded;
};

bool
response_any(char *const *argv)
{
	for (; *argv; argv++) {
		if (**argv == '@' && (*argv)[1])
			return true;
	}
	return false;
}

/* the content of a file; NULL when it cannot be read, *too_large when there is too much of it */
static char *
content(const char *path, bool bounded, bool *too_large)
{
	struct stat st;
	char *text = NULL;
	ssize_t got = 0, n;
	int fd;

	if (stat(path, &st) < 0)
		return NULL;
	/* To open a pipe would let go whoever waits to write into it, and the compiler would wait
	   for ever. */
	*too_large = !S_ISREG(st.st_mode);
	if (*too_large || (fd = os_high(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC))) < 0)
		return NULL;
	*too_large = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (bounded && st.st_size > SIZE);
	if (!*too_large && (text = malloc((size_t)st.st_size + 1))) {
		while (got < st.st_size && (n = read(fd, text + got, (size_t)(st.st_size - got))) > 0)
			got += n;
		text[got] = '\0';
	}
	close(fd);
	return text;
}

/* cut the next word out of the text, in place: blanks part words, a backslash takes the next
   character as it is, and so do quotes with all up to the next (libiberty/argv.c: buildargv) */
static char *
cut(char **text)
{
	char *from = *text, *to, *word, quote = '\0';

	from += strspn(from, " \t\n\v\f\r");
	if (!*from)
		return NULL;
	for (word = to = from; *from && (quote || !strchr(" \t\n\v\f\r", *from)); from++) {
		if (*from == '\\') {
			if (!*++from)
				break; /* one at the very end is dropped */
			*to++ = *from;
		} else if (quote ? *from == quote : *from == '"' || *from == '\'') {
			quote = quote ? '\0' : *from;
		} else {
			*to++ = *from;
		}
	}
	*text = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

/* is there room for one more word and the NULL behind it */
static bool
room(struct list *list)
{
	size_t more = list->room ? 2 * list->room : 256;
	char **words;

	if (list->count + 1 < list->room)
		return true;
	words = list->bounded && more > WORDS ? NULL : realloc(list->words, more * sizeof(*words));
	if (!words)
		return false;
	list->words = words;
	list->room = more;
	return true;
}

static bool
add(struct list *list, char *word)
{
	bool too_large = false;
	char *text = NULL, *next;

	if (*word == '@' && word[1])
		text = ++list->files > FILES ? NULL : content(word + 1, list->bounded, &too_large);
	if (too_large || list->files > FILES || !room(list))
		return false;
	if (!text) {
		list->words[list->count++] = word;
		list->words[list->count] = NULL;
		return true;
	}
	while ((next = cut(&text))) {
		if (!add(list, next))
			return false;
	}
	return true;
}

char **
response_expand(char *const *argv, bool bounded)
{
	struct list list = {.bounded = bounded};

	for (; *argv; argv++) {
		if (!add(&list, *argv))
			return NULL;
	}
	return list.words;
}
