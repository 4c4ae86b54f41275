/* Occasions: instants of a run that can be named before it happens.
 *
 *   "the second message from server to client arrives"  ─► {OCCASION_ARRIVES, client, server, 2}
 *   "the client comes to the mark rpc.timeout"          ─► {OCCASION_MARK, client, "rpc.timeout"}
 *   "two hits are counted"                              ─► {OCCASION_HOLDS, "hits", at least, 2}
 *
 * Each is announced before its effect, so that whoever comes to it can be made to wait there.
 *
 * Memory:      plain data, part of the description.
 * Limits:      OCCASIONS_MAX.
 * Units:       nanoseconds of virtual time.
 * Errors:      none.
 * Threads:     no shared state.
 * Determinism: the n-th is counted in the order of the run; no address, no time.
 */
#ifndef SIM_OCCASION_H
#define SIM_OCCASION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCCASION_NAME_SIZE 32
#define OCCASIONS_MAX 64 /* bits of a word */
#define OCCASION_NONE UINT32_MAX

enum occasion_instant {
    OCCASION_MARK = 1, /* a program comes to a mark */
    OCCASION_CALL,     /* a call is about to take effect */
    OCCASION_STARTS,   /* a thread begins */
    OCCASION_BLOCKS,   /* a thread is about to wait */
    OCCASION_WAKES,    /* a thread goes on after a wait */
    OCCASION_ENDS,     /* a thread is about to end */
    OCCASION_ARRIVES,  /* a message reaches its socket */
    OCCASION_EXPIRES,  /* a timer, or the deadline of a wait */
    OCCASION_TIME,     /* a time of the run comes */
    OCCASION_EXITS,    /* a node's program has ended */
    OCCASION_CRASHES,  /* a node is gone, as by a loss of power */
    OCCASION_BEGINS,   /* a node's program begins: the first time, and after each crash */
    OCCASION_SENT,     /* a message is about to be given to the network */
    OCCASION_READ,     /* the first byte of a message is about to be read */
    OCCASION_ARMED,    /* a timer, or the deadline of a wait, is about to be set */
    OCCASION_RETURNS,  /* a call has taken effect */
    OCCASION_HOLDS,    /* a count is about to make a predicate true, for the first time */
    OCCASION_INSTANT_COUNT
};

struct occasion {
    uint32_t instant;              /* enum occasion_instant */
    uint32_t node;                 /* where it happens, 0 = at any; of a message: who it is for */
    uint32_t peer;                 /* of a message: who sends it, 0 = anybody */
    uint32_t call;                 /* CALL, RETURNS: enum point_kind */
    uint32_t nth;                  /* which of those that match, from 1; 0 = each */
    uint64_t at_ns;                /* TIME; HOLDS: no later than this, 0 = at any time */
    uint32_t comparison;           /* HOLDS: enum description_comparison … */
    int64_t value;                 /* … of the counter `name` at the node, or of all, with this */
    uint64_t earliest_ns;          /* ARRIVES, of what happens: it may come from here on … */
    uint64_t latest_ns;            /* … and no later than this */
    char name[OCCASION_NAME_SIZE]; /* MARK, HOLDS; STARTS …: of a task, "" = of a thread */
};

/* True when what happens is one of these, the number left aside; fact->nth is not looked at. */
bool occasion_matches(const struct occasion *occasion, const struct occasion *fact);

/* NULL: somebody who comes to it can be made to wait there. Else what it is that cannot be held,
 * why, and what to hold instead. */
const char *occasion_not_held(const struct occasion *occasion);

/* "message 2 from server arrives at client", cut to size. NULL for a node: any. Returns the length
 * as snprintf does. */
size_t occasion_print(const struct occasion *occasion,
                      const char *node,
                      const char *peer,
                      char *text,
                      size_t size);

#endif
