/* plan.c: what is read lies inside the file, and says the same when it is written out again. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

/* no plan's text may end outside of it: AddressSanitizer sees the byte behind */
static char *
exact_copy(const void *data, size_t size)
{
	char *copy = malloc(size);

	expect(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static size_t
write_plan(const struct plan *plan, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");
	long end;

	expect(out);
	fprintf(out, "distcc-build plan 1\nmade %" PRIu64 "\nuntil %" PRIu64 "\nstale %" PRIu64 "\njobs 1\n",
	        plan->made, plan->until, plan->stale);
	for (size_t i = 0; i < plan->ndependencies; i++) {
		const struct dependency *dep = &plan->dependencies[i];

		if (dep->missing)
			fprintf(out, "dep - %s\n", dep->path);
		else
			fprintf(out, "dep %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", dep->mtime,
			        dep->size, dep->inode, dep->path);
	}
	for (size_t i = 0; i < plan->nvariables; i++)
		fprintf(out, "%s %s\n", plan->variables[i].keep ? "default" : "env",
		        plan->variables[i].entry);
	fprintf(out, "exec %s %s\n", plan->distcc ? "distcc" : "compiler", plan->program);
	for (size_t i = 0; i < plan->nnotes; i++)
		fprintf(out, "note %s %s\n", plan->notes[i].cause, plan->notes[i].text);
	fputs("end\n", out);
	end = ftell(out);
	fclose(out);
	return (size_t)end;
}

static void
check_times(const struct plan *plan)
{
	const uint64_t times[] = {0, plan->made, plan->until, plan->stale, UINT64_MAX / 2};

	expect(plan->made <= plan->until && plan->until <= plan->stale);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		enum freshness worth = plan_freshness(plan, times[i]);

		expect(worth == PLAN_NONE || times[i] < plan->stale);
		expect(worth != PLAN_FRESH || times[i] < plan->until);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[2 * PLAN_SIZE], second[2 * PLAN_SIZE];
	struct plan plan;
	char *copy = exact_copy(data, size), *again;
	size_t length;

	if (!plan_parse(&plan, copy, size)) {
		free(copy);
		return 0;
	}
	expect(*plan.program == '/');
	for (size_t i = 0; i < plan.ndependencies; i++)
		expect(*plan.dependencies[i].path == '/');
	check_times(&plan);
	plan_changed(&plan);
	length = write_plan(&plan, first, sizeof(first));
	/* it has at most the zeros before a number less */
	expect(length <= size);
	again = exact_copy(first, length);
	expect(plan_parse(&plan, again, length));
	expect(write_plan(&plan, second, sizeof(second)) == length);
	expect(memcmp(first, second, length) == 0);
	free(again);
	free(copy);
	return 0;
}
