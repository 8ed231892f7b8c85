/* Command lines that stay local; what there is to know is in distcc_build/flags.py. */

enum kind { WORD, PREFIX, VALUE, OUTPUT, SUFFIX, NAME, PATH, TAKES };

struct row {
	enum kind kind;
	const char *text;
	const char *value;
	const char *reason;
};

/* the rows of distcc_build/flags.py, in their order; the last one has no text */
extern const struct row flag_rows[];
extern const char flag_no_input[];

/* is the next word the value of this one */
bool flags_takes_value(const char *word);
/* why this command line is for the compiler itself; NULL when distcc may have it */
const char *flags_local(char *const *argv, const char *cwd);
