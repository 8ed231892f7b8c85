#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "flags.h"
#include "os.h"
#include "source.h"

enum { SIZE = 1 << 20 };

/* distcc makes directories that are missing, and puts a file where there is a FIFO or a device */
static const char *
output_local(const char *output)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(output, '/');
	size_t length = slash ? (size_t)(slash - output) : 0;
	struct stat st;

	if (stat(output, &st) == 0)
		return S_ISREG(st.st_mode) ? NULL : "its output is not an ordinary file";
	if (length == 0)
		return NULL;
	if (length >= sizeof(directory))
		return "the name of its output is too long";
	memcpy(directory, output, length);
	directory[length] = '\0';
	return stat(directory, &st) == 0 ? NULL : "the directory of its output is missing";
}

/* does text for the assembler read a file: .incbin, or .include and its name in quotes (which
   a member of that name has not) */
static bool
reads_file(const char *text, size_t length)
{
	const char *p = text, *end = text + length;

	while ((p = memchr(p, '.', (size_t)(end - p)))) {
		p++;
		if (end - p >= 6 && memcmp(p, "incbin", 6) == 0)
			return true;
		if (end - p < 8 || memcmp(p, "include", 7) != 0)
			continue;
		for (p += 7; p < end && (*p == ' ' || *p == '\t'); p++)
			;
		if (p < end && (*p == '"' || *p == '\\'))
			return true;
	}
	return false;
}

/* is it a file that distcc sends as it is */
static bool
is_preprocessed(const char *input)
{
	const char *dot = strrchr(input, '.');

	return dot && (strcmp(dot, ".i") == 0 || strcmp(dot, ".ii") == 0);
}

static const char *
input_local(const char *input)
{
	static char text[SIZE];
	struct stat st;
	ssize_t got = 0;
	int fd;

	/* what cannot be read fails in any case, and that soon */
	if (stat(input, &st) < 0)
		return NULL;
	/* not opened: whoever writes into a FIFO would lose its reader */
	if (!S_ISREG(st.st_mode))
		return "its source is not an ordinary file";
	fd = os_high(open(input, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	if (fd >= 0) {
		got = read(fd, text, sizeof(text));
		close(fd);
	}
	if (got > 0 && reads_file(text, (size_t)got))
		return "its assembler reads a file of this machine";
	if (got > 0 && *text != '#' && is_preprocessed(input))
		return "nothing in it tells the name of the source";
	return NULL;
}

const char *
source_local(char *const *argv)
{
	const char *input = NULL, *output = NULL, *reason = NULL;
	bool compiles = false;

	for (argv++; *argv; argv++) {
		if (**argv != '-')
			input = *argv;
		else if (strcmp(*argv, "-c") == 0 || strcmp(*argv, "-S") == 0)
			compiles = true;
		else if (strncmp(*argv, "-o", 2) == 0 && ((*argv)[2] || argv[1]))
			output = (*argv)[2] ? *argv + 2 : argv[1];
		if (flags_takes_value(*argv) && argv[1])
			argv++;
	}
	if (!compiles)
		return NULL;
	if (output && strcmp(output, "-") != 0)
		reason = output_local(output);
	return reason || !input ? reason : input_local(input);
}
