/* What happens before what: each thread's view of the others, and what objects hand over.
 *
 *   unlock, post, store-release, send …     causality_release ─► the object's vector
 *   lock, wait, load-acquire, receive …     causality_acquire ◄─ the object's vector
 *   create, join                            from view to view
 *
 * A thread stands on a lane of its process; its epoch, which is its own entry of its view, goes on
 * with each release. Something that lane l did in epoch e happens before what a thread does now if
 * the thread's view of l is at least e.
 *
 * What reaches a thread through the kernel (descriptors, signals) is ordered by one vector for each
 * process: who reads is ordered after all who wrote anything before. A race that such a pair hides
 * shows in another order of the same calls.
 *
 * Source:      Mattern, "Virtual Time and Global States of Distributed Systems" (1989); epochs as
 *              in FastTrack (Flanagan and Freund, PLDI 2009, section 3). A lane is taken again by
 *              a later thread, and its epochs go on, once its thread was joined.
 * Memory:      the world's arena; vectors in sim/vector.h.
 * Limits:      VECTOR_LANES threads of a process that were not joined, CAUSALITY_VIEWS_MAX threads;
 *              one more ends the run with a verdict.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: integers alone; nothing here decides who goes on.
 */
#ifndef SIM_CAUSALITY_H
#define SIM_CAUSALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/description.h"
#include "sim/schedule.h"
#include "sim/vector.h"

#define CAUSALITY_VIEWS_MAX 16384u
#define CAUSALITY_OBJECTS_MAX (1u << 20)
#define CAUSALITY_FRESH_LANES 16u /* are taken before one is taken again */

/* A mutex has one side. Readers of a rwlock are ordered after writers, and only writers after
 * readers. */
enum causality_side { CAUSALITY_MAIN, CAUSALITY_READERS, CAUSALITY_SIDES };

/* A lane, and the thread that stands on it. */
struct causality_view {
    uint32_t process; /* which life of a node, from 1 */
    uint32_t node;
    uint32_t lane;
    uint32_t released;         /* vector: its view at its last release fence */
    uint32_t pending;          /* vector: what an acquire fence would give it */
    uint32_t fenced;           /* vector: what was before SC fences at its last one */
    uint64_t fence_time;       /* of its last SC fence, 0 = none */
    uint32_t stale;            /* values in a row that were not the newest */
    struct vector_clock clock; /* the thread's */
};

struct causality {
    struct schedule *schedule;
    struct vectors vectors;
    struct causality_view *views;
    uint32_t view_count;
    uint32_t process_count;
    uint32_t *view_of; /* by thread's id */
    struct causality_object {
        uint64_t run;
        uint32_t vectors[CAUSALITY_SIDES];
    } * objects; /* by display id */
    uint64_t run;
    struct causality_home {
        uint32_t process;
        uint32_t lane_count, free_count;
        uint32_t kernel; /* vectors */
        uint32_t ended;
        uint32_t fences;             /* what is before SC fences */
        uint32_t free[VECTOR_LANES]; /* views */
    } * homes;                       /* by node */
};

uint64_t causality_arena_size(uint32_t threads_max);

/* Once. */
void causality_init(struct causality *causality,
                    struct arena *arena,
                    struct schedule *schedule,
                    uint32_t threads_max);

/* Starts a run of which this is to be known; then schedule->causality is to be set. */
void causality_begin(struct causality *causality, uint32_t node_count);

/* The running thread's. */
static inline struct causality_view *causality_view(const struct causality *causality) {
    return &causality->views[causality->view_of[causality->schedule->self->id]];
}

/* It has done something that others may come to see: the next thing it does is of another epoch. */
static inline void causality_advance(struct causality_view *view) {
    view->clock.at[view->lane]++;
}

/* A thread was created by another one (0: its node begins). */
void causality_birth(struct causality *causality, uint32_t parent, uint32_t id, uint32_t node);

/* The running thread has waited for the end of another. */
void causality_join(struct causality *causality, uint32_t id);

/* The running thread ends. */
void causality_end(struct causality *causality);

/* A thread that begins got the stack and the thread-local storage of one that has ended. */
void causality_reuse(struct causality *causality, uint32_t id);

/* A thread has ended, and nobody will join it. */
void causality_part(struct causality *causality, uint32_t id);

void causality_release(struct causality *causality, uint32_t object, enum causality_side side);
void causality_acquire(struct causality *causality, uint32_t object, enum causality_side side);

/* The running thread wakes another one, which goes on because of that. */
void causality_wake(struct causality *causality, uint32_t id);

void causality_kernel_release(struct causality *causality);
void causality_kernel_acquire(struct causality *causality);

/* Each thread of the running one's process passes an SC fence, and they come one after another, all
 * before what any of them does next. */
void causality_fence_all(struct causality *causality, uint64_t sc_time);

/* A fence; see sim/location.h for what it does to atomics. sc_time: 0 = it is not SC. */
void causality_fence(struct causality *causality, bool acquires, bool releases, uint64_t sc_time);

#endif
