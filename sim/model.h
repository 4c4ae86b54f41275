/* What an object does when its operations come one after the other: the models of histories.
 *
 *   register   one value, 0 at first     read · write · compare and set
 *   map entry  no value at first         get · put · delete · compare and set
 *   queue      empty at first            push · pop, first in, first out
 *   lock       free at first             acquire · try · release; owners are numbers
 *
 * An object of these is named by a key, and objects with different keys have nothing to do with
 * each other: a map is its entries, each with a model of its own.
 *
 * Memory:      the caller's; a queue's items lie in an array that the caller gives.
 * Limits:      a queue holds as many items as its array has room for: one for each push of a
 *              history is enough.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: integers only.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of these three are those of sim/scenario.h. */
enum model_kind { MODEL_REGISTER = 1, MODEL_MAP, MODEL_QUEUE, MODEL_LOCK, MODEL_KIND_COUNT };

enum model_operation {
    MODEL_READ = 1,
    MODEL_WRITE,
    MODEL_COMPARE_AND_SET,
    MODEL_GET,
    MODEL_PUT,
    MODEL_DELETE,
    MODEL_PUSH,
    MODEL_POP,
    MODEL_ACQUIRE,
    MODEL_TRY_ACQUIRE,
    MODEL_RELEASE,
    MODEL_OPERATION_COUNT
};

enum model_outcome {
    MODEL_OPEN,    /* it has not returned */
    MODEL_DONE,    /* it took effect */
    MODEL_REFUSED, /* it took place, and the object did not allow it: empty, held, another value */
    MODEL_FAILED,  /* it did not take place and never will */
    MODEL_UNKNOWN, /* as if it had never returned */
    MODEL_OUTCOME_COUNT
};

/* One operation on one object. */
struct model_call {
    uint32_t operation; /* enum model_operation */
    uint32_t outcome;   /* enum model_outcome */
    int64_t argument;   /* what is written, put, set or pushed; a lock's owner */
    int64_t expected;   /* MODEL_COMPARE_AND_SET */
    int64_t result;     /* MODEL_DONE: what was read, got or popped */
};

/* Two states are equal when their hashes are. */
struct model_state {
    uint64_t hash[2];
    int64_t value;        /* register, map entry: while present; lock: the owner while held */
    uint32_t first, last; /* queue: items[first] … items[last - 1] are in it */
    bool present;         /* map entry: there is one; lock: it is held */
};

struct model {
    uint32_t kind; /* enum model_kind */
    struct model_state state;
    int64_t *items; /* queue: everything pushed, in this order */
};

/* True when a model has this operation, and when it can end so. */
bool model_has(enum model_kind kind, enum model_operation operation);
bool model_ends(enum model_operation operation, enum model_outcome outcome);

/* True when it never changes its object. */
bool model_observes(enum model_operation operation);

/* The object as it is at first; items may be NULL where there is no queue. */
void model_init(struct model *model, enum model_kind kind, int64_t *items);

/* The operation takes place now. False, and nothing has changed, when it could not have the
 * outcome that it had. An open or unknown one takes place when it changes something. What was
 * pushed stays in items, so that an older state may be put back. */
bool model_apply(struct model *model, const struct model_call *call);

/* The word for a model and for an operation: "register", "compare and set". */
const char *model_name(enum model_kind kind);
const char *model_operation_name(enum model_operation operation);

/* What somebody did, in the past tense: "read 1", "found it empty". Cut to fit. */
void model_print(const struct model_call *call, char *text, size_t size);

#endif
