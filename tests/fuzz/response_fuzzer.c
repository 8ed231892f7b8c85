/* response.c: the input is three files, NUL between them; the first is the command line of a
   compile, and may name the others as @b and @c, or itself as @a. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "flags.h"

/* a launcher becomes another program and never frees what the words lie in */
static void *taken[256];
static size_t ntaken;

static void *
take(void *memory)
{
	if (ntaken == sizeof(taken) / sizeof(*taken))
		abort();
	return taken[ntaken++] = memory;
}

static void *
retake(void *memory, size_t size)
{
	size_t i = 0;

	if (!memory)
		return take(malloc(size));
	while (taken[i] != memory)
		i++;
	return taken[i] = realloc(memory, size);
}

#define malloc(size) take(malloc(size))
#define realloc(memory, size) retake(memory, size)
#include "response.c"
#undef malloc
#undef realloc

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* links to files in memory */
static char directory[] = "/tmp/distcc-build-fuzz-XXXXXX";
static const char *const names[] = {"a", "b", "c"};
static int files[3], here, old;

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static void
leave(void)
{
	for (int i = 0; i < 3; i++)
		unlinkat(here, names[i], 0);
	rmdir(directory);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char target[32];

	(void)argc, (void)argv;
	expect(mkdtemp(directory));
	old = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	here = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		files[i] = memfd_create(names[i], MFD_CLOEXEC);
		snprintf(target, sizeof(target), "/proc/self/fd/%d", files[i]);
		expect(files[i] >= 0 && symlinkat(target, here, names[i]) == 0);
	}
	atexit(leave);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char gcc[] = "gcc", first[] = "@a", object[] = "-c";
	char *argv[] = {gcc, first, object, NULL}, *empty[] = {NULL};
	char **words;
	size_t count = 0, length;

	expect(fchdir(here) == 0);
	for (int i = 0; i < 3; i++) {
		length = i < 2 ? strnlen((const char *)data, size) : size;
		expect(ftruncate(files[i], 0) == 0 &&
		       pwrite(files[i], data, length, 0) == (ssize_t)length);
		data += length;
		size -= length;
		if (size) {
			data++;
			size--;
		}
	}
	expect(response_any(argv));
	words = response_expand(argv, true);
	if (words) {
		expect(strcmp(words[0], gcc) == 0);
		while (words[count])
			expect(strlen(words[count++]) <= SIZE);
		expect(count >= 2 && count <= WORDS && words[count - 1] == object);
		flags_local(words, "/", empty);
	}
	while (ntaken)
		free(taken[--ntaken]);
	/* libFuzzer writes what it finds by a name that may be relative */
	expect(fchdir(old) == 0);
	return 0;
}
