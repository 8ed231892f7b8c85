#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "flags.h"

/* what comes behind the start of a word; NULL when it does not begin so */
static const char *
rest(const char *word, const char *start)
{
	for (; *start; word++, start++) {
		if (*word != *start)
			return NULL;
	}
	return word;
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
	const char *more;

	switch (row->kind) {
	case WORD:
		more = rest(word, row->text);
		return more && !*more;
	case PREFIX:
		return rest(word, row->text);
	case VALUE:
		more = rest(word, row->text);
		return (more && strcmp(more, row->value) == 0) ||
		       (strcmp(previous, row->text) == 0 && strcmp(word, row->value) == 0);
	case ANY:
		more = rest(word, row->text);
		return (more && *more) || strcmp(previous, row->text) == 0;
	case OUTPUT:
		return (strcmp(previous, "-o") == 0 || rest(word, "-o")) && ends_with(word, row->text);
	case SUFFIX:
		return input && ends_with(word, row->text);
	case NAME:
		more = strrchr(word, '/');
		return input && rest(more ? more + 1 : word, row->text);
	case PATH:
		return *word != '-' && below(row->text, word, false);
	case ENV:
	case TAKES:
		break;
	}
	return false;
}

/* where the rows about such a word begin, but for those about values */
static const unsigned short *
part(const char *word)
{
	unsigned char second = *word ? (unsigned char)word[1] : '\0';

	if (*word != '-' || !second)
		return flag_parts + FLAG_FILES;
	return flag_parts + (second < FLAG_PARTS ? second : FLAG_PARTS - 1);
}

bool
flags_takes_value(const char *word)
{
	const unsigned short *where = part(word);
	const char *more;

	for (const struct row *row = flag_rows + where[0]; row < flag_rows + where[1]; row++) {
		if (row->kind == TAKES && (more = rest(word, row->text)) && !*more)
			return true;
	}
	return false;
}

/* why the rows of one part keep a word local */
static const char *
why(const unsigned short *where, const char *previous, const char *word, bool input)
{
	for (const struct row *row = flag_rows + where[0]; row < flag_rows + where[1]; row++) {
		if (matches(row, previous, word, input))
			return row->reason;
	}
	return NULL;
}

static bool
is_set(const char *start, char *const *environment)
{
	for (; *environment; environment++) {
		if (rest(*environment, start))
			return true;
	}
	return false;
}

const char *
flags_local(char *const *argv, const char *cwd, char *const *environment)
{
	bool value = false, input, some_input = false, compiles = false;
	const char *previous = "", *reason;
	const unsigned short *files = flag_parts + FLAG_FILES;
	size_t nfiles = 0;

	for (const struct row *row = flag_rows + files[0]; row < flag_rows + files[1]; row++) {
		if ((row->kind == PATH && below(row->text, cwd, true)) ||
		    (row->kind == ENV && is_set(row->text, environment)))
			return row->reason;
	}
	for (argv++; *argv; previous = *argv++) {
		input = !value && (**argv != '-' || strcmp(*argv, "-") == 0);
		some_input = some_input || input;
		/* without a suffix it is something for the linker */
		nfiles += input && strchr(*argv, '.');
		compiles = compiles || strcmp(*argv, "-c") == 0 || strcmp(*argv, "-S") == 0;
		if ((reason = why(flag_parts + FLAG_VALUES, previous, *argv, input)) ||
		    (reason = why(part(*argv), previous, *argv, input)))
			return reason;
		value = !value && flags_takes_value(*argv);
	}
	if (value)
		return flag_no_value;
	if (nfiles > 1 && compiles)
		return flag_several;
	return some_input ? NULL : flag_no_input;
}
