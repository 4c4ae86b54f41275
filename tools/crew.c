#include "tools/crew.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/complain.h"
#include "tools/hunt.h"
#include "tools/json.h"
#include "tools/lane.h"
#include "tools/ledger.h"
#include "tools/module.h"
#include "tools/progress.h"
#include "tools/quarry.h"

#define RUNS_DEFAULT 10000
#define RUNS_ENDLESS (UINT64_MAX / 2)
#define WATCH_NS 100000000 /* between looks at the lanes when none of them ends */
#define BEAT_MS 1000
#define TWICE_MS                                                                                   \
    500 /* timeout(1) and terminals send a signal to us and to our group: that is one */

static volatile bool stop;       /* this process should come to an end */
static volatile bool stop_asked; /* because somebody asked, not because the time is up */

static uint64_t stop_asked_ms;

static void on_stop(int signal) {
    const uint64_t now = quarry_now_ms(); /* clock_gettime is allowed here */
    if (!stop_asked) {
        stop_asked_ms = now;
    } else if (signal == SIGINT && now - stop_asked_ms >= TWICE_MS) {
        _exit(EXIT_STOPPED); /* asked twice: now; lanes and workers die with their parents */
    }
    stop_asked = true;
    stop = true;
}

static void on_time(int signal) {
    (void)signal;
    stop = true;
}

/* A lane's whole life, in a process of its own. */
static _Noreturn void be_lane(const struct hunt *hunt, uint32_t lane, uint32_t lanes) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &child, NULL);
    const int result = lane_run(hunt, lane, lanes);
    if (result != EXIT_CLEAN) {
        hunt->board->result = result;
    }
    fflush(stdout);
    _exit(0);
}

/* The lanes of this machine. */
struct crew {
    uint32_t lanes;
    pid_t pids[BOARD_LANES_MAX];
    uint32_t alive;
    bool told; /* to stop */
};

static bool start(struct crew *crew, const struct hunt *hunt) {
    fflush(stdout);
    for (uint32_t lane = 0; lane < crew->lanes; lane++) {
        crew->pids[lane] = fork();
        if (crew->pids[lane] == 0) {
            be_lane(hunt, lane, crew->lanes);
        }
        if (crew->pids[lane] < 0) {
            complain("only %u of %u processes could be started; give a smaller -j",
                     lane,
                     crew->lanes);
            hunt->board->result = EXIT_BROKEN;
            stop = true;
            return false;
        }
        crew->alive++;
    }
    return true;
}

static void crew_reap(struct crew *crew, struct board *board) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        crew->alive--;
        for (uint32_t lane = 0; lane < crew->lanes; lane++) {
            crew->pids[lane] = crew->pids[lane] == pid ? 0 : crew->pids[lane];
        }
        if (!WIFEXITED(status)) {
            complain(
                "one of sim's processes was killed by signal %d; what it found is stored, so run "
                "the same command again",
                WTERMSIG(status));
            board->result = EXIT_BROKEN;
        }
    }
}

/* What was asked of this process, or what one lane ran into, holds for all lanes. */
static void crew_stop(struct crew *crew) {
    crew->told = true;
    for (uint32_t lane = 0; lane < crew->lanes; lane++) {
        if (crew->pids[lane] > 0) {
            kill(crew->pids[lane], SIGTERM);
        }
    }
}

static void crew_watch(struct crew *crew, struct hunt *hunt, struct ledger *ledger) {
    struct progress progress;
    progress_init(&progress, hunt);
    const struct timespec nap = {.tv_nsec = WATCH_NS};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    uint64_t beat_ms = quarry_now_ms();
    for (;;) {
        crew_reap(crew, hunt->board);
        if (crew->alive == 0) {
            break;
        }
        if ((stop || hunt->board->result != EXIT_CLEAN) && !crew->told) {
            crew_stop(crew);
        }
        progress_show(&progress);
        if (hunt->stored && quarry_now_ms() - beat_ms >= BEAT_MS) {
            beat_ms = quarry_now_ms();
            ledger_beat(ledger, hunt, crew->lanes);
        }
        sigtimedwait(&child, NULL, &nap);
    }
    progress_end(&progress);
}

