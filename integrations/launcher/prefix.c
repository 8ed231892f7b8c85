#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include "os.h"
#include "prefix.h"

bool
prefix_find(char prefix[PATH_MAX])
{
	static const char *const places[] = {PREFIX_LAUNCHER, PREFIX_ALIAS};
	size_t length, end;

	if (!os_self(prefix, PATH_MAX))
		return false;
	length = strlen(prefix);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		end = strlen(places[i]);
		if (length > end && strcmp(prefix + length - end, places[i]) == 0) {
			prefix[length - end] = '\0';
			return true;
		}
	}
	return false;
}
