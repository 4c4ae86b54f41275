/* One worker at the end of two pipes: runs seeds, tells what came out.
 *
 *   runner_open(module) ─► runner_run(request) … ─► runner_close
 *
 * Memory:      the record is mapped until runner_close.
 * Units:       CPU time in nanoseconds.
 * Errors:      false; record->error or record->verdict says why.
 * Threads:     one.
 */
#ifndef TOOLS_RUNNER_H
#define TOOLS_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/machine/record.h"

/* How the worker is started; all zero is as `sim` does it. */
struct runner_options {
    const char *backend;            /* NULL = "auto" */
    unsigned char fill;             /* of fresh heap blocks, 0 = zeroed memory */
    const char *name;               /* argv[0], NULL = "sim-worker" */
    const char *folder;             /* working directory, NULL = ours */
    const char *const *environment; /* more variables: name, value, … NULL; NULL = none */
};

struct runner {
    struct record *record;
    int request, reply, memory;
    pid_t pid;
};

/* Starts a worker for a module, by path. False: runner_error says why; close it all the same. */
bool runner_open(struct runner *runner, const char *module, const struct runner_options *options);

/* Why runner_open failed: one sentence without a full stop. */
const char *runner_error(const struct runner *runner);

/* Fills a request for `runs` seeds from `base` with a strategy by name. */
bool runner_prepare(struct runner *runner, const char *strategy, uint64_t base, uint64_t runs);

enum runner_end {
    RUNNER_REPLIED, /* record->reply says what came out */
    RUNNER_DIED,    /* the worker is gone; the record holds what there is */
    RUNNER_HUNG,    /* RUNNER_HANG_S of CPU time passed without a point, and it did not answer */
    RUNNER_STOPPED, /* *stop became true; the worker was killed */
};

#define RUNNER_HANG_S 2

/* Lets the worker do what record->request says. `stop` may be NULL. */
enum runner_end runner_run(struct runner *runner, const volatile bool *stop);

/* CPU time of the worker so far. */
double runner_cpu_ns(const struct runner *runner);

/* The folder of this program, where libsim, the worker and the modules' folders lie. */
void runner_folder(char *path, size_t size);

/* Kills the worker. Closing twice is fine; never closes what runner_open did not see. */
void runner_close(struct runner *runner);

#endif
