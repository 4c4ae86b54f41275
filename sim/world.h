/* All state of one run, and its course from init to verdict.
 *
 *   world_init ─► world_begin ─► world_thread_create, for each node ─► (threads run) ─► verdict
 *                      ▲                                                                  │
 *                      └─────────────────────────── next seed ◄───────────────────────────┘
 *
 * A run is a pure function of (scenario, build, choices). A node is alive while one of its threads
 * is; the run ends when every node that is no daemon has exited, or with the first finding. A node
 * that crashed is awaited if it starts again after a time; for an occasion nobody waits.
 *
 * Memory:      one arena, given once; a run starts by rewinding tables, not by clearing memory.
 * Limits:      summed up in world_arena_size.
 * Units:       nanoseconds of virtual time.
 * Errors:      none; findings are the verdict.
 * Threads:     one world per process; its simulated threads run one at a time.
 * Determinism: see sim/choices.h, sim/identity.h.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/choices.h"
#include "sim/clocks.h"
#include "sim/description.h"
#include "sim/fault.h"
#include "sim/futex.h"
#include "sim/gate.h"
#include "sim/history.h"
#include "sim/judge.h"
#include "sim/kernel.h"
#include "sim/mishap.h"
#include "sim/once.h"
#include "sim/property.h"
#include "sim/schedule.h"
#include "sim/shadow.h"
#include "sim/spin.h"
#include "sim/strategy.h"
#include "sim/thread.h"

#define WORLD_AGENTS_MAX 131072u
#define WORLD_ENTRIES_MAX 1048576u

struct world_node {
    uint64_t identity;
    uint32_t first_thread;   /* list of living threads, linked by thread.node_next */
    uint32_t alive;          /* how many */
    int32_t status;          /* exit status, once it exited */
    uint32_t main, restarts; /* main: its first thread, since it last began */
    bool exited, down;       /* down: it crashed and did not start again */
    bool awaited;            /* down: it will, at a time that is known */
};

/* What one run is asked to be. */
struct world_spec {
    uint64_t seed;
    uint32_t mode; /* enum choices_mode */
    struct strategy_spec strategy;
    uint64_t script_count; /* replay modes: choices to follow */
};

struct world {
    struct arena arena;
    struct schedule schedule;
    struct clocks clocks;
    struct mishaps mishaps;
    struct choices choices;
    struct threads threads;
    struct futexes futexes;
    struct onces onces;
    struct spins spins;
    struct granules granules;
    struct causality causality;
    struct shadow shadow;
    struct property property;
    struct gates gates;
    struct faults faults;
    struct history history;
    struct judge judge;
    struct kernel kernel;
    const struct description *description;
    struct verdict *verdict;
    struct trace *trace;
    uint32_t nodes_alive;   /* nodes that have not exited */
    uint32_t nodes_lasting; /* nodes that are no daemons and have not exited */
    bool holds_main;        /* this run holds back main's return */
    bool dropped;           /* the running thread is one of a node that just crashed */
    struct fault_machine machine;
    struct world_node nodes[DESCRIPTION_NODES_MAX + 1];
};

/* Bytes of address space that a world's arena needs; touched only as far as used. */
uint64_t world_arena_size(const struct description *description, uint64_t record_capacity);

/* Once per process. The description is borrowed for all runs; verdict, trace and points lie in
 * memory shared with the supervisor. A script has at most record_capacity choices. */
void world_init(struct world *world,
                void *memory,
                const struct description *description,
                const struct schedule_machine *machine,
                struct choice *record,
                uint64_t record_capacity);

/* Once. Copied. */
void world_machine_set(struct world *world, const struct fault_machine *machine);

/* Starts a run: everything empty, time 0. */
void world_begin(struct world *world,
                 const struct world_spec *spec,
                 const struct choice *script,
                 struct trace *trace,
                 struct verdict *verdict,
                 uint64_t *points);

/* A thread of a node: the first one when parent is 0. Returns its id, 0 at a limit. */
uint32_t world_thread_create(struct world *world, uint32_t parent, uint32_t node, bool detached);

/* The running thread is the first one of its node, and begins. */
void world_main_begins(struct world *world);

/* The running thread ended; with a node's last one the node exits. The caller then releases the
 * machine's part and calls schedule_thread_end. */
void world_thread_finish(struct world *world, uint64_t result);

/* The running thread's node is about to exit in order: threads that nobody took care of are a
 * finding unless the scenario allows leaks, open descriptors when it forbids them. */
void world_leaks_check(struct world *world);

/* The running thread's node exits: its other threads are gone at once. Ends the run when it was
 * the last one that counts. Then as for world_thread_finish. Calls `released` for each thread that
 * is removed, with its id, so that the machine can free what it holds. */
void world_node_exit(struct world *world,
                     int status,
                     void (*released)(void *context, uint32_t thread),
                     void *context);

/* The run has ended. Who reached a limit because of what was to happen by then is told that. */
void world_finish(struct world *world);

/* The scheduler found nothing to do: it is a deadlock, which ends the run. */
void world_idle(struct world *world);

/* Sets a finding at the running thread and ends the run. */
_Noreturn void
world_fail(struct world *world, enum verdict_kind kind, const void *site, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
