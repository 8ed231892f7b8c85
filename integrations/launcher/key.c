#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include "env.h"
#include "key.h"

/* FNV-1a, 64 bits: small, no tables, good enough where nobody attacks but oneself */
static uint64_t
hash(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t
hash2(const char *name, const char *text)
{
	uint64_t h = hash(hash(UINT64_C(0xcbf29ce484222325), name), text);

	/* spread the bits, since these are going to be added */
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static bool
matters(const char *entry)
{
	static const char ours[] = "DISTCC_BUILD_";

	if (strncmp(entry, ours, sizeof(ours) - 1) == 0)
		return !env_names(entry, "DISTCC_BUILD_VERBOSE", 20) &&
		       !env_names(entry, "DISTCC_BUILD_HOSTS", 18) &&
		       !env_names(entry, "DISTCC_BUILD_RECORD", 19);
	return env_names(entry, "DISTCC_DIR", 10) || env_names(entry, "HOME", 4) ||
	       env_names(entry, "XDG_CONFIG_HOME", 15) || env_names(entry, "XDG_CACHE_HOME", 14);
}

/* a sum, so that the order of the environment does not matter */
static uint64_t
environment(char **envp)
{
	const char *hosts = env_get("DISTCC_BUILD_HOSTS");
	struct utsname host;
	uint64_t sum = 0;

	if (!hosts)
		hosts = env_get("DISTCC_HOSTS");
	if (hosts)
		sum += hash2("DISTCC_HOSTS=", hosts);
	/* homes are shared between machines, farms and compilers need not be */
	if (uname(&host) == 0)
		sum += hash2("host ", host.nodename);
	for (; *envp && env_trusted(); envp++) {
		if (matters(*envp))
			sum += hash2("", *envp);
	}
	return sum;
}

static uint64_t
compiler(const char *word, const char *cwd)
{
	/* PATH for a word with a slash too: distcc, the assembler, and behind a link to distcc
	   the compiler itself are looked for there */
	const char *path = env_get("PATH");
	uint64_t sum = hash2("word ", word) + (path ? hash2("PATH=", path) : 0);

	return !strchr(word, '/') || *word == '/' ? sum : sum + hash2("cwd ", cwd);
}

void
key_lock(char name[KEY_NAME], char **envp)
{
	snprintf(name, KEY_NAME, "lock-%016" PRIx64, environment(envp));
}

void
key_plan(char name[KEY_NAME], char **envp, const char *word, const char *cwd)
{
	snprintf(name, KEY_NAME, "plan-%016" PRIx64 "-%016" PRIx64, environment(envp),
	         compiler(word, cwd));
}
