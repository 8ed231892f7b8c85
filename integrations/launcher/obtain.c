#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "compiler.h"
#include "env.h"
#include "key.h"
#include "lock.h"
#include "obtain.h"
#include "os.h"
#include "plan.h"
#include "cache.h"
#include "refresh.h"
#include "say.h"

static const int64_t SECOND = INT64_C(1000000000); /* in nanoseconds */
static const struct timespec POLL = {.tv_nsec = 10 * 1000000};
enum { LOCK_EVERY = 4 }; /* polls: who waits for the place of one that died waits 40 ms */

static struct plan plan;
static char text[PLAN_SIZE];
static enum freshness held; /* what it is worth */
static const char *why_none; /* why it is worth nothing */
static int started; /* refreshes, by this process */

/* how long a compile may wait for a plan: nanoseconds; said gets the seconds as text */
static int64_t
deadline(const char **said)
{
	const char *s = env_get("DISTCC_BUILD_DEADLINE");
	int64_t whole = 0, part = 0, unit = SECOND;

	*said = s;
	if (!s || *s < '0' || *s > '9')
		s = "?";
	for (; *s >= '0' && *s <= '9' && whole < 3600; s++)
		whole = whole * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++)
			part += (*s - '0') * (unit /= 10);
	}
	if (*s == '\0')
		return whole * SECOND + part;
	*said = "3";
	return 3 * SECOND;
}

/* look for the plan */
static bool
look(const struct place *place, const char *name)
{
	held = cache_plan(place->dir, name, &plan, text, &why_none);
	return held != PLAN_NONE;
}

/* let one of all launchers start a refresh, unless somebody refreshes already or the plan
   is good enough; false means that it cannot be started, or would be in vain */
static bool
refresh(const struct place *place, const char *name, int lock, enum freshness enough,
        const char *word)
{
	char path[2 * PATH_MAX], absolute[2 * PATH_MAX];

	/* the plan may have come between the last look and the lock */
	if (!lock_try(lock) || (look(place, name) && held >= enough))
		return true;
	/* those that we have started ended well, and what they wrote does not hold: nor would the
	   next (a file that is another one at each look, a clock that Python sees otherwise) */
	if (started >= ATTEMPTS && lock_read(lock).start == 0) {
		lock_write(lock, (struct stamp){os_boottime(), ATTEMPTS});
		return false;
	}
	snprintf(path, sizeof(path), "%s/%s", place->directory, name);
	snprintf(absolute, sizeof(absolute), "%s/%s", place->cwd, word);
	if (strchr(word, '/') && *word != '/')
		word = absolute;
	say_why("discovery", "started in the background");
	started++;
	return refresh_start(lock, path, word, place->envp);
}

/* wait for a plan; false means that there will be none */
static bool
await(const struct place *place, const char *name, const char *lock_name, const char *word)
{
	const char *seconds;
	char line[256];
	struct stamp stamp;
	int64_t now = os_boottime(), most = deadline(&seconds), end = now + most;
	int lock, late = 0;
	bool going;

	for (unsigned n = 0; late < 2; n++) {
		/* hundreds may wait, and what they compute is missing to whom they wait for: most
		   looks are for the plan alone */
		if (n % LOCK_EVERY == 0) {
			lock = lock_open(place->dir, lock_name);
			if (lock < 0)
				return false;
			going = refresh(place, name, lock, PLAN_STALE, word);
			stamp = lock_read(lock);
			close(lock);
			if (!going) {
				snprintf(line, sizeof(line), "%s%s; compiling locally (try: distcc-build hosts)",
				         plan.made ? "no plan holds: " : "cannot start distcc-build",
				         plan.made ? why_none : "");
				say_once(place->dir, "no-plan", line);
				return false;
			}
			if (held != PLAN_NONE)
				return true;
			/* behind a refresher that was stopped only the first wait for the whole time;
			   twice late, since a new winner may not have written its stamp yet */
			now = os_boottime();
			late = now >= end || (stamp.start && now >= stamp.start + most) ? late + 1 : 0;
		}
		nanosleep(&POLL, NULL);
		if (look(place, name))
			return true;
	}
	snprintf(line, sizeof(line),
	         "discovery did not finish within %s s; compiling locally (try: distcc-build explain)",
	         seconds);
	say_once(place->dir, "no-plan", line);
	return false;
}

bool
obtain_place(struct place *place, char name[KEY_NAME], const char *word, const char *cwd,
             char **envp)
{
	place->cwd = cwd;
	place->envp = envp;
	place->dir = cache_open(place->directory);
	key_plan(name, envp, word, cwd);
	return place->dir >= 0;
}

const struct plan *
obtain_held(const struct place *place, const char *name, const char *word)
{
	char lock_name[KEY_NAME];
	int lock;

	if (look(place, name) && held == PLAN_STALE) {
		say_why(name, "used though it is stale, while it is renewed");
		key_lock(lock_name, place->envp);
		if ((lock = lock_open(place->dir, lock_name)) >= 0) {
			refresh(place, name, lock, PLAN_FRESH, word);
			close(lock);
		}
	}
	/* a look under the lock may have found that it no longer holds */
	return held != PLAN_NONE ? &plan : NULL;
}

const struct plan *
obtain_plan(const struct place *place, const char *name, const char *word)
{
	char lock_name[KEY_NAME], path[PATH_MAX], waited[32];
	int64_t start;

	if (obtain_held(place, name, word))
		return &plan;
	say_why(name, why_none);
	/* nothing to wait for where there is no such compiler */
	if (compiler_find(word, path) != 0)
		return NULL;
	key_lock(lock_name, place->envp);
	start = os_boottime();
	if (!await(place, name, lock_name, word))
		return NULL;
	snprintf(waited, sizeof(waited), "waited for %d ms", (int)((os_boottime() - start) / 1000000));
	say_why("discovery", waited);
	return &plan;
}
