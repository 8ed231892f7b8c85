#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "env.h"
#include "handover.h"
#include "prefix.h"
#include "say.h"

enum { FIRST = 5 }; /* words before the program's own */

void
handover(const char *program, char **argv, char **envp, const char *as, const char *why)
{
	static char name[] = "distcc-record";
	char path[PATH_MAX + sizeof(PREFIX_RECORDER)], **words;
	const char *journals = env_get(HANDOVER_JOURNALS), *on;
	const char *first[FIRST] = {name, journals ? journals : "", as, why, program};
	size_t count = 0;

	if ((!journals || !*journals) && (!(on = env_get(HANDOVER_SWITCH)) || !*on || env_off(HANDOVER_SWITCH)))
		return;
	while (argv[count])
		count++;
	/* what cannot be executed is better known before than after */
	if (access(program, X_OK) < 0 || !prefix_find(path) ||
	    !(words = calloc(FIRST + count + 1, sizeof(*words))))
		return;
	for (size_t i = 0; i < FIRST; i++)
		words[i] = (char *)(uintptr_t)first[i];
	memcpy(words + FIRST, argv, count * sizeof(*words));
	strcat(path, PREFIX_RECORDER);
	execve(path, words, envp);
	say_why("no record", path);
	free(words);
}
