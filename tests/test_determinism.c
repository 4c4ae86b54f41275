/* The determinism contract, line by line: the same scenario, build and choices give the same run
 * wherever, however often and beside whatever they run. Each line is held against every scenario
 * that is built; planted leaks go through the same comparison and must not pass it. */
#include "tests/suite.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/point.h"
#include "tools/runner.h"

#define MODULES_MAX 512
#define SEED 7
#define SEEDS_FRESH 3 /* the first run of a worker of their own */
#define SEEDS_MODULE 3
#define SEEDS_MAX 12 /* compared a line; a scenario of many points has fewer */
#define PROCESSES 8
#ifndef DETERMINISM_BRIEF
#define DETERMINISM_BRIEF 0
#endif
#define POINTS_MAX 400000u /* of one scenario in one line: what keeps this fast */
#define SLOWNESS 10u       /* of the baton back end: so many points fewer */

/* ---- what is compared ---- */

static char scenarios[MODULES_MAX][PATH_MAX];
static int scenario_count;
static char modules[MODULES_MAX][PATH_MAX];
static int module_count;

static void path_of(char *path, const char *folder, const char *name) {
    char beside[PATH_MAX - 300];
    runner_folder(beside, sizeof beside);
    snprintf(path, PATH_MAX, "%s/%s/%s", beside, folder, name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

/* All modules of a folder beside this program, so that one added later is here too. */
static int find(const char *folder_name, char (*found)[PATH_MAX]) {
    char folder[PATH_MAX];
    int count = 0;
    path_of(folder, folder_name, "");
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return 0; /* a test asserts that there are some */
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strstr(entry->d_name, ".so") != NULL && count < MODULES_MAX) {
            path_of(found[count++], folder_name, entry->d_name);
        }
    }
    closedir(directory);
    qsort(found, (size_t)count, sizeof found[0], by_name);
    return count;
}

/* ---- runs ---- */

/* All of a run that must be the same. */
struct outcome {
    struct hash fingerprint;
    struct verdict verdict; /* without the addresses in it */
    uint64_t events, points, now_ns, choices_asked;
    uint64_t choice_count;
    struct choice *choices; /* without the addresses in them */
};

/* A run to compare others with. */
struct reference {
    uint64_t seed;
    struct outcome outcome;
    struct event events[TRACE_RING];
};

/* A worker that is started again after a crash. */
struct bench {
    const char *module;
    const struct runner_options *options;
    bool forks; /* each run has a process of its own */
    bool open;
    struct runner runner;
};

static void bench_close(struct bench *bench) {
    if (bench->open) {
        runner_close(&bench->runner);
    }
    bench->open = false;
}

/* One run, of a seed alone or of the choices that a reference took. */
static const struct record *
bench_run(struct bench *bench, uint64_t seed, const struct reference *script) {
    struct runner *runner = &bench->runner;
    if (!bench->open) {
        ck_assert_msg(runner_open(runner, bench->module, bench->options),
                      "%s: %s",
                      bench->module,
                      runner_error(runner));
        bench->open = true;
    }
    struct record *record = runner->record;
    ck_assert(runner_prepare(runner, "mix", seed, 1));
    record->request.exact_seed = 1;
    record->request.fork = bench->forks;
    if (script != NULL) {
        record->request.spec.mode = CHOICES_STRICT;
        record->request.spec.script_count = script->outcome.choice_count;
        memcpy(record->script,
               script->outcome.choices,
               script->outcome.choice_count * sizeof record->script[0]);
    }
    ck_assert_msg(runner_run(runner, NULL) == RUNNER_REPLIED && record->error[0] == '\0',
                  "%s: the worker broke: %s",
                  bench->module,
                  record->error);
    return record;
}

/* The choices are copied into memory of the caller's. */
static void outcome_fill(struct outcome *outcome, const struct record *record) {
    *outcome = (struct outcome){.fingerprint = record->fingerprint,
                                .verdict = record->verdict,
                                .events = record->trace.count,
                                .points = record->points,
                                .now_ns = record->now_ns,
                                .choices_asked = record->choices_asked,
                                .choice_count = record->record_count};
    outcome->verdict.site = 0;
    outcome->verdict.other_site = 0;
    outcome->verdict.address = 0;
    outcome->choices = malloc((record->record_count + 1) * sizeof *outcome->choices);
    ck_assert_ptr_nonnull(outcome->choices);
    for (uint64_t i = 0; i < record->record_count; i++) {
        outcome->choices[i] = record->choices[i];
        outcome->choices[i].site = 0;
    }
}

