/* The command line: one expression, then NAME=VALUE. */
#ifndef CALC_OPTIONS_H
#define CALC_OPTIONS_H

#ifdef __cplusplus
extern "C" {
#endif

struct options {
    const char *expression;
    int show_tree;
    int simplify;
    char **variables;
    int variable_count;
};

/* Returns 0, or prints to stderr what is wrong and returns 2. */
int options_parse(struct options *options, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