/* A line for each `sometimes`; how many of them never held goes to *never_count. */
static int vacuity_report(const struct hunt *hunt, struct ledger *ledger, uint32_t *never_count) {
    int result = EXIT_CLEAN;
    for (unsigned scenario = 0; scenario < hunt->options->operand_count; scenario++) {
        const struct vacuity *vacuity = &hunt->board->vacuities[scenario];
        const struct board_scenario *board = &hunt->board->scenarios[scenario];
        const bool tells = !hunt->exact_seed && board->runs > board->findings;
        for (uint32_t i = 0; i < VACUITY_MARKS_MAX && result == EXIT_CLEAN; i++) {
            const char *sentence = vacuity_sentence(vacuity, i);
            uint64_t runs = vacuity->runs[i];
            if (sentence == NULL) {
                continue;
            }
            if (hunt->stored) {
                result = ledger_held(ledger, hunt, scenario, sentence, &runs);
            }
            vacuity_print(stdout,
                          hunt->options->json,
                          hunt->options->operands[scenario],
                          sentence,
                          runs);
            const struct unmet *unmet = vacuity_unmet(vacuity, i);
            if (unmet != NULL) {
                unmet_print(stdout, hunt->options->json, hunt->options->operands[scenario], unmet);
            }
            *never_count += runs == 0;
        }
        marks_print(stdout,
                    hunt->options->json,
                    hunt->options->operands[scenario],
                    &hunt->board->marks[scenario]);
        for (uint32_t i = 0; i < DESCRIPTION_PROPERTIES_MAX && tells; i++) {
            const char *counter = vacuity_uncounted(vacuity, i);
            if (counter != NULL) {
                vacuity_uncounted_print(stdout,
                                        hunt->options->json,
                                        hunt->options->operands[scenario],
                                        counter);
            }
        }
    }
    return result;
}

static void summary_print(const struct hunt *hunt, bool stopped, bool vacuous) {
    if (hunt->options->json && hunt->exact_seed) {
        return; /* the run has told it all */
    }
    const struct board_sum sum = board_sum(hunt->board);
    const uint64_t bugs_new = hunt->board->bugs_new;
    if (hunt->options->json) {
        printf("{\"event\":\"end\",\"runs\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"new\":%" PRIu64
               ",\"nondeterminism\":%" PRIu64 ",\"seed\":%" PRIu64
               ",\"stopped\":%s,\"vacuous\":%s}\n",
               sum.runs,
               sum.findings,
               bugs_new,
               sum.nondeterminism,
               hunt->seed,
               stopped ? "true" : "false",
               vacuous ? "true" : "false");
        return;
    }
    printf("%s%" PRIu64 " run%s, %" PRIu64 " failed, %" PRIu64 " new",
           sum.findings > 0 ? "\n" : "",
           sum.runs,
           sum.runs == 1 ? "" : "s",
           sum.findings,
           bugs_new);
    if (sum.nondeterminism > 0) {
        printf(", %" PRIu64 " did not repeat", sum.nondeterminism);
    }
    printf(".\n");
    if (stopped && hunt->stored) {
        printf("Stopped early; run the same command again to go on.\n");
    }
    if (vacuous) {
        printf(
            "Vacuous: what must happen sometimes, or what a constraint is about, happened in no\n"
            "run; run more of them, or make the scenario reach it. Where a program is right not\n"
            "to let it happen, leave it out, or name an occasion that comes in any case.\n");
    }
}

/* What --fail-on says about what was found; EXIT_CLEAN when it is nothing to fail on. */
static int exit_of_findings(const struct hunt *hunt, const struct board_sum *sum) {
    switch (hunt->options->fail_on) {
    case FAIL_ON_NEVER:
        return EXIT_CLEAN;
    case FAIL_ON_NEW:
        if (hunt->board->bugs_new > 0) {
            return EXIT_FOUND;
        }
        break;
    case FAIL_ON_ANY:
        if (sum->findings > 0) {
            return EXIT_FOUND;
        }
        break;
    }
    return sum->nondeterminism > 0 ? EXIT_NONDETERMINISM : EXIT_CLEAN;
}

static int exit_code(const struct hunt *hunt, bool stopped, bool lacks) {
    const struct board_sum sum = board_sum(hunt->board);
    const int found = exit_of_findings(hunt, &sum);
    return hunt->board->result != EXIT_CLEAN ? hunt->board->result
           : found != EXIT_CLEAN             ? found
           : stopped                         ? EXIT_STOPPED
           : sum.runs == 0                   ? EXIT_NOTHING_RAN
           : lacks                           ? EXIT_VACUOUS
                                             : EXIT_CLEAN;
}

static void listen_to_signals(const struct options *options) {
    struct sigaction action = {.sa_handler = on_stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = on_time;
    sigaction(SIGALRM, &action, NULL);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    if (options->time_s != 0) {
        alarm((unsigned)options->time_s);
    }
}

/* Nobody wants to learn after a night that findings cannot be stored. */
static int check_corpus(const char *path) {
    struct store store;
    const enum status status = store_open(&store, path, STORE_WRITE);
    const int result = status == STATUS_OK
                           ? EXIT_CLEAN
                           : complain_store(&store, status, "findings could not be stored: ");
    store_close(&store);
    return result;
}

/* What is wrong for all lanes is said once. */
static int check_request(const struct options *options) {
    struct strategy_spec spec;
    char module[PATH_MAX];
    char name[CASE_NAME_SIZE];
    if (options->operand_count == 0) {
        complain("name a scenario; sim list shows what there is");
        return EXIT_USAGE;
    }
    if (strategy_parse(&spec, options->strategy) != STATUS_OK) {
        complain("--strategy \"%s\" is not valid: give fifo, random, sticky, pct, pct:depth=3, "
                 "delay, starve or mix",
                 options->strategy);
        return EXIT_USAGE;
    }
    for (unsigned i = 0; i < options->operand_count; i++) {
        if (!module_find(options->operands[i], module) ||
            !module_name(options->operands[i], name)) {
            return EXIT_USAGE;
        }
    }
    return EXIT_CLEAN;
}

/* "10,000" */
static const char *grouped(uint64_t number, char text[32]) {
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *next = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *next++ = ',';
        }
        *next++ = digits[i];
    }
    *next = '\0';
    return text;
}

