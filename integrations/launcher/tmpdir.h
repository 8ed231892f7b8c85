/* Where distcc makes its temporary files. */

/* what to set so that it can make them: NAME=VALUE; empty when it can as it is, and NULL when
   there is no such place */
const char *tmpdir_entry(void);
