/* Debug information names the directory of the compile.  gcc takes it from the preprocessed
   text; clang takes its own, which is another one on a server. */

/* the word that says which one it is here: the option with the directory behind it; NULL where
   the words do not ask for debug information, or say it already */
char *debug_directory(char *const *argv, const char *option, const char *cwd);
