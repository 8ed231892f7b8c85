/* Names of plans: a hash of all that may lead to another plan. */

enum { KEY_NAME = 64 };

/* NAME of the lock of this environment: lock-E */
void key_lock(char name[KEY_NAME], char **envp);
/* NAME of the plan of this environment and compiler word: plan-E-W */
void key_plan(char name[KEY_NAME], char **envp, const char *word, const char *cwd);
