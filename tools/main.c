/* The `sim` command: finds the verb and lets it work. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/compare.h"
#include "tools/complain.h"
#include "tools/crew.h"
#include "tools/doctor.h"
#include "tools/export.h"
#include "tools/listing.h"
#include "tools/options.h"
#include "tools/replay.h"
#include "tools/validate.h"

static int help(FILE *out) {
    fprintf(
        out,
        "sim finds failures of concurrent programs and replays them bit-exactly.\n"
        "\n"
        "  sim run SCENARIO [--seed N]          one run with this seed\n"
        "  sim run SCENARIO --runs N            many runs, up to the first failure\n"
        "  sim fuzz SCENARIO ... [--runs N]     N runs (10,000) that no search before has done\n"
        "  sim fuzz SCENARIO ... --time 8h      search on, whatever is found meanwhile\n"
        "  sim replay CASE                      a stored failure, bit-exactly\n"
        "  sim trace CASE                       its every event\n"
        "  sim export CASE [-o FILE]            a scenario file that fails so with each seed\n"
        "  sim corpus list|show CASE            the bugs that were found; one case of them\n"
        "  sim corpus campaigns                 what was run, and how far it came\n"
        "  sim corpus pin CASE                  keep it, also as a text file to be put into git\n"
        "  sim corpus close CASE                its bug is fixed\n"
        "  sim corpus check                     is it sound, and which bugs still happen\n"
        "  sim corpus merge FILE                add the cases of another, or a pinned one's text\n"
        "  sim list                             the scenarios there are\n"
        "  sim check SCENARIO ...               is it one, and what does it declare\n"
        "  sim compare SCENARIO [--runs N]      how soon each strategy finds its failure\n"
        "  sim doctor                           what this machine can do\n"
        "\n"
        "  --seed N|0x...|random|git   --strategy mix|fifo|random|sticky|pct[:depth=N]|pos|\n"
        "                    reads-from|delay[:depth=N]|starve\n"
        "  --points calls|atomics|accesses   where a switch may be; below the calls only in\n"
        "                    modules built with INSTRUMENT (default: what the scenario says)\n"
        "  --races on|off    whether a data race ends a run there (default: on)\n"
        "  --memory sc|c11   what an atomic load may see there: the last store (default), or\n"
        "                    whatever C11 allows\n"
        "  --backend fiber|baton   --corpus FILE (default .sim/corpus.db)   --json\n"
        "  -j N (0: all processors)   --shard i/N: the i-th of N machines, from 0\n"
        "  --fail-on any     exit 10 when anything is found; the first failure of a scenario\n"
        "                    ends its search, unless there is a --time (default)\n"
        "  --fail-on new     exit 10 only for a failure that the corpus did not know before\n"
        "  --fail-on never   exit 0 whatever is found, for jobs that only collect\n"
        "\n"
        "fuzz goes on where the search before ended, of the same scenario, build and strategy in\n"
        "this corpus; with --seed N it begins with the first run of N.\n"
        "\n"
        "A SCENARIO is a name from `sim list`, or the path of a scenario file (.lua) or of a\n"
        "module (.so); a CASE is the first digits of its id. Exit: 0 clean, 1 sim failed,\n"
        "2 usage, 3 nothing ran, 10 failure found, 11 vacuous, 12 nondeterminism, 13 replay\n"
        "diverged, 75 stopped early with nothing to fail on: the same command goes on.\n");
    return out == stdout ? EXIT_CLEAN : EXIT_USAGE;
}

static int verb_run(const struct options *options) {
    return crew_run(options, false);
}

static int verb_fuzz(const struct options *options) {
    return crew_run(options, true);
}

static const struct {
    const char *name;
    int (*verb)(const struct options *options);
    unsigned operands_max;
} verbs[] = {
    {"run", verb_run, 1},
    {"fuzz", verb_fuzz, OPTIONS_OPERANDS_MAX},
    {"replay", replay_case, 1},
    {"trace", replay_trace, 1},
    {"export", export_case, 1},
    {"corpus", listing_corpus, 2},
    {"list", listing_scenarios, 0},
    {"check", validate_scenarios, OPTIONS_OPERANDS_MAX},
    {"compare", compare_strategies, 1},
    {"doctor", doctor_run, 0},
};

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return help(stdout);
    }
    unsigned which = 0;
    while (which < sizeof verbs / sizeof verbs[0] && strcmp(name, verbs[which].name) != 0) {
        which++;
    }
    if (which == sizeof verbs / sizeof verbs[0]) {
        if (argc > 1) {
            complain("\"%s\" is no verb of sim; these are:\n", name);
        }
        return help(stderr);
    }
    static struct options options;
    if (!options_parse(&options, name, argc - 1, argv + 1)) {
        return EXIT_USAGE;
    }
    if (options.operand_count > verbs[which].operands_max) {
        complain("%s takes %u name%s, so \"%s\" is one too many",
                 name,
                 verbs[which].operands_max,
                 verbs[which].operands_max == 1 ? "" : "s",
                 options.operands[verbs[which].operands_max]);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN); /* a worker that died is told by its answer */
    return verbs[which].verb(&options);
}
