/* Whether a history of one object is linearizable: whether each operation can be given one moment
 * between its invocation and its return so that, in the order of these moments, the object does
 * what its model does.
 *
 *   invoked ──┬── moment ──┬── returned        time ─►
 *   A  ├─────────────┤
 *   B        ├──────────────────┤              A before B, or B before A
 *   C                       ├───┤              after A
 *   D    ├──────────────────────────           never returned: at any time, or never
 *
 * The search stands at the first event of what is left of the history. An invocation: the
 * operation takes place now if the model allows it, is taken out, and the search goes back to the
 * first event; else it looks at the next. A return: this operation had to take place before;
 * the last one taken out comes back, and the search goes on behind it. What was already tried (a
 * set of operations taken out, and the state they led to) is not tried again.
 *
 * Memory:      tables in the world's arena, sized once; touched only as far as used.
 * Limits:      LINEAR_TRIED_MAX tried configurations are kept in mind, later ones are tried again;
 *              the caller says after how many steps it is not decided.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: a function of the history; a step is one look at one event.
 * Source:      Wing and Gong, "Testing and verifying concurrent objects", JPDC 17 (1993): the
 *              search. Lowe, "Testing for linearizability", CPAC 29 (2017): what was tried.
 *              Horn and Kroening, "Faster linearizability checking via P-compositionality",
 *              FORTE 2015: each object by itself, which is the caller's part. The list of events
 *              out of which operations are lifted is that of Athalye's Porcupine (2017). Other
 *              than there, operations that never returned are not given a return at the end,
 *              since they may have no moment at all; and tried configurations are told apart by
 *              128 bits, as runs are by their fingerprints, where Porcupine keeps whole bit sets.
 */
#ifndef SIM_LINEAR_H
#define SIM_LINEAR_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/model.h"

#define LINEAR_TRIED_MAX (1u << 18)
#define LINEAR_NEVER UINT32_MAX

enum linear_answer { LINEAR_YES = 1, LINEAR_NO, LINEAR_UNDECIDED };

struct linear_operation {
    struct model_call call;
    uint32_t invoked;  /* numbers of the events, from 1, all different */
    uint32_t returned; /* after `invoked`; LINEAR_NEVER when it is not known to have ended */
};

/* What is asked. */
struct linear_history {
    uint32_t kind;                             /* enum model_kind */
    uint32_t count;                            /* of operations, in order of invocation */
    const struct linear_operation *operations; /* borrowed */
    uint32_t until; /* events after this one did not happen yet; LINEAR_NEVER = all did */
    uint32_t known; /* nor did returns after this one, but for that at `until` */
};

struct linear_tried {
    uint64_t hash[2];
    uint64_t check; /* the number of the check that it belongs to */
};

/* An operation that was taken out, and what its object was before. */
struct linear_move {
    uint32_t operation;
    struct model_state before;
};

struct linear {
    const struct linear_history *history;
    struct model model;
    uint64_t taken[2]; /* hash of the set of operations that are taken out */
    uint32_t depth;    /* how many */
    uint32_t returns;  /* returns that are left */
    uint32_t operations_max;
    uint64_t check;
    struct linear_move *moves;
    struct linear_tried *tried;
    /* Events: 2i + 1 invokes operation i, 2i + 2 is its return; 0 stands before the first one. */
    uint32_t *next, *previous;
    uint32_t *returned, *merged; /* operations in order of their returns */
    int64_t *items;
};

uint64_t linear_arena_size(uint32_t operations_max);
void linear_init(struct linear *linear, struct arena *arena, uint32_t operations_max);

/* The answer; each step is taken from *steps, and without any left it is LINEAR_UNDECIDED. Not
 * one step goes into operations that failed. */
enum linear_answer
linear_check(struct linear *linear, const struct linear_history *history, uint64_t *steps);

/* Of a history that is not linearizable: up to which event it is not. That is the return of an
 * operation; before it, when this one may still take place later, all is well. When the steps do
 * not last, it is a later return. */
uint32_t
linear_shortest(struct linear *linear, const struct linear_history *history, uint64_t *steps);

/* Of such a history, with `until` the event that linear_shortest found: the first return that the
 * operation which ends there contradicts, whatever later ones did; LINEAR_NEVER when it is wrong
 * by itself, or the steps do not last. */
uint32_t
linear_contradicted(struct linear *linear, const struct linear_history *history, uint64_t *steps);

#endif
