/* What the processes of one campaign tell each other: counters, results, who may print.
 *
 *   lane 0 ──┐
 *   lane 1 ──┼──adds──► board ──reads──► the process that the user started: progress, ledger, exit
 *   …        ┘
 *
 * Memory:      one anonymous shared mapping, for the processes forked afterwards.
 * Limits:      BOARD_LANES_MAX lanes, OPTIONS_OPERANDS_MAX scenarios.
 * Errors:      board_create returns NULL.
 * Threads:     counters are atomic; the rest has a lock, which survives the death of a lane.
 */
#ifndef TOOLS_BOARD_H
#define TOOLS_BOARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/marks.h"
#include "tools/options.h"
#include "tools/vacuity.h"

#define BOARD_LANES_MAX 256
#define BOARD_DONE UINT64_MAX /* as a lane's next number: its budget is used up */

struct board_scenario {
    _Atomic uint64_t runs, findings, cases, nondeterminism, steps, time_ns;
    atomic_bool ended;                      /* a finding ended the search for every lane */
    _Atomic uint64_t next[BOARD_LANES_MAX]; /* by lane, where its search stands; 0 = nowhere yet */
};

struct board {
    pthread_mutex_t mutex; /* of all that is no counter */
    atomic_int result;     /* an exit code other than 0: sim or a scenario is broken */
    _Atomic uint64_t bugs_new;
    _Atomic uint64_t next[BOARD_LANES_MAX]; /* by lane: its numbers below are done */
    struct board_scenario scenarios[OPTIONS_OPERANDS_MAX];
    struct vacuity vacuities[OPTIONS_OPERANDS_MAX]; /* of the scenarios */
    struct marks marks[OPTIONS_OPERANDS_MAX];       /* likewise; who prints may count */
};

/* All counters summed up. */
struct board_sum {
    uint64_t runs, findings, cases, nondeterminism, steps, time_ns;
};

struct board *board_create(void);

/* Between these, no other process is. */
void board_enter(struct board *board);
void board_leave(struct board *board);

/* The same, to print: a line of progress is wiped. Flushes stdout. */
void board_print_begin(struct board *board);
void board_print_end(struct board *board);

struct board_sum board_sum(const struct board *board);

/* All runs before this number are done, by lanes 0 … lanes - 1. */
uint64_t board_next(const struct board *board, uint32_t lanes);

/* The same for one scenario, also where its search has ended. */
uint64_t board_scenario_next(const struct board_scenario *scenario, uint32_t lanes);

#endif
