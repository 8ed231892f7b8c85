/* The journal: one JSON object a line, appended by many processes at once.  What the lines hold is
   specified in distcc_build/record/journal.py, which reads them. */

/* start a line; all that is added goes to the same one */
void journal_start(void);
/* add a member that is a number, a text, or a list of texts, from whose middle "..." takes what does
   not fit; bytes that are no ASCII become lone surrogates, as Python's surrogateescape has them */
void journal_number(const char *name, int64_t value);
void journal_text(const char *name, const char *value);
void journal_words(const char *name, char *const *words);
/* add [nanoseconds, phase, host, slot] to the list that "states" is */
void journal_state(int64_t when, uint32_t phase, const char *host, int slot);
/* end the line */
void journal_end(void);
/* append it to the file of this name, or if that is empty to the journal in the cache directory;
   false if it cannot be written, as the file's mode says from then on (u+x) */
bool journal_append(const char *path);
