/* The environment as far as it may steer us: nothing of it in a set-uid or set-gid program. */

/* may the environment be listened to at all */
bool env_trusted(void);
/* value of the variable, or NULL */
const char *env_get(const char *name);
/* is the variable a switch in the position off: off, 0, no or false, in any case */
bool env_off(const char *name);
/* is it set, and to none of the words for either position */
bool env_unclear(const char *name);
/* does the environment entry set this variable; length is that of the name */
bool env_names(const char *entry, const char *name, size_t length);
/* a copy with room for more entries; NULL without memory */
char **env_copy(char **envp, size_t more);
/* let the copy have this NAME=VALUE, instead of what it had; with keep, only if it had none */
void env_set(char **envp, char *entry, bool keep);