/* Which runs of the base seed these are, counted from 1. */
static void range_print(const struct hunt *hunt, unsigned scenario, const char *before) {
    char first[32];
    char last[32];
    grouped(hunt->firsts[scenario] + 1, first);
    if (hunt->ends[scenario] == RUNS_ENDLESS) {
        printf("%suns from %s on", before, first);
    } else {
        printf("%suns %s to %s", before, first, grouped(hunt->ends[scenario], last));
    }
    printf(" of base seed %" PRIu64, hunt->seed);
    if (hunt->options->shard_count > 1) {
        printf(", the part of shard %u/%u", hunt->options->shard, hunt->options->shard_count);
    }
    printf(".\n");
}

static bool one_range(const struct hunt *hunt) {
    for (unsigned i = 1; i < hunt->options->operand_count; i++) {
        if (hunt->firsts[i] != hunt->firsts[0] || hunt->ends[i] != hunt->ends[0]) {
            return false;
        }
    }
    return true;
}

static void start_print_json(const struct hunt *hunt) {
    const struct options *options = hunt->options;
    printf("{\"event\":\"start\",\"scenarios\":%u,\"seed\":%" PRIu64 "}\n",
           options->operand_count,
           hunt->seed);
    for (unsigned i = 0; i < options->operand_count; i++) {
        printf("{\"event\":\"search\",");
        json_field(stdout, "scenario", options->operands[i]);
        printf(",\"first\":%" PRIu64 ",\"end\":%" PRIu64 "}\n", hunt->firsts[i], hunt->ends[i]);
    }
}

/* What is searched now: no campaign is like the one before. */
static void start_print(const struct hunt *hunt) {
    const struct options *options = hunt->options;
    if (hunt->exact_seed) {
        if (options->seed_chosen && !options->json) {
            printf("Seed %" PRIu64 ".\n", hunt->seed);
        }
    } else if (options->json) {
        start_print_json(hunt);
    } else if (one_range(hunt)) {
        range_print(hunt, 0, "R");
    } else {
        for (unsigned i = 0; i < options->operand_count; i++) {
            printf("  %s: ", options->operands[i]);
            range_print(hunt, i, "r");
        }
    }
}

int crew_run(const struct options *options, bool fuzzes) {
    static struct ledger ledger;
    struct hunt hunt = {.options = options, .stop = &stop, .seed = options->seed};
    int result = check_request(options);
    if (result != EXIT_CLEAN) {
        return result;
    }
    hunt.exact_seed = !fuzzes && options->runs == 0 && options->time_s == 0;
    hunt.tells_runs = !fuzzes && options->json;
    hunt.ends_at_finding = options->fail_on == FAIL_ON_ANY && options->time_s == 0;
    hunt.runs_max = hunt.exact_seed        ? 1
                    : options->runs != 0   ? options->runs
                    : options->time_s != 0 ? RUNS_ENDLESS
                                           : RUNS_DEFAULT;
    for (unsigned i = 0; i < options->operand_count; i++) {
        hunt.ends[i] = hunt.runs_max;
    }
    hunt.board = board_create();
    if (hunt.board == NULL) {
        complain(
            "there is no memory for the campaign's counters; end other programs, then run again");
        return EXIT_BROKEN;
    }
    listen_to_signals(options);
    result = fuzzes ? ledger_open(&ledger, &hunt) : check_corpus(options->corpus);
    if (result != EXIT_CLEAN) {
        return result;
    }
    start_print(&hunt);
    struct crew crew = {.lanes = hunt.exact_seed ? 1 : options->jobs};
    start(&crew, &hunt);
    crew_watch(&crew, &hunt, &ledger);
    const bool stopped = stop_asked && board_next(hunt.board, crew.lanes) != BOARD_DONE;
    if (hunt.stored) {
        const bool broken = hunt.board->result == EXIT_BROKEN; /* try again, from there */
        result = ledger_close(&ledger, &hunt, crew.lanes, stopped || broken);
    }
    if (hunt.board->result == EXIT_CLEAN) {
        uint32_t never_count = 0;
        hunt.board->result =
            result == EXIT_CLEAN ? vacuity_report(&hunt, &ledger, &never_count) : result;
        const bool lacks = never_count > 0 && !hunt.exact_seed && options->fail_on != FAIL_ON_NEVER;
        result = exit_code(&hunt, stopped, lacks);
        summary_print(&hunt, stopped, result == EXIT_VACUOUS);
        return result;
    }
    return exit_code(&hunt, stopped, false);
}
