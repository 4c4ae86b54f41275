/* Agents: whatever the scheduler may pick, the set of those that are ready, and wait queues.
 *
 *   ready[]      an array to pick from: any position in O(1)
 *   order        its positions in order of readiness, and with who runs at the end
 *   wait_queue   agents that wait, first come first, linked by wait_previous and wait_next
 *
 * Memory:      tables in the world's arena, sized once; links are indices, 0 = none.
 * Limits:      agents_max of agent_table_init.
 * Units:       nanoseconds of virtual time.
 * Errors:      none; misuse panics.
 * Threads:     the world's only.
 * Determinism: positions and orders are functions of the calls so far.
 */
#ifndef SIM_AGENT_H
#define SIM_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/agenda.h"
#include "sim/arena.h"
#include "sim/choices.h"
#include "sim/order.h"
#include "sim/point.h"

#define AGENT_LINE 64 /* bytes of a cache line */

enum agent_kind { AGENT_THREAD = 1, AGENT_ENTRY };

enum agent_state { AGENT_FREE, AGENT_READY, AGENT_WAITING, AGENT_HELD };

enum wake_reason {
    WAKE_SIGNALLED,   /* somebody woke it */
    WAKE_TIMEOUT,     /* its deadline came */
    WAKE_INTERRUPTED, /* a signal is to be handled first */
};

/* A first-in first-out list of waiting agents. All zero is empty: it may live in user memory that
 * a static initialiser set up. What is there may be anything, so such a queue is checked before it
 * is believed (agent_queue_believed, sim/object.h). */
struct wait_queue {
    uint32_t first;
    uint32_t last;
};

/* What a thread waits for, for deadlock reports. */
struct wait_cause {
    uint16_t kind;          /* enum point_kind */
    uint32_t object;        /* display id, 0 = none */
    const uint32_t *holder; /* where the display id of the thread that holds it stands, or NULL */
    const void *site;
};

/* What a step reads and writes comes first, in one cache line. */
struct agent {
    _Alignas(AGENT_LINE) struct decider decider; /* identity and own choices */
    uint32_t id;                                 /* AGENT_THREAD: display id; AGENT_ENTRY: 0 */
    uint32_t node;
    uint16_t kind;           /* enum agent_kind */
    uint16_t state;          /* enum agent_state */
    uint32_t slot;           /* AGENT_THREAD: the machine's, where it runs; 0 = nowhere */
    struct point pending;    /* AGENT_THREAD: announced and not yet in effect */
    uint32_t ready_position; /* in ready, while AGENT_READY */
    uint32_t interrupts;     /* AGENT_THREAD: signals to deliver, counted by the machine */
    /* the second line */
    uint32_t children;        /* threads it created */
    uint32_t creations;       /* objects it created */
    struct wait_queue *queue; /* AGENT_WAITING: where, NULL = only for the deadline */
    uint32_t wait_previous, wait_next;
    uint64_t deadline;       /* agenda handle, 0 = none */
    uint32_t deadline_agent; /* the agent of a deadline that is due but not picked, 0 = none */
    uint32_t reason;         /* enum wake_reason of the last wait */
    struct wait_cause cause; /* AGENT_WAITING */
    struct agenda_item item; /* AGENT_ENTRY */
    uint64_t occasions;      /* what it stands before, a bit for each */
    uint64_t earliest_ns;    /* AGENT_ENTRY, held: it could have come from here on, … */
    uint64_t latest_ns;      /* … and no later than this; 0 = at any time */
    uint64_t last_call;      /* the same: agenda handle of who lets it go then, 0 = nobody */
    uint64_t wall; /* `deadline` is at this time of the wall clock, VCLOCK_WALL set; 0 = not
                      by that clock; valid where clocks are declared */
    bool asked;    /* AGENT_ENTRY: its occasions are known */
};

struct agent_table {
    struct pool pool;
    uint64_t *priority; /* by agent, the strategy's */
    uint32_t *ready;
    struct order order; /* of positions in ready; its count is that of ready */
};

void agent_table_init(struct agent_table *table, struct arena *arena, uint32_t agents_max);
void agent_table_reset(struct agent_table *table);

static inline struct agent *agent_at(const struct agent_table *table, uint32_t index) {
    return &((struct agent *)(void *)table->pool.records)[index];
}

/* The agent at a place of the order, while order.count <= ORDER_WORD_MAX. */
static inline struct agent *agent_at_place(const struct agent_table *table, uint32_t place) {
    return agent_at(table, table->ready[order_position_word(&table->order, place)]);
}

/* The agent becomes ready, as the newest of those that do not run. */
void agent_ready_add(struct agent_table *table, uint32_t index);

/* The agent is ready no longer; its state is AGENT_FREE until the caller sets another. */
void agent_ready_remove(struct agent_table *table, uint32_t index);

/* Appends to a queue; the agent must wait in none. */
void agent_queue_add(struct agent_table *table, struct wait_queue *queue, uint32_t index);

/* Takes the agent out of the queue it waits in; nothing when it waits in none. False when the
 * program has written over the queue: the agent waits no longer, and the queue is left alone. */
bool agent_queue_remove(struct agent_table *table, uint32_t index);

/* True when a queue that is not all zero is as we left it: its ends wait in it. O(1). */
bool agent_queue_believed(const struct agent_table *table, const struct wait_queue *queue);

/* Asserts the invariants; for tests. */
void agent_table_verify(const struct agent_table *table);

#endif