static bool outcome_equal(const struct outcome *a, const struct outcome *b) {
    return memcmp(&a->fingerprint, &b->fingerprint, sizeof a->fingerprint) == 0 &&
           memcmp(&a->verdict, &b->verdict, offsetof(struct verdict, message)) == 0 &&
           strcmp(a->verdict.message, b->verdict.message) == 0 && a->events == b->events &&
           a->points == b->points && a->now_ns == b->now_ns &&
           a->choices_asked == b->choices_asked && a->choice_count == b->choice_count &&
           memcmp(a->choices, b->choices, a->choice_count * sizeof a->choices[0]) == 0;
}

/* Where two runs part, for the message and for what a planted leak must be blamed on. */
struct parting {
    uint64_t number;    /* of the first event that differs, from 1 */
    struct event event; /* what it was in the reference, or in the run when that has more */
    char text[400];
};

static void parting_fill(struct parting *parting,
                         const struct reference *reference,
                         const struct record *record) {
    const uint64_t mine = reference->outcome.events;
    const uint64_t other = record->trace.count;
    const uint64_t common = mine < other ? mine : other;
    uint64_t at = common > TRACE_RING ? common - TRACE_RING : 0;
    while (at < common && memcmp(&reference->events[at % TRACE_RING],
                                 &record->trace.events[at % TRACE_RING],
                                 sizeof(struct event)) == 0) {
        at++;
    }
    const struct event *events = at < mine ? reference->events : record->trace.events;
    parting->number = at + 1;
    parting->event = events[at % TRACE_RING];
    snprintf(parting->text,
             sizeof parting->text,
             "seed %llu: event %llu, %s; %s: %.100s; is not %s: %.100s",
             (unsigned long long)reference->seed,
             (unsigned long long)parting->number,
             point_name(parting->event.kind),
             verdict_name(record->verdict.kind),
             record->verdict.message,
             verdict_name(reference->outcome.verdict.kind),
             reference->outcome.verdict.message);
}

/* ---- the lines of the contract ---- */

static const char *const noise[] = {"SIM_TEST_NOISE",
                                    "a value that moves the first stack by some length",
                                    "TZ",
                                    "Asia/Tokyo",
                                    "LC_ALL",
                                    "de_DE.UTF-8",
                                    "MALLOC_PERTURB_",
                                    "165",
                                    NULL};

/* How the second of two equal runs comes about. */
struct line {
    const char *name;
    struct runner_options options;
    unsigned processes; /* how many are started, one after the other */
    unsigned times;     /* how often each seed is run in each, at most */
    bool forks, replays;
};

enum line_index { FRESH, ELSEWHERE, BATON, BATON_REPLAY, FILLED, THOUSAND, FORKED, REPLAY };

static const struct line lines[] = {
    [FRESH] = {.name = "fresh processes, each at other addresses", .processes = PROCESSES},
    [ELSEWHERE] = {.name = "another environment, working directory and argv[0]",
                   .options = {.name = "another-name-of-another-length",
                               .folder = "/",
                               .environment = noise}},
    [BATON] = {.name = "the baton back end", .options = {.backend = "baton"}},
    [BATON_REPLAY] = {.name = "the choices of a fiber's run, replayed by the baton back end",
                      .options = {.backend = "baton"},
                      .replays = true},
    [FILLED] = {.name = "uninitialised memory filled", .options = {.fill = 165}},
    [THOUSAND] = {.name = "a thousand repetitions in one worker", .times = 1000},
    [FORKED] = {.name = "forked processes of a used worker", .times = 2, .forks = true},
    [REPLAY] = {.name = "the choices, replayed in a fresh process", .replays = true},
};
#define LINE_COUNT (int)(sizeof lines / sizeof lines[0])

/* How much of a scenario is compared. A planted variant is its twin but for a few lines. */
struct effort {
    unsigned seeds, processes;
    uint64_t points; /* in one line */
};

static const struct effort full = {SEEDS_MAX, PROCESSES, POINTS_MAX};
static const struct effort brief = {3, 2, 20000};

static struct reference references[SEEDS_MAX];
static unsigned reference_count;

