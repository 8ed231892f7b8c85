/* Response files: @FILE on a command line stands for the words in the file. */

/* is there such a word */
bool response_any(char *const *argv);
/* a copy of the words with those of the files in the place of each @FILE; one that cannot be
   read is a word like any other, as gcc has it.  NULL when it is too much to read: bounded, or
   more than there is memory for */
char **response_expand(char *const *argv, bool bounded);
