/* What differs between systems. */

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

/* the same open file, at no standard one's number, close-on-exec: with stderr closed, fd 2 would be ours
   and warnings would land in a file of the cache; -1 stays -1 */
int os_high(int fd);
/* nanoseconds since boot, sleep included */
int64_t os_boottime(void);
/* path of the running program, links followed; false means unknown */
bool os_self(char *path, size_t size);
/* does the system say that this process has more rights than whoever started it */
bool os_secure(void);
/* bytes that a program's words and environment may have together; -1 means no limit */
long os_arg_max(void);
/* close this and every higher fd */
void os_closefrom(int fd);
