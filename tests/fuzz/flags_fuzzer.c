/* flags.c and deps.c: the input is the working directory and a command line, NUL between words;
   the last word is the environment too. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "deps.h"
#include "flags.h"

enum { WORDS = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_reason(const char *reason)
{
	for (size_t i = 0; i < flag_parts[FLAG_PARTS]; i++) {
		if (flag_rows[i].reason == reason)
			return true;
	}
	return reason == flag_no_input || reason == flag_no_value || reason == flag_several;
}

static void
check_dependencies(char **argv)
{
	char *words[DEPS_WORDS];
	int count = deps_missing(argv, words), i = 0;

	expect(count >= -1 && count <= DEPS_WORDS && count % 2 <= 0);
	if (count >= 2 && strcmp(words[0], "-MF") == 0) {
		expect(strlen(words[1]) >= 2 && strcmp(words[1] + strlen(words[1]) - 2, ".d") == 0);
		free(words[1]);
		i = 2;
	}
	for (; i < count; i += 2)
		expect(strcmp(words[i], "-MQ") == 0 && *words[i + 1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* each word has its own memory, so that AddressSanitizer sees a byte too far */
	char *list[WORDS + 1] = {0}, *environment[2] = {0}, *empty[] = {NULL};
	const char *reason;
	size_t count = 0, length;

	for (; size && count < WORDS; data += length, size -= length) {
		length = strnlen((const char *)data, size);
		list[count] = malloc(length + 1);
		expect(list[count]);
		memcpy(list[count], data, length);
		list[count++][length] = '\0';
		if (length < size)
			length++;
	}
	if (count >= 2) {
		environment[0] = list[count - 1];
		reason = flags_local(list + 1, list[0], environment);
		expect(!reason || is_reason(reason));
		/* the answer is of the command line alone, not of what was asked before */
		expect(flags_local(list + 1, list[0], environment) == reason);
		expect(flags_local(list + count - 1, "", empty) == flag_no_input);
		check_dependencies(list + 1);
	}
	while (count)
		free(list[--count]);
	return 0;
}
