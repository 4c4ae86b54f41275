/* One worker for the benchmarks: runs seeds of a module and tells what they cost.
 *
 * Memory:      the record is mapped until bench_worker_close.
 * Units:       nanoseconds of the worker's CPU time.
 * Errors:      false, after a sentence on stderr.
 * Threads:     one.
 */
#ifndef TOOLS_BENCH_WORKER_H
#define TOOLS_BENCH_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/machine/record.h"

struct bench_worker {
    struct record *record;
    int request, reply, memory;
    pid_t pid;
};

/* Starts a worker for a module, by path. */
bool bench_worker_open(struct bench_worker *worker, const char *module);

/* Runs seeds 1 … runs with a strategy by name; every run must pass. */
bool bench_worker_run(struct bench_worker *worker,
                      const char *strategy,
                      uint64_t runs,
                      double *cpu_ns);

void bench_worker_close(struct bench_worker *worker);

#endif
