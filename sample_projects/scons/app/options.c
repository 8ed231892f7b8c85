#include "options.h"

#include <stdio.h>
#include <string.h>

int options_parse(struct options *options, int argc, char **argv) {
    memset(options, 0, sizeof *options);
    int at = 1;
    for (; at < argc && argv[at][0] == '-' && argv[at][1] == '-'; at++) {
        if (strcmp(argv[at], "--tree") == 0) {
            options->show_tree = 1;
        } else if (strcmp(argv[at], "--simplify") == 0) {
            options->simplify = 1;
        } else {
            fprintf(stderr, "calc: unknown option %s\n", argv[at]);
            return 2;
        }
    }
    if (at >= argc) {
        fprintf(stderr, "usage: calc [--tree] [--simplify] EXPRESSION [NAME=VALUE...]\n");
        return 2;
    }
    options->expression = argv[at++];
    options->variables = argv + at;
    options->variable_count = argc - at;
    for (int i = 0; i < options->variable_count; i++) {
        if (!strchr(options->variables[i], '=')) {
            fprintf(stderr, "calc: %s is not NAME=VALUE\n", options->variables[i]);
            return 2;
        }
    }
    return 0;
}
