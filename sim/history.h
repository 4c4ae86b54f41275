/* What the programs of a run did to the objects of which a scenario says that they are
 * linearizable: each operation, when it began, when and how it ended.
 *
 *   sim_invoke ─► history_invoke ─► operation ◄── history_return ◄── sim_return
 *                                      │
 *             group of (object, key): those operations, in order of invocation ─► sim/judge.h
 *
 * A thread has one operation open at a time. One that is open when its thread, its node or the run
 * ends never returned: it may have taken place, or not.
 *
 * Memory:      tables in the world's arena, sized once, and only if a scenario declares objects.
 * Limits:      HISTORY_OPERATIONS_MAX a run; beyond, the run ends with VERDICT_LIMIT.
 * Errors:      none; misuse becomes the verdict.
 * Threads:     the world's only.
 * Determinism: operations and groups are in order of invocation.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/description.h"
#include "sim/linear.h"
#include "sim/verdict.h"

#define HISTORY_OPERATIONS_MAX 65536u

/* Where something happens in a run. */
struct history_place {
    uint32_t thread; /* id */
    uint32_t node;
    uint64_t time_ns;
    uint64_t step;    /* events of the trace before it */
    const void *site; /* for people */
};

struct history_operation {
    struct linear_operation linear;
    struct history_place invoked;
    struct history_place returned; /* once it has */
    uint32_t group;
    uint32_t next; /* of its group, 0 = none */
};

/* The operations on one key of an object. */
struct history_group {
    uint32_t object; /* index of the declaration */
    uint32_t count;
    uint32_t first, last; /* operations */
    uint32_t bucket;
    int64_t key;
};

struct history {
    const struct description *description;
    struct verdict *verdict;
    uint32_t events; /* invocations and returns so far */
    uint32_t count;  /* operations have the numbers 1 … count */
    uint32_t group_count;
    struct history_operation *operations;
    struct history_group *groups; /* 1 … group_count */
    uint32_t *buckets;            /* of groups; one that names no group of this run is empty */
    uint32_t *open;               /* by thread: its last operation, from whatever run */
};

uint64_t history_arena_size(const struct description *description);
void history_init(struct history *history,
                  struct arena *arena,
                  const struct description *description);

/* A run begins. */
void history_begin(struct history *history, struct verdict *verdict);

/* The declaration of an object, from 0; history_count of the description when there is none. */
uint32_t history_find(const struct history *history, const char *object);

/* An operation begins. False: the verdict says what is wrong with it. */
bool history_invoke(struct history *history,
                    uint32_t object,
                    int64_t key,
                    const struct model_call *call,
                    const struct history_place *place);

/* The thread's open operation has ended so. False as above. */
bool history_return(struct history *history,
                    enum model_outcome outcome,
                    int64_t result,
                    const struct history_place *place);

/* The declaration of the object that a thread's open operation is about; history_count of the
 * description when it has none. */
uint32_t history_open(const struct history *history, uint32_t thread);

static inline struct history_operation *history_at(const struct history *history, uint32_t number) {
    return &history->operations[number];
}

#endif
