/* One scenario being hunted by one lane: its worker, where it stands, what it has seen.
 *
 *   quarry_open ─► search_slice … ─► search_rest (workers end, state stays) ─► search_slice … ─►
 *   no more: there is nothing to close
 *
 * Memory:      the caller's, some 20 KB, and two workers while a slice runs.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_QUARRY_H
#define TOOLS_QUARRY_H

#include <limits.h>

#include "sim/case.h"
#include "tools/hunt.h"
#include "tools/probe.h"
#include "tools/runner.h"
#include "tools/symbols.h"

#define QUARRY_SIGHTINGS_MAX 256 /* bugs told apart; further ones are stored each time */
#define QUARRY_TWIN_FILL 165

/* A bug that this lane has met. */
struct quarry_sighting {
    struct hash signature;
    uint64_t choices_fewest; /* of its stored cases */
    uint64_t hits;           /* not yet counted in the corpus */
    uint32_t stored;
};

struct quarry {
    const struct hunt *hunt;
    struct board_scenario *board;
    struct vacuity *vacuity;
    struct marks *marks;
    uint64_t label_count;             /* of the worker's record, when its marks were counted */
    const char *name;                 /* as the user wrote it */
    char name_stored[CASE_NAME_SIZE]; /* as the corpus has it */
    char module[PATH_MAX];
    struct strategy_spec spec;
    struct runner runner, twin;
    bool runner_open, twin_open;
    struct symbols *symbols; /* of runner, opened when first needed */
    uint64_t stride;
    uint64_t next;            /* the next run's number */
    uint64_t end;             /* its runs have smaller numbers */
    uint64_t batch;           /* runs of the next request */
    uint64_t runs, runs_twin; /* so far; how many of them when the twin was last asked */
    unsigned nondeterminism;
    struct probe probe;
    bool done; /* its budget is used up, or there is no point in going on */
    uint32_t sighting_count;
    struct quarry_sighting sightings[QUARRY_SIGHTINGS_MAX];
};

/* The index-th scenario of the command line, from run number `first` on, every stride-th, up to
 * where the hunt for it ends. Finds the module and reads the strategy; starts nothing. */
int quarry_open(struct quarry *quarry,
                const struct hunt *hunt,
                unsigned index,
                uint64_t first,
                uint64_t stride);

/* Starts quarry->runner unless it runs already, and asks what the strategy needs to know. There is
 * none afterwards when hunt->stop came in between. */
int quarry_ready(struct quarry *quarry);

/* Ends quarry->runner, quarry->twin; fine when there is none. */
void quarry_worker_end(struct quarry *quarry);
void quarry_twin_end(struct quarry *quarry);

/* A worker of a module, by path; what is wrong with it is said. */
int quarry_start(struct runner *runner, const char *module, const struct runner_options *options);

/* A worker of this quarry's module. */
int quarry_worker(const struct quarry *quarry, struct runner *runner, unsigned char fill);

/* Below the calls there must be something to see: false after a sentence. */
bool quarry_can_see(const struct record *record, uint32_t level);

/* The symbols of the quarry's worker. */
struct symbols *quarry_symbols(struct quarry *quarry);

/* What a worker has used, in nanoseconds: processor time; where it leaves the work to its children,
 * time. */
double quarry_busy_ns(const struct runner *runner);

/* Milliseconds of the monotonic clock. */
uint64_t quarry_now_ms(void);

#endif
