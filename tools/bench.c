/* What the simulator costs, measured in one run, in CPU time.
 *
 *   build/bench [--json]
 *
 * Each figure is the best of ROUNDS rounds: what disturbs a machine only ever adds. The limits are
 * measured in the same run, so that ratios mean something on any machine.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/bench_limit.h"
#include "tools/runner.h"

#define ROUNDS 5
#define NS_PER_S 1e9

static bool as_json;
static char modules[PATH_MAX];

static void print(const char *name, double value, const char *unit) {
    printf(as_json ? "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"}\n" : "%-24s %14.6g %s\n",
           name,
           value,
           unit);
    fflush(stdout);
}

/* What a module's runs cost at best. */
struct cost {
    double ns_per_run;
    double ns_per_point;
    double ns_per_event;
    double cpu_s; /* of one round */
};

static bool complain(const struct runner *runner, const char *path) {
    fprintf(stderr,
            "bench: %s cannot be measured: %s%s\n",
            path,
            runner->record->error,
            runner->record->verdict.message);
    return false;
}

static bool measure(const char *module, uint64_t runs, unsigned rounds, struct cost *cost) {
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s.so", modules, module);
    const struct runner_options options = {.backend = "fiber"};
    struct runner runner;
    if (!runner_open(&runner, path, &options)) {
        return complain(&runner, path);
    }
    double best = 0;
    for (unsigned i = 0; i < rounds; i++) {
        const double before = runner_cpu_ns(&runner);
        if (!runner_prepare(&runner, "random", 1, runs) ||
            runner_run(&runner, NULL) != RUNNER_REPLIED || runner.record->reply != RECORD_DONE) {
            return complain(&runner, path);
        }
        const double ns = runner_cpu_ns(&runner) - before;
        best = i == 0 || ns < best ? ns : best;
    }
    cost->ns_per_run = best / (double)runs;
    cost->ns_per_point = best / (double)runner.record->points_total;
    cost->ns_per_event = best / ((double)runner.record->trace.count * (double)runs);
    cost->cpu_s = best / NS_PER_S;
    runner_close(&runner);
    return true;
}

static void measure_uv(void) {
    struct cost cost;
    if (measure("bench_uv_echo", 1, 3, &cost)) {
        print("uv_calls_per_s", NS_PER_S / cost.ns_per_point, "1/s");
        print("uv_events_per_s", NS_PER_S / cost.ns_per_event, "1/s");
    }
    if (measure("bench_keepalive", 1, 3, &cost)) {
        print("keepalive_cpu_s", cost.cpu_s, "s");
    }
}

int main(int argc, char **argv) {
    as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !as_json) {
        fprintf(stderr, "usage: bench [--json]\n");
        return 2;
    }
    const ssize_t length = readlink("/proc/self/exe", modules, sizeof modules - 16);
    modules[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(modules, '/');
    strcpy(slash == NULL ? modules : slash, "/bench_modules");

    print("limit_switch_ns", bench_limit_switch_ns(), "ns");
    print("limit_tls_step_ns", bench_limit_tls_step_ns(), "ns");
    struct cost cost;
    if (measure("bench_yield_2", 20, ROUNDS, &cost)) {
        print("yield_step_ns_2", cost.ns_per_point, "ns");
    }
    if (measure("bench_yield_4", 20, ROUNDS, &cost)) {
        print("yield_step_ns_4", cost.ns_per_point, "ns");
    }
    if (measure("bench_mutex", 20, ROUNDS, &cost)) {
        print("mutex_step_ns", cost.ns_per_point, "ns");
    }
    if (measure("bench_small", 500000, ROUNDS, &cost)) {
        print("small_runs_per_s", NS_PER_S / cost.ns_per_run, "1/s");
    }
    measure_uv();
    return 0;
}
