/* Command lines that stay local; what there is to know is in distcc_build/flags.py. */

enum kind { WORD, PREFIX, VALUE, ANY, OUTPUT, SUFFIX, NAME, PATH, ENV, TAKES };

struct row {
	enum kind kind;
	const char *text;
	const char *value;
	const char *reason;
};

enum { FLAG_VALUES, FLAG_FILES, FLAG_PARTS = 128 };

/* the rows of distcc_build/flags.py, in parts: those about the values of options, those about
   files, those about an option's own text by its second character; in each in their order */
extern const struct row flag_rows[];
/* where each part begins, and the end of the last one, which is empty */
extern const unsigned short flag_parts[FLAG_PARTS + 1];
extern const char flag_no_input[], flag_no_value[], flag_several[];

/* is the next word the value of this one */
bool flags_takes_value(const char *word);
/* why this command line is for the compiler itself; NULL when distcc may have it */
const char *flags_local(char *const *argv, const char *cwd, char *const *environment);