static void references_fill(const char *module, const struct effort *effort) {
    static const struct runner_options plain = {.backend = "fiber"};
    struct bench bench = {.module = module, .options = &plain};
    uint64_t points = 0;
    unsigned count = 0;
    while (count < effort->seeds && (count == 0 || points < effort->points)) {
        struct reference *reference = &references[count];
        reference->seed = SEED + count;
        const struct record *record = bench_run(&bench, reference->seed, NULL);
        outcome_fill(&reference->outcome, record);
        memcpy(reference->events, record->trace.events, sizeof reference->events);
        points += record->points;
        count++;
        if (count <= SEEDS_FRESH || record->reply == RECORD_CRASHED) {
            bench_close(&bench);
        }
    }
    bench_close(&bench);
    reference_count = count;
}

static void references_free(void) {
    for (unsigned i = 0; i < reference_count; i++) {
        free(references[i].outcome.choices);
    }
}

/* As many references as may be run so often. */
static unsigned references_within(unsigned seeds, uint64_t points_max) {
    uint64_t points = 0;
    unsigned count = 0;
    while (count < reference_count && count < seeds && (count == 0 || points < points_max)) {
        points += references[count].outcome.points;
        count++;
    }
    return count;
}

static bool
same_as(const struct reference *reference, const struct record *record, struct parting *parting) {
    struct outcome outcome;
    outcome_fill(&outcome, record);
    const bool same = outcome_equal(&reference->outcome, &outcome);
    if (!same) {
        parting_fill(parting, reference, record);
    }
    free(outcome.choices);
    return same;
}

/* Runs references again in one worker, in turn, so that each finds what others left. */
static bool holds_in(struct bench *bench,
                     const struct line *line,
                     unsigned count,
                     uint64_t points_max,
                     struct parting *parting) {
    uint64_t points = 0;
    const unsigned times = line->times == 0 ? 1 : line->times;
    for (unsigned i = 0; i < times * count && (i < 2 * count || points < points_max); i++) {
        const struct reference *reference = &references[i % count];
        bench->forks = line->forks && i >= count; /* at first in the worker itself */
        const struct record *record =
            bench_run(bench, reference->seed, line->replays ? reference : NULL);
        points += record->points;
        if (!same_as(reference, record, parting)) {
            return false;
        }
        if (record->reply == RECORD_CRASHED) {
            bench_close(bench);
        }
    }
    return true;
}

/* True when the module of the references keeps to a line of the contract; else `parting` says where
 * it does not. */
static bool holds(const char *module,
                  const struct line *line,
                  const struct effort *effort,
                  struct parting *parting) {
    const unsigned wanted = line->processes == 0 ? 1 : line->processes;
    const unsigned processes = wanted < effort->processes ? wanted : effort->processes;
    const unsigned seeds = line->times > 2 ? SEEDS_FRESH : SEEDS_MAX;
    const uint64_t points_max =
        line->options.backend == NULL ? effort->points : effort->points / SLOWNESS;
    const unsigned count = references_within(seeds, points_max / processes);
    bool same = true;
    for (unsigned i = 0; i < processes && same; i++) {
        struct bench bench = {.module = module, .options = &line->options};
        same = holds_in(&bench, line, count, points_max, parting);
        bench_close(&bench);
    }
    return same;
}

static const char *short_name(const char *module) {
    return strrchr(module, '/') + 1;
}

/* ---- what keeps to it ---- */

/* The scenarios, and a module that looks for all that it can. */
static const char *subject(int i) {
    static char surroundings[PATH_MAX];
    path_of(surroundings, "modules", "surroundings.so");
    return i < scenario_count ? scenarios[i] : surroundings;
}

START_TEST(every_scenario_keeps_to_every_line) {
    const char *module = subject(_i);
    const struct effort *effort =
        DETERMINISM_BRIEF || strstr(module, "_bug.so") != NULL ? &brief : &full;
    struct parting parting;

    references_fill(module, effort);

    for (int i = 0; i < LINE_COUNT; i++) {
        const bool same = holds(module, &lines[i], effort, &parting);
        ck_assert_msg(same, "%s, %s: %s", short_name(module), lines[i].name, parting.text);
    }
    references_free();
}
END_TEST

