/* One decision: its label (what is decided, who decides and their n-th time) and what was taken.
 *
 * Memory:      plain values, small: a run writes thousands, and its caches are to hold them.
 * Determinism: labels hold identities, never addresses, so that they mean the same in other runs.
 */
#ifndef SIM_CHOICE_H
#define SIM_CHOICE_H

#include <stdint.h>

/* Stored in corpora: numbers never change meaning. */
enum choice_kind {
    CHOICE_NONE = 0,
    CHOICE_SCHEDULE = 1,  /* which agent goes on */
    CHOICE_HOLD_MAIN = 2, /* whether main's return lets other threads go first */
    CHOICE_SPURIOUS = 3,  /* a wait returns without a wake */
    CHOICE_LATENCY = 4,   /* of a message, above the minimum, in ns */
    CHOICE_LOSS = 5,
    CHOICE_DUPLICATE = 6,
    CHOICE_SHORT = 7,  /* bytes moved less than asked */
    CHOICE_NUMBER = 8, /* random numbers of the program */
    CHOICE_PORT = 9,
    CHOICE_FAULT = 10,
    CHOICE_RACE = 11,   /* whether who came second passes first */
    CHOICE_MAYBE = 12,  /* whether a constraint is in force */
    CHOICE_ONE_OF = 13, /* which of several */
    CHOICE_CLOCK = 14,  /* how fast a clock runs, and where it stands */
    CHOICE_CLASS = 15,  /* whether a class of faults is on in this run */
    CHOICE_STALE = 16,  /* how many stores back a load sees */
    CHOICE_KIND_COUNT
};

#define CHOICE_AT_BITS 56

struct choice {
    uint64_t who;   /* identity of the thread that decides */
    uint64_t taken; /* which alternative, never 0 in a record; CHOICE_SCHEDULE: the
                       identity of the agent that goes on */
    uint64_t site;  /* address where it was asked, for people; what comes from a corpus
                       has the hash of its name */
    uint64_t at : CHOICE_AT_BITS; /* the run's n-th choice, from 1 */
    uint64_t kind : 8;            /* enum choice_kind */
    uint32_t ordinal;             /* the decider's own n-th choice, from 1 */
    uint32_t last;                /* the last alternative; UINT32_MAX: that one or a later one */
};

/* Who decides: identity and the counter of its own choices. */
struct decider {
    uint64_t identity;
    uint32_t choices;
};

/* What `last` is of so many alternatives, 0 = 2^64. */
static inline uint32_t choice_last(uint64_t alternatives) {
    return alternatives - 1 < UINT32_MAX ? (uint32_t)(alternatives - 1) : UINT32_MAX;
}

/* Writes a label, without the site, in place: copying a struct that was just built would stall on
 * the stores. */
static inline void choice_label(struct choice *choice,
                                uint64_t at,
                                enum choice_kind kind,
                                const struct decider *who,
                                uint32_t last) {
    choice->who = who->identity;
    choice->at = at & ((UINT64_C(1) << CHOICE_AT_BITS) - 1);
    choice->kind = kind & 255;
    choice->ordinal = who->choices;
    choice->last = last;
}

/* The word for a kind in messages. */
const char *choice_name(unsigned kind);

#endif
