/* The command line, parsed once: what every verb may be told.
 *
 * Memory:      strings are borrowed from argv.
 * Errors:      a sentence on stderr and EXIT_USAGE.
 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/exit.h"

#define OPTIONS_OPERANDS_MAX 64
#define OPTIONS_COMMAND_SIZE 4096
#define OPTIONS_AGAIN_SIZE 1024
#define OPTIONS_STRATEGY_SIZE 96

enum options_fail_on { FAIL_ON_ANY, FAIL_ON_NEW, FAIL_ON_NEVER };

struct options {
    const char *corpus;
    const char *points;                   /* NULL = not said */
    const char *races;                    /* "+races", "-races"; NULL = not said */
    const char *memory;                   /* "~c11", "~sc"; NULL = not said */
    char strategy[OPTIONS_STRATEGY_SIZE]; /* "mix", with all: "mix@atomics+races~c11" */
    const char *backend;                  /* NULL = the best that works */
    const char *output;                   /* a file to write; NULL = as the verb does it */
    uint64_t seed;
    bool seed_given;
    bool seed_chosen; /* by us: random or git */
    uint64_t runs;    /* 0 = not given */
    uint64_t time_s;  /* 0 = no limit */
    uint32_t jobs;
    uint32_t shard, shard_count;
    enum options_fail_on fail_on;
    bool json;
    unsigned operand_count;
    const char *operands[OPTIONS_OPERANDS_MAX];
    char command[OPTIONS_COMMAND_SIZE]; /* the whole line, cut */
    char again[OPTIONS_AGAIN_SIZE];     /* what a line for the same corpus ends with: "", or
                                           " --corpus FILE" when one was named */
};

/* Parses what follows the verb. False after a sentence on stderr. */
bool options_parse(struct options *options, const char *verb, int argc, char **argv);

#endif
