#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "env.h"
#include "pump.h"

/* beginnings of words with which a preprocessor here does it, as pump/line.py says.  With -Wp
   distcc would write the dependencies of another target even then */
static const char *const HERE[] = {"-g",        "-Wp,",     "-Wa,",     "-S",         "-flto",
                                   "-fsanitize", "-fprofile", "-include", "-imacros", "-x",
                                   "-idirafter", "@"};

static bool
is_for_servers(char *const *words)
{
	const char *port = env_get("INCLUDE_SERVER_PORT");

	if (!port || !*port)
		return false;
	for (; *words; words++) {
		for (size_t i = 0; i < sizeof(HERE) / sizeof(*HERE); i++) {
			if (strncmp(*words, HERE[i], strlen(HERE[i])) == 0 && strcmp(*words, "-g0") != 0)
				return false;
		}
	}
	return true;
}

void
pump_adjust(char *entry, char *const *words)
{
	static const char option[] = ",cpp";
	const size_t length = sizeof(option) - 1;
	bool decided = false;
	char *found, *end;

	if (!env_names(entry, "DISTCC_HOSTS", 12))
		return;
	/* most lists have no comma at all, which is seen faster than that they have no such word */
	for (found = strchr(entry, ','); found; found = strchr(found, ',')) {
		end = found + length;
		if (strncmp(found, option, length) != 0 || (*end && *end != ',' && *end != ' ')) {
			found++;
			continue;
		}
		if (!decided && is_for_servers(words))
			return;
		decided = true;
		memmove(found, end, strlen(end) + 1);
	}
}
