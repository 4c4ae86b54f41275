#include "tools/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/level.h"
#include "tools/complain.h"

#define JOBS_MAX 256
#define CORPUS_DEFAULT ".sim/corpus.db"
#define TIME_S_MAX (366u * 24 * 3600)

enum {
    OPTION_CORPUS = 256,
    OPTION_SEED,
    OPTION_STRATEGY,
    OPTION_BACKEND,
    OPTION_POINTS,
    OPTION_RACES,
    OPTION_MEMORY,
    OPTION_RUNS,
    OPTION_TIME,
    OPTION_SHARD,
    OPTION_FAIL_ON,
    OPTION_JSON,
};

static const struct option long_options[] = {
    {"corpus", required_argument, NULL, OPTION_CORPUS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"strategy", required_argument, NULL, OPTION_STRATEGY},
    {"backend", required_argument, NULL, OPTION_BACKEND},
    {"points", required_argument, NULL, OPTION_POINTS},
    {"races", required_argument, NULL, OPTION_RACES},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"time", required_argument, NULL, OPTION_TIME},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"fail-on", required_argument, NULL, OPTION_FAIL_ON},
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

static bool refuse(const char *what, const char *value, const char *wanted) {
    complain("%s \"%s\" is not valid: give %s", what, value, wanted);
    return false;
}

/* A whole number, decimal or 0x…; false for anything else or beyond max. */
static bool parse_number(const char *text, uint64_t max, uint64_t *value) {
    char *end;
    errno = 0;
    *value = strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value <= max;
}

/* The first 64 bits of the commit that is checked out: a seed that is the same for everyone. */
static bool seed_from_git(uint64_t *seed) {
    char digits[17] = "";
    FILE *pipe = popen("git rev-parse HEAD 2>/dev/null", "r");
    const bool read = pipe != NULL && fread(digits, 1, 16, pipe) == 16;
    if (pipe != NULL) {
        pclose(pipe);
    }
    *seed = strtoull(digits, NULL, 16);
    return read;
}

static bool parse_seed(struct options *options, const char *text) {
    options->seed_chosen = strcmp(text, "random") == 0 || strcmp(text, "git") == 0;
    if (strcmp(text, "random") == 0) {
        return getentropy(&options->seed, sizeof options->seed) == 0;
    }
    if (strcmp(text, "git") == 0) {
        return seed_from_git(&options->seed) ||
               refuse("--seed", text, "a number here, since this is no git checkout");
    }
    return parse_number(text, UINT64_MAX, &options->seed) ||
           refuse("--seed", text, "a number from 0 to 18446744073709551615, 0x…, random or git");
}

static bool parse_time(struct options *options, const char *text) {
    char *end;
    errno = 0;
    const uint64_t number = strtoull(text, &end, 10);
    const uint64_t unit = strcmp(end, "h") == 0                           ? 3600
                          : strcmp(end, "m") == 0                         ? 60
                          : strcmp(end, "s") == 0 || strcmp(end, "") == 0 ? 1
                                                                          : 0;
    options->time_s = number * unit;
    return (end != text && unit != 0 && errno == 0 && number > 0 && number <= TIME_S_MAX &&
            options->time_s <= TIME_S_MAX) ||
           refuse("--time", text, "a number with s, m or h, like 30s or 8h, up to a year");
}

static bool parse_shard(struct options *options, const char *text) {
    unsigned shard;
    unsigned count;
    int length = 0;
    if (sscanf(text, "%u/%u%n", &shard, &count, &length) != 2 || text[length] != '\0' ||
        count == 0 || shard >= count) {
        return refuse("--shard", text, "i/N with i from 0 to N - 1");
    }
    options->shard = shard;
    options->shard_count = count;
    return true;
}

static bool parse_fail_on(struct options *options, const char *text) {
    static const char *const words[] = {"any", "new", "never"};
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(text, words[i]) == 0) {
            options->fail_on = (enum options_fail_on)i;
            return true;
        }
    }
    return refuse("--fail-on", text, "any, new or never");
}

static bool parse_strategy(struct options *options, const char *text) {
    const int length = snprintf(options->strategy, sizeof options->strategy, "%s", text);
    return length < (int)sizeof options->strategy || refuse("--strategy", text, "one of sim help");
}

/* --points, --races and --memory are parameters of the strategy, stored with it. */
static bool add_points(struct options *options) {
    char strategy[OPTIONS_STRATEGY_SIZE];
    snprintf(strategy, sizeof strategy, "%s", options->strategy);
    const int length = snprintf(options->strategy,
                                sizeof options->strategy,
                                "%s%s%s%s%s",
                                strategy,
                                options->points == NULL ? "" : "@",
                                options->points == NULL ? "" : options->points,
                                options->races == NULL ? "" : options->races,
                                options->memory == NULL ? "" : options->memory);
    return length < (int)sizeof options->strategy ||
           refuse("--strategy", strategy, "a shorter one");
}

