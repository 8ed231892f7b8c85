/* For tests: what the launcher makes of plans and command lines.  Reads requests from stdin,
   "plan NOW" with a list of blobs or "flags" with two, and answers each with a blob.  A list of
   blobs is "COUNT\n" and COUNT times "LENGTH\n" and LENGTH bytes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flags.h"
#include "plan.h"

static char **
blobs(size_t *length)
{
	size_t count = 0;
	char **list;

	if (scanf("%zu", &count) != 1 || getchar() != '\n')
		exit(1);
	list = calloc(count + 1, sizeof(*list));
	for (size_t i = 0; list && i < count; i++) {
		if (scanf("%zu", length) != 1 || getchar() != '\n')
			exit(1);
		/* exactly as long as needed, so that AddressSanitizer sees a byte too far */
		list[i] = malloc(*length + 1);
		if (!list[i] || fread(list[i], 1, *length, stdin) != *length)
			exit(1);
		list[i][*length] = '\0';
	}
	return list;
}

static void
forget(char **list)
{
	for (char **blob = list; blob && *blob; blob++)
		free(*blob);
	free(list);
}

static void
show_plan(FILE *out, const struct plan *plan, uint64_t now)
{
	static const char *const words[] = {"none", "stale", "fresh"};

	fprintf(out, "%s\n", words[plan_freshness(plan, now)]);
	fprintf(out, "made %ju\nuntil %ju\nstale %ju\n", (uintmax_t)plan->made,
	        (uintmax_t)plan->until, (uintmax_t)plan->stale);
	for (size_t i = 0; i < plan->ndependencies; i++) {
		const struct dependency *dep = &plan->dependencies[i];

		if (dep->missing)
			fprintf(out, "dep - %s\n", dep->path);
		else
			fprintf(out, "dep %ju %ju %ju %s\n", (uintmax_t)dep->mtime,
			        (uintmax_t)dep->size, (uintmax_t)dep->inode, dep->path);
	}
	if (plan->debug)
		fprintf(out, "debug %s\n", plan->debug);
	for (int keep = 0; keep < 2; keep++) {
		for (size_t i = 0; i < plan->nvariables; i++) {
			if (plan->variables[i].keep == keep)
				fprintf(out, "%s %s\n", keep ? "default" : "env", plan->variables[i].entry);
		}
	}
	fprintf(out, "exec %s %s\n", plan->distcc ? "distcc" : "compiler", plan->program);
	for (size_t i = 0; i < plan->nnotes; i++)
		fprintf(out, "note %s %s\n", plan->notes[i].cause, plan->notes[i].text);
}

int
main(void)
{
	static struct plan plan;
	static char answer[4 * PLAN_SIZE];
	char request[16], **list, **environment;
	const char *reason;
	uintmax_t now;
	size_t length;
	FILE *out;

	while (scanf("%15s", request) == 1) {
		memset(answer, 0, sizeof(answer));
		out = fmemopen(answer, sizeof(answer), "w");
		if (!out)
			return 1;
		length = 0;
		if (strcmp(request, "plan") == 0 && scanf("%ju", &now) == 1) {
			list = blobs(&length);
			if (plan_parse(&plan, list[0], length))
				show_plan(out, &plan, now);
			else
				fputs("no plan\n", out);
		} else {
			environment = blobs(&length);
			list = blobs(&length);
			/* the first blob is the working directory */
			reason = flags_local(list + 1, list[0], environment);
			fputs(reason ? reason : "", out);
			forget(environment);
		}
		forget(list);
		fclose(out);
		printf("%zu\n%s", strlen(answer), answer);
		fflush(stdout);
	}
	return 0;
}
