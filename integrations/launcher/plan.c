#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include "os.h"
#include "plan.h"

static const char FIRST[] = "distcc-build plan 1\n";
static const char LAST[] = "\nend\n";

enum { MADE = 1, UNTIL = 2, STALE = 4, JOBS = 8, EXEC = 16, ALL = 31, DEBUG = 32 };

/* read 1 to 20 digits below 2^64 that end in this character, and step behind it */
static bool
number(char **s, uint64_t *value, char end)
{
	char *digit = *s;
	uint64_t v = 0;
	unsigned d;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		d = (unsigned)(*digit - '0');
		if (digit - *s == 20 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (digit == *s || *digit != end)
		return false;
	*value = v;
	*s = digit + 1;
	return true;
}

static bool
dependency(struct plan *plan, char *rest)
{
	struct dependency *dep = &plan->dependencies[plan->ndependencies];

	if (plan->ndependencies++ == PLAN_DEPENDENCIES)
		return false;
	dep->missing = strncmp(rest, "- ", 2) == 0;
	if (dep->missing)
		rest += 2;
	else if (!number(&rest, &dep->mtime, ' ') || !number(&rest, &dep->size, ' ') ||
	         !number(&rest, &dep->inode, ' '))
		return false;
	dep->path = rest;
	return *rest == '/';
}

static bool
variable(struct plan *plan, char *rest, bool keep)
{
	static const char digits[] = "0123456789";
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	size_t length = strspn(rest, letters);

	if (plan->nvariables == PLAN_VARIABLES || length == 0 || rest[length] != '=' ||
	    strspn(rest, digits) > 0)
		return false;
	for (size_t i = 0; i < plan->nvariables; i++) {
		if (strncmp(plan->variables[i].entry, rest, length + 1) == 0)
			return false;
	}
	plan->variables[plan->nvariables++] = (struct variable){rest, keep};
	return true;
}

static bool
note(struct plan *plan, char *rest)
{
	size_t length = strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (plan->nnotes == PLAN_NOTES || length == 0 || length > PLAN_CAUSE ||
	    rest[length] != ' ' || rest[length + 1] == '\0')
		return false;
	rest[length] = '\0';
	plan->notes[plan->nnotes++] = (struct note){rest, rest + length + 1};
	return true;
}

static bool
program(struct plan *plan, char *rest)
{
	plan->distcc = strncmp(rest, "distcc /", 8) == 0;
	plan->program = rest + (plan->distcc ? 7 : 9);
	return plan->distcc || strncmp(rest, "compiler /", 10) == 0;
}

/* read one line; its keyword may only be among those not seen, if it occurs once */
static bool
take(struct plan *plan, char *line, unsigned *seen)
{
	char *rest = strchr(line, ' ');
	unsigned once;

	if (!rest)
		return false;
	*rest++ = '\0';
	if (strcmp(line, "dep") == 0)
		return dependency(plan, rest);
	if (strcmp(line, "env") == 0 || strcmp(line, "default") == 0)
		return variable(plan, rest, *line == 'd');
	if (strcmp(line, "note") == 0)
		return note(plan, rest);
	once = strcmp(line, "made") == 0    ? MADE
	       : strcmp(line, "until") == 0 ? UNTIL
	       : strcmp(line, "stale") == 0 ? STALE
	       : strcmp(line, "jobs") == 0  ? JOBS
	       : strcmp(line, "exec") == 0  ? EXEC
	       : strcmp(line, "debug") == 0 ? DEBUG
	                                    : 0;
	if (once == 0 || *seen & once)
		return false;
	*seen |= once;
	if (once == EXEC)
		return program(plan, rest);
	if (once == DEBUG) {
		plan->debug = rest;
		return *rest == '-' && rest[1] && !strchr(rest, ' ');
	}
	return number(&rest, once == MADE ? &plan->made : once == UNTIL ? &plan->until
	                     : once == STALE ? &plan->stale : &plan->jobs, '\0');
}

bool
plan_parse(struct plan *plan, char *data, size_t length)
{
	char *line = data + sizeof(FIRST) - 1, *next;
	unsigned seen = 0;

	memset(plan, 0, sizeof(*plan));
	if (length > PLAN_SIZE || length < sizeof(FIRST) + sizeof(LAST) ||
	    memcmp(data, FIRST, sizeof(FIRST) - 1) != 0 ||
	    memcmp(data + length - (sizeof(LAST) - 1), LAST, sizeof(LAST) - 1) != 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (((unsigned char)data[i] < ' ' && data[i] != '\n') || data[i] == 0x7f)
			return false;
	}
	data[length - (sizeof(LAST) - 1)] = '\0';
	for (; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!take(plan, line, &seen))
			return false;
	}
	return (seen & ALL) == ALL && plan->made <= plan->until && plan->until <= plan->stale;
}

enum freshness
plan_freshness(const struct plan *plan, uint64_t now)
{
	if (plan->made > now + PLAN_AHEAD || now >= plan->stale)
		return PLAN_NONE;
	return now < plan->until ? PLAN_FRESH : PLAN_STALE;
}

const char *
plan_changed(const struct plan *plan)
{
	const struct dependency *dep = plan->dependencies;
	struct stat st;

	for (size_t i = 0; i < plan->ndependencies; i++, dep++) {
		if (stat(dep->path, &st) < 0) {
			/* a link that leads round is not nothing */
			if (!dep->missing || (errno != ENOENT && errno != ENOTDIR))
				return dep->path;
		} else if (dep->missing || (uint64_t)st.st_size != dep->size ||
		           (uint64_t)st.st_ino != dep->inode ||
		           (uint64_t)st.st_mtim.tv_sec * 1000000000 +
		                           (uint64_t)st.st_mtim.tv_nsec != dep->mtime) {
			return dep->path;
		}
	}
	return NULL;
}