START_TEST(there_are_scenarios_and_modules) {
    ck_assert_int_ge(scenario_count, 10);
    ck_assert_int_ge(module_count, 50);
    ck_assert_int_lt(module_count, MODULES_MAX);
}
END_TEST

START_TEST(processes_have_different_addresses) {
    static const struct runner_options plain;
    uint64_t first = 0;
    bool differs = false;
    for (unsigned i = 0; i < 8 && !differs; i++) {
        struct bench bench = {.module = scenarios[0], .options = &plain};
        const struct record *record = bench_run(&bench, SEED, NULL);
        first = i == 0 ? record->images[0].start : first;
        differs = record->images[0].start != first;
        bench_close(&bench);
    }
    ck_assert_msg(differs, "this machine gives every process the same addresses: no ASLR");
}
END_TEST

START_TEST(another_seed_gives_another_run) {
    static const struct effort several = {9, 1, POINTS_MAX};
    const char *module = scenarios[_i];
    bool differs = false;

    references_fill(module, &several);

    for (unsigned i = 1; i < reference_count; i++) {
        differs |= !outcome_equal(&references[0].outcome, &references[i].outcome);
    }
    ck_assert_msg(differs, "%s ignores its seed", module);
    references_free();
}
END_TEST

/* Names of modules that begin so are run elsewhere: they leak, or last for seconds. */
static bool is_left_out(const char *module) {
    static const char *const prefixes[] = {"leak_", "verdict_hang", "verdict_thread_limit"};
    for (unsigned i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(short_name(module), prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static const struct effort few = {SEEDS_MODULE, PROCESSES, POINTS_MAX};

/* Whatever ends a run, crashes among them: the same signal, message and last event. */
START_TEST(every_module_ends_the_same_in_both_back_ends) {
    struct parting parting;
    if (is_left_out(modules[_i])) {
        return;
    }

    references_fill(modules[_i], &few);
    const bool same = holds(modules[_i], &lines[BATON], &few, &parting);

    references_free();
    ck_assert_msg(same, "%s: %s", short_name(modules[_i]), parting.text);
}
END_TEST

/* ---- what does not ---- */

struct leak {
    const char *module;
    enum line_index line;    /* that it breaks */
    enum point_kind decides; /* the first event that differs */
};

static const struct leak leaks[] = {
    {"leak_pointer.so", FRESH, POINT_COUNT},
    {"leak_pointer.so", REPLAY, POINT_COUNT},
    {"leak_send.so", FRESH, POINT_SEND},
    {"leak_crash.so", FRESH, POINT_MARK},
    {"leak_environment.so", ELSEWHERE, POINT_COUNT},
    {"leak_stack.so", BATON, POINT_COUNT},
    {"leak_stack.so", BATON_REPLAY, POINT_COUNT},
    {"leak_heap.so", FILLED, POINT_COUNT},
    {"leak_run.so", THOUSAND, POINT_COUNT},
    {"leak_run.so", FORKED, POINT_COUNT},
    {"leak_clock.so", THOUSAND, POINT_COUNT},
};
#define LEAK_COUNT (int)(sizeof leaks / sizeof leaks[0])

START_TEST(a_planted_leak_breaks_the_line_at_the_event_that_it_decides) {
    const struct leak *leak = &leaks[_i];
    char module[PATH_MAX];
    struct parting parting;
    path_of(module, "modules", leak->module);
    references_fill(module, &few);

    const bool same = holds(module, &lines[leak->line], &few, &parting);

    references_free();
    ck_assert_msg(!same, "%s, %s: not noticed", leak->module, lines[leak->line].name);
    ck_assert_msg(parting.event.kind == leak->decides, "%s: %s", leak->module, parting.text);
}
END_TEST

SUITE(determinism) {
    scenario_count = find("scenarios", scenarios);
    module_count = find("modules", modules);
    SUITE_TEST(there_are_scenarios_and_modules);
    SUITE_TEST(processes_have_different_addresses);
    SUITE_LOOP(every_scenario_keeps_to_every_line, 0, scenario_count + 1);
    SUITE_LOOP(another_seed_gives_another_run, 0, scenario_count);
    SUITE_LOOP(every_module_ends_the_same_in_both_back_ends,
               0,
               DETERMINISM_BRIEF ? 0 : module_count);
    SUITE_LOOP(a_planted_leak_breaks_the_line_at_the_event_that_it_decides, 0, LEAK_COUNT);
}
