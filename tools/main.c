/* The `sim` command: finds the verb and lets it work. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/hunt.h"
#include "tools/listing.h"
#include "tools/options.h"
#include "tools/replay.h"

#define RUNS_DEFAULT 10000

static volatile bool stop_asked;

static void on_stop(int signal) {
    (void)signal;
    stop_asked = true;
}

static int help(FILE *out) {
    fprintf(out,
            "sim finds failures of concurrent programs and replays them bit-exactly.\n"
            "\n"
            "  sim run SCENARIO [--seed N] [--runs N]      run seeds, report the first failure\n"
            "  sim fuzz SCENARIO ... [--time 8h] [--runs N]  search; failures go to the corpus\n"
            "  sim replay CASE                             run a stored failure again\n"
            "  sim trace CASE                              every event of a stored failure\n"
            "  sim corpus list|check|show CASE|pin CASE|close CASE|merge FILE\n"
            "  sim list                                    the scenarios that are built\n"
            "  sim doctor                                  what this machine can do\n"
            "\n"
            "  --seed N|random|git   --strategy mix|fifo|random|sticky|pct[:depth=N]\n"
            "  --backend fiber|baton   --corpus FILE (default .sim/corpus.db)   --json\n"
            "  --fail-on any|new|never   -j N   --shard i/N\n"
            "\n"
            "A SCENARIO is a name from `sim list` or the path of a module; a CASE is the first\n"
            "digits of its id. Exit: 0 clean, 1 sim failed, 2 usage, 10 failure found,\n"
            "12 nondeterminism, 13 replay diverged, 75 stopped early.\n");
    return out == stdout ? EXIT_CLEAN : EXIT_USAGE;
}

/* What several processes found, summed up in memory that they share. */
struct tally {
    _Atomic uint64_t runs, findings, findings_new, nondeterminism;
    _Atomic int result; /* the first exit code other than 0 */
};

static void summary_print(const struct options *options, const struct tally *tally) {
    if (options->json) {
        printf("{\"event\":\"end\",\"runs\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"new\":%" PRIu64
               ",\"nondeterminism\":%" PRIu64 "}\n",
               tally->runs,
               tally->findings,
               tally->findings_new,
               tally->nondeterminism);
        return;
    }
    printf("%s%" PRIu64 " run%s, %" PRIu64 " failed, %" PRIu64 " new.\n",
           tally->findings > 0 ? "\n" : "",
           tally->runs,
           tally->runs == 1 ? "" : "s",
           tally->findings,
           tally->findings_new);
}

static int exit_code(const struct options *options, const struct tally *tally) {
    const uint64_t counted = options->fail_on == FAIL_ON_NEW     ? tally->findings_new
                             : options->fail_on == FAIL_ON_NEVER ? 0
                                                                 : tally->findings;
    return tally->result != EXIT_CLEAN ? tally->result
           : counted > 0               ? EXIT_FOUND
           : tally->nondeterminism > 0 ? EXIT_NONDETERMINISM
           : stop_asked                ? EXIT_STOPPED
           : tally->runs == 0          ? EXIT_NOTHING_RAN
                                       : EXIT_CLEAN;
}

/* One lane of the campaign, through all scenarios. */
static void hunt_lane(struct hunt *hunt, struct tally *tally) {
    const struct options *options = hunt->options;
    int result = EXIT_CLEAN;
    for (unsigned i = 0; i < options->operand_count && result == EXIT_CLEAN && !stop_asked; i++) {
        result = hunt_run(hunt, options->operands[i]);
    }
    tally->runs += hunt->runs;
    tally->findings += hunt->findings;
    tally->findings_new += hunt->findings_new;
    tally->nondeterminism += hunt->nondeterminism;
    if (result != EXIT_CLEAN) {
        tally->result = result;
    }
}

/* Lanes beyond the first run in processes of their own, which write to the corpus in turn. */
static void hunt_lanes(struct hunt *hunt, struct tally *tally) {
    const struct options *options = hunt->options;
    const uint32_t jobs = hunt->exact_seed ? 1 : options->jobs;
    hunt->stride = (uint64_t)jobs * options->shard_count;
    fflush(stdout);
    for (uint32_t job = 1; job < jobs; job++) {
        if (fork() == 0) {
            hunt->lane = (uint64_t)options->shard * jobs + job;
            hunt_lane(hunt, tally);
            fflush(stdout);
            _exit(EXIT_CLEAN);
        }
    }
    hunt->lane = (uint64_t)options->shard * jobs;
    hunt_lane(hunt, tally);
    while (wait(NULL) > 0) {
    }
}

static int verb_hunt(const struct options *options, bool fuzzes) {
    if (options->operand_count == 0) {
        fprintf(stderr, "sim: name a scenario; sim list shows what there is\n");
        return EXIT_USAGE;
    }
    if (!hunt_check_corpus(options->corpus)) {
        return EXIT_BROKEN;
    }
    struct hunt hunt = {.options = options,
                        .stop = &stop_asked,
                        .exact_seed = !fuzzes && options->runs == 0};
    hunt.runs_max = options->runs != 0 ? options->runs : hunt.exact_seed ? 1 : RUNS_DEFAULT;
    if (options->time_s != 0) {
        hunt.deadline = time(NULL) + (int64_t)options->time_s;
        hunt.runs_max = options->runs != 0 ? options->runs : UINT64_MAX / 2;
    }
    struct tally *tally =
        mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tally == MAP_FAILED) {
        perror("sim: no memory");
        return EXIT_BROKEN;
    }
    signal(SIGINT, on_stop);
    signal(SIGTERM, on_stop);
    signal(SIGPIPE, SIG_IGN);
    hunt_lanes(&hunt, tally);
    if (tally->result == EXIT_CLEAN) {
        summary_print(options, tally);
    }
    return exit_code(options, tally);
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "help") == 0 || strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        return help(stdout);
    }
    static const char *const verbs[] =
        {"run", "fuzz", "replay", "trace", "corpus", "list", "doctor"};
    unsigned which = 0;
    while (which < sizeof verbs / sizeof verbs[0] && strcmp(verb, verbs[which]) != 0) {
        which++;
    }
    struct options options;
    if (which == sizeof verbs / sizeof verbs[0]) {
        fprintf(stderr, "sim: \"%s\" is no verb of sim; these are:\n\n", verb);
        return help(stderr);
    }
    if (!options_parse(&options, verb, argc - 1, argv + 1)) {
        return EXIT_USAGE;
    }
    switch (which) {
    case 0:
        return verb_hunt(&options, false);
    case 1:
        return verb_hunt(&options, true);
    case 2:
        return replay_case(&options);
    case 3:
        return replay_trace(&options);
    case 4:
        return listing_corpus(&options);
    case 5:
        return listing_scenarios(&options);
    default:
        return listing_doctor(&options);
    }
}
