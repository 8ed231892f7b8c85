/* Compiles that stay local for what their files are; flags.h only reads the command line. */

/* why this compile is for the compiler itself; NULL when distcc may have it */
const char *source_local(char *const *argv);
