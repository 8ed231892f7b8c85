#include <stdbool.h>
#include <string.h>
#include "flags.h"

static bool
starts_with(const char *word, const char *start)
{
	return strncmp(word, start, strlen(start)) == 0;
}

static bool
ends_with(const char *word, const char *end)
{
	size_t length = strlen(word), n = strlen(end);

	return length >= n && strcmp(word + length - n, end) == 0;
}

/* is the path below the directory; whole: the path may also be that directory */
static bool
below(const char *directory, const char *path, bool whole)
{
	const char *d, *p;

	for (; path; path = (path = strchr(path, '/')) ? path + 1 : NULL) {
		for (d = directory, p = path; *d && (*d == '*' || *d == *p); d++) {
			if (*d == '*')
				p += strcspn(p, "/");
			else
				p++;
		}
		if (!*d && (*p == '/' || (whole && !*p)))
			return true;
	}
	return false;
}

static bool
matches(const struct row *row, const char *previous, const char *word, bool input)
{
	size_t length;

	switch (row->kind) {
	case WORD:
		return strcmp(word, row->text) == 0;
	case PREFIX:
		return starts_with(word, row->text);
	case VALUE:
		length = strlen(row->text);
		return (strcmp(previous, row->text) == 0 && strcmp(word, row->value) == 0) ||
		       (starts_with(word, row->text) && strcmp(word + length, row->value) == 0);
	case OUTPUT:
		return (strcmp(previous, "-o") == 0 || starts_with(word, "-o")) && ends_with(word, row->text);
	case SUFFIX:
		return input && ends_with(word, row->text);
	case NAME:
		previous = strrchr(word, '/');
		return input && starts_with(previous ? previous + 1 : word, row->text);
	case PATH:
		return *word != '-' && below(row->text, word, false);
	case TAKES:
		break;
	}
	return false;
}

bool
flags_takes_value(const char *word)
{
	const struct row *row;

	for (row = flag_rows; row->text; row++) {
		if (row->kind == TAKES && strcmp(word, row->text) == 0)
			return true;
	}
	return false;
}

const char *
flags_local(char *const *argv, const char *cwd)
{
	bool value = false, input, some_input = false;
	const char *previous = "";
	const struct row *row;

	for (row = flag_rows; row->text; row++) {
		if (row->kind == PATH && below(row->text, cwd, true))
			return row->reason;
	}
	for (argv++; *argv; previous = *argv++) {
		input = !value && (**argv != '-' || strcmp(*argv, "-") == 0);
		some_input = some_input || input;
		for (row = flag_rows; row->text; row++) {
			if (matches(row, previous, *argv, input))
				return row->reason;
		}
		value = !value && flags_takes_value(*argv);
	}
	return some_input ? NULL : flag_no_input;
}
