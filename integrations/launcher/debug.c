#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "debug.h"

/* the working directory as clang calls it: PWD, if that is the same one */
static const char *
name_of(const char *cwd)
{
	const char *pwd = getenv("PWD");
	struct stat here, there;

	if (pwd && *pwd == '/' && stat(pwd, &there) == 0 && stat(".", &here) == 0 &&
	    here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		return pwd;
	return cwd;
}

char *
debug_directory(char *const *argv, const char *option, const char *cwd)
{
	bool asked = false;
	size_t length = strlen(option);
	char *word;

	for (argv++; *argv; argv++) {
		if (strncmp(*argv, "-g", 2) == 0)
			asked = strcmp(*argv, "-g0") != 0;
		else if (strstr(*argv, "-compilation-dir"))
			return NULL;
	}
	cwd = name_of(cwd);
	if (!asked || *cwd != '/' || !(word = malloc(length + strlen(cwd) + 1)))
		return NULL;
	memcpy(word, option, length);
	strcpy(word + length, cwd);
	return word;
}
