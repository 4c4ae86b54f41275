/* What the simulator costs, measured in one run, in CPU time.
 *
 *   build/bench [--json]
 *
 * Each figure is the best of ROUNDS rounds, since what disturbs a machine only ever adds. A round
 * goes through all of them, so that a slow phase of the machine falls on limits and steps alike and
 * their ratios mean something anywhere; rounds are many and short, so that each finds a quiet one.
 * Exits with 1 when a figure could not be measured.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/bench_limit.h"
#include "tools/bench_modules/net.h"
#include "tools/bench_modules/race.h"
#include "tools/runner.h"

#define ROUNDS 16
#define NS_PER_S 1e9
#define ROWS (sizeof rows / sizeof rows[0])

/* What a figure is of. */
enum of { OF_RUN, OF_POINT, OF_EVENT, OF_MESSAGE, OF_ACCESS };

static struct row {
    const char *name, *unit;
    double (*limit)(void); /* measures itself; NULL: `runs` runs of the module are measured */
    const char *module;
    const char *strategy; /* NULL: "random" */
    uint64_t runs;
    enum of of;
    double ns; /* the least so far, 0 = none */
    struct runner runner;
} rows[] = {
    {"limit_switch_ns", "ns", .limit = bench_limit_switch_ns},
    {"limit_tls_step_ns", "ns", .limit = bench_limit_tls_step_ns},
    {"yield_step_ns_2", "ns", .module = "bench_yield_2", .runs = 100, .of = OF_POINT},
    {"yield_step_ns_4", "ns", .module = "bench_yield_4", .runs = 100, .of = OF_POINT},
    {"atomic_step_ns_2", "ns", .module = "bench_atomic_2", .runs = 100, .of = OF_POINT},
    {"atomic_step_ns_4", "ns", .module = "bench_atomic_4", .runs = 100, .of = OF_POINT},
    {"access_step_ns", "ns", .module = "bench_access", .runs = 100, .of = OF_POINT},
    {"race_atomic_step_ns_2", "ns", .module = "bench_race_atomic_2", .runs = 100, .of = OF_POINT},
    {"c11_step_ns_2",
     "ns",
     .module = "bench_c11_2",
     .strategy = "random-races~c11",
     .runs = 100,
     .of = OF_POINT},
    {"race_access_ns", "ns", .module = "bench_race", .runs = 10, .of = OF_ACCESS},
    {"mutex_step_ns", "ns", .module = "bench_mutex", .runs = 5, .of = OF_POINT},
    {"small_runs_per_s", "1/s", .module = "bench_small", .runs = 125000, .of = OF_RUN},
    {"small_atomic_runs_per_s",
     "1/s",
     .module = "bench_small_atomic",
     .runs = 125000,
     .of = OF_RUN},
    {"net_msgs_per_s_2", "1/s", .module = "bench_net_2", .runs = 2, .of = OF_MESSAGE},
    {"net_msgs_per_s_16", "1/s", .module = "bench_net_16", .runs = 2, .of = OF_MESSAGE},
    {"net_msgs_per_s_256", "1/s", .module = "bench_net_256", .runs = 2, .of = OF_MESSAGE},
    {"uv_calls_per_s", "1/s", .module = "bench_uv_echo", .runs = 1, .of = OF_POINT},
    {"uv_events_per_s", "1/s", .module = "bench_uv_echo", .runs = 1, .of = OF_EVENT},
    {"keepalive_cpu_s", "s", .module = "bench_keepalive", .runs = 1, .of = OF_RUN},
};

static void complain(const struct row *row) {
    fprintf(stderr, "bench: %s cannot be measured", row->name);
    if (row->module != NULL) {
        const struct runner *runner = &row->runner;
        const bool ran = runner->record != NULL && runner->record->verdict.message[0] != '\0';
        fprintf(stderr, ": %s", ran ? runner->record->verdict.message : runner_error(runner));
    }
    fprintf(stderr, "\n");
}

static bool open_module(struct row *row) {
    char folder[PATH_MAX];
    char path[PATH_MAX + 64];
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/bench_modules/%s.so", folder, row->module);
    return runner_open(&row->runner, path, &(struct runner_options){.backend = "fiber"});
}

/* CPU time of one round for one unit of what the row is of; negative when it failed. */
static double module_ns(struct row *row) {
    struct runner *runner = &row->runner;
    const double before = runner_cpu_ns(runner);
    const char *strategy = row->strategy != NULL ? row->strategy : "random";
    if (!runner_prepare(runner, strategy, 1, row->runs) ||
        runner_run(runner, NULL) != RUNNER_REPLIED || runner->record->reply != RECORD_DONE) {
        return -1;
    }
    const double ns = runner_cpu_ns(runner) - before;
    const struct record *record = runner->record;
    switch (row->of) {
    case OF_POINT:
        return ns / (double)record->points_total;
    case OF_EVENT:
        return ns / ((double)record->trace.count * (double)row->runs);
    case OF_MESSAGE:
        return ns / ((double)NET_MESSAGES * (double)row->runs);
    case OF_ACCESS:
        return ns / ((double)RACE_ACCESSES * (double)row->runs);
    case OF_RUN:
        break;
    }
    return ns / (double)row->runs;
}

static bool measure(struct row *row, bool first) {
    if (first && row->module != NULL && !open_module(row)) {
        return false;
    }
    const double ns = row->module == NULL ? row->limit() : module_ns(row);
    if (row->ns == 0 || ns < row->ns) {
        row->ns = ns;
    }
    return ns > 0;
}

static double in_unit(const struct row *row) {
    if (strcmp(row->unit, "1/s") == 0) {
        return NS_PER_S / row->ns;
    }
    return strcmp(row->unit, "s") == 0 ? row->ns / NS_PER_S : row->ns;
}

int main(int argc, char **argv) {
    const bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !as_json) {
        fprintf(stderr, "usage: bench [--json]\n");
        return 2;
    }
    bool whole = true;
    for (int round = 0; round < ROUNDS; round++) {
        for (struct row *row = rows; row < rows + ROWS; row++) {
            if (row->ns >= 0 && !measure(row, round == 0)) {
                row->ns = -1;
                whole = false;
                complain(row);
            }
        }
    }
    for (struct row *row = rows; row < rows + ROWS; row++) {
        if (row->ns > 0) {
            printf(as_json ? "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"}\n"
                           : "%-24s %14.6g %s\n",
                   row->name,
                   in_unit(row),
                   row->unit);
        }
        if (row->module != NULL) {
            runner_close(&row->runner);
        }
    }
    return whole ? 0 : 1;
}
