/* Dependency files: what distcc 3.4 forgets of -MD and -MMD. */

enum { DEPS_WORDS = 4 };

/* distcc runs the preprocessor without -o, so that the names which gcc makes from -o (its specs:
   cpp_unique_options) are lost: the file, without -MF, and the target in it, without -MT.
   Fills in the words that say both; returns how many, or -1 when these names cannot be told */
int deps_missing(char *const *argv, char *words[DEPS_WORDS]);
