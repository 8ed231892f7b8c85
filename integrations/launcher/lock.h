/* The lock of a refresh.  Who holds it refreshes, the others look for the plan.
   The file tells when the refresh began and how many in a row it was: "STAMP ATTEMPTS\n";
   the refresher empties it after it has written its plan. */

struct stamp {
	int64_t start; /* nanoseconds since boot; 0 means that there is none */
	int attempts;
};

/* open the lock file and make it where it is missing; -1 means that there is no locking */
int lock_open(int dir, const char *name);
/* take the lock; false means that somebody else has it */
bool lock_try(int fd);
/* what the file tells */
struct stamp lock_read(int fd);
/* let the file tell this */
bool lock_write(int fd, struct stamp stamp);
