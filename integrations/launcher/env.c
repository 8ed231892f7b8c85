#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "env.h"
#include "os.h"

bool
env_trusted(void)
{
	static int trusted = -1;

	if (trusted < 0)
		trusted = getuid() == geteuid() && getgid() == getegid() && !os_secure();
	return trusted;
}

const char *
env_get(const char *name)
{
	return env_trusted() ? getenv(name) : NULL;
}

static bool
is_one_of(const char *value, const char *const *words)
{
	while (*words && strcasecmp(value, *words) != 0)
		words++;
	return *words;
}

bool
env_off(const char *name)
{
	static const char *const off[] = {"off", "0", "no", "false", NULL};
	const char *value = env_get(name);

	return value && is_one_of(value, off);
}

bool
env_unclear(const char *name)
{
	static const char *const on[] = {"", "on", "1", "yes", "true", NULL};
	const char *value = env_get(name);

	return value && !is_one_of(value, on) && !env_off(name);
}

bool
env_names(const char *entry, const char *name, size_t length)
{
	/* most differ at once, and there are many */
	return *entry == *name && strncmp(entry, name, length) == 0 && entry[length] == '=';
}

char **
env_copy(char **envp, size_t more)
{
	size_t count = 0;
	char **copy;

	while (envp[count])
		count++;
	copy = calloc(count + more + 1, sizeof(*copy));
	if (copy)
		memcpy(copy, envp, count * sizeof(*copy));
	return copy;
}

void
env_set(char **envp, char *entry, bool keep)
{
	size_t length = strcspn(entry, "=");

	while (*envp && !env_names(*envp, entry, length))
		envp++;
	if (!*envp || !keep)
		*envp = entry;
}