static bool parse_races(struct options *options, const char *text) {
    const bool found = strcmp(text, "on") == 0;
    options->races = found ? "+races" : "-races";
    return found || strcmp(text, "off") == 0 || refuse("--races", text, "on or off");
}

static bool parse_memory(struct options *options, const char *text) {
    const bool weak = strcmp(text, "c11") == 0;
    options->memory = weak ? "~c11" : "~sc";
    return weak || strcmp(text, "sc") == 0 || refuse("--memory", text, "sc or c11");
}

static bool parse_one(struct options *options, int which, const char *value) {
    uint64_t number;
    switch (which) {
    case OPTION_CORPUS:
        options->corpus = value;
        return true;
    case OPTION_SEED:
        options->seed_given = true;
        return parse_seed(options, value);
    case OPTION_STRATEGY:
        return parse_strategy(options, value);
    case OPTION_BACKEND:
        options->backend = value;
        return strcmp(value, "fiber") == 0 || strcmp(value, "baton") == 0 ||
               refuse("--backend", value, "fiber or baton");
    case OPTION_POINTS:
        options->points = value;
        return level_find(value) != LEVEL_COUNT ||
               refuse("--points", value, "calls, atomics or accesses");
    case OPTION_RACES:
        return parse_races(options, value);
    case OPTION_MEMORY:
        return parse_memory(options, value);
    case OPTION_RUNS:
        return (parse_number(value, UINT64_MAX >> 1, &options->runs) && options->runs > 0) ||
               refuse("--runs", value, "a number from 1");
    case OPTION_TIME:
        return parse_time(options, value);
    case OPTION_SHARD:
        return parse_shard(options, value);
    case OPTION_FAIL_ON:
        return parse_fail_on(options, value);
    case OPTION_JSON:
        options->json = true;
        return true;
    case 'o':
        options->output = value;
        return true;
    case 'j':
        if (!parse_number(value, JOBS_MAX, &number)) {
            return refuse("-j", value, "a number from 0 (all processors) to 256");
        }
        options->jobs = number == 0 ? (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) : (uint32_t)number;
        return true;
    default:
        return false;
    }
}

/* The command line as one text: what a campaign that was stopped is found again by. */
static void join(char *text, const char *verb, int argc, char **argv) {
    size_t used = (size_t)snprintf(text, OPTIONS_COMMAND_SIZE, "sim %s", verb);
    for (int i = 1; i < argc && used < OPTIONS_COMMAND_SIZE; i++) {
        used += (size_t)snprintf(text + used, OPTIONS_COMMAND_SIZE - used, " %s", argv[i]);
    }
}

/* Where a corpus was named, every line that is printed to be typed again must name it, quoted for a
 * shell where the path needs that. A path too long for the line is left out. */
static void print_again(struct options *options) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+,:@%=";
    const char *path = options->corpus;
    const char *quote = path[strspn(path, plain)] == '\0' && path[0] != '\0' ? "" : "'";
    const int length =
        snprintf(options->again, sizeof options->again, " --corpus %s%s%s", quote, path, quote);
    if (strcmp(path, CORPUS_DEFAULT) == 0 || strchr(path, '\'') != NULL ||
        length >= (int)sizeof options->again) {
        options->again[0] = '\0';
    }
}

bool options_parse(struct options *options, const char *verb, int argc, char **argv) {
    *options = (struct options){.corpus = CORPUS_DEFAULT,
                                .strategy = "mix",
                                .seed = 1,
                                .jobs = 1,
                                .shard_count = 1};
    join(options->command, verb, argc, argv);
    opterr = 0;
    optind = 1;
    int which;
    while ((which = getopt_long(argc, argv, ":j:o:", long_options, NULL)) != -1) {
        if (which == ':') {
            complain("%s needs a value after it; see sim help", argv[optind - 1]);
            return false;
        }
        if (which == '?') {
            complain("%s does not know %s; see sim help", verb, argv[optind - 1]);
            return false;
        }
        if (!parse_one(options, which, optarg)) {
            return false;
        }
    }
    for (; optind < argc; optind++) {
        if (options->operand_count == OPTIONS_OPERANDS_MAX) {
            complain("%s takes at most %d names; start it twice", verb, OPTIONS_OPERANDS_MAX);
            return false;
        }
        options->operands[options->operand_count++] = argv[optind];
    }
    print_again(options);
    return add_points(options);
}
