/* Where the installation of this program is. */

/* below the prefix: LLVM's tools look through a launcher of this file name */
#define PREFIX_ALIAS "/libexec/distcc-build/distcc"
#define PREFIX_LAUNCHER "/bin/distcc-launch"
#define PREFIX_RECORDER "/libexec/distcc-build/distcc-record"

/* the directory above bin/ and libexec/; false where this program lies elsewhere */
bool prefix_find(char prefix[PATH_MAX]);
