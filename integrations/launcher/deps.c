#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "deps.h"
#include "flags.h"

static bool
is_any(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

/* the name with another ending: .d */
static char *
file_of(const char *output)
{
	const char *slash = strrchr(output, '/'), *dot = strrchr(output, '.');
	size_t length = dot && (!slash || dot > slash) ? (size_t)(dot - output) : strlen(output);
	char *file = malloc(length + 3);

	if (file) {
		memcpy(file, output, length);
		memcpy(file + length, ".d", 3);
	}
	return file;
}

int
deps_missing(char *const *argv, char *words[DEPS_WORDS])
{
	static const char *const asks[] = {
		"-MD", "-MMD", "--write-dependencies", "--write-user-dependencies", NULL};
	static const char *const compiles[] = {"-c", "-S", "--compile", "--assemble", NULL};
	static char mf[] = "-MF", mq[] = "-MQ";
	bool asked = false, compile = false, file = false, target = false, odd = false;
	/* gcc names the target by the source there, clang by the output */
	const char *slash = strrchr(argv[0], '/');
	bool clang = strstr(slash ? slash : argv[0], "clang");
	char *output = NULL;
	int count = 0;

	for (argv++; *argv; argv++) {
		asked = asked || is_any(*argv, asks);
		if (clang && (strncmp(*argv, "-Wp,-MD,", 8) == 0 || strncmp(*argv, "-Wp,-MMD,", 9) == 0))
			asked = file = true;
		compile = compile || is_any(*argv, compiles);
		file = file || strncmp(*argv, "-MF", 3) == 0;
		target = target || strncmp(*argv, "-MT", 3) == 0 || strncmp(*argv, "-MQ", 3) == 0;
		/* what is handed on so comes before what would be added, and loses */
		odd = odd || (strncmp(*argv, "-Wp,", 4) == 0 && strstr(*argv, ",-MF")) ||
		      (strncmp(*argv, "-Wp,", 4) == 0 && (strstr(*argv, ",-MT") || strstr(*argv, ",-MQ")));
		odd = odd || strncmp(*argv, "-dumpdir", 8) == 0 || strncmp(*argv, "-dumpbase", 9) == 0;
		if (strcmp(*argv, "-o") == 0 && argv[1])
			output = argv[1];
		else if (strncmp(*argv, "-o", 2) == 0 && (*argv)[2])
			output = *argv + 2;
		if (flags_takes_value(*argv) && argv[1])
			argv++;
	}
	if (!asked || !compile || !output || (file && target))
		return 0;
	if (odd || !*output || *output == '-' || strncmp(output, "/dev/", 5) == 0)
		return -1;
	if (!file) {
		words[count++] = mf;
		if (!(words[count++] = file_of(output)))
			return -1;
	}
	if (!target) {
		words[count++] = mq;
		words[count++] = output;
	}
	return count;
}
