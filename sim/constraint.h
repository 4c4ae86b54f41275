/* What a scenario demands of the order in which occasions come. Whatever it does not say stays open
 * to the seed.
 *
 *   order(a, b, c)            the n-th b not before the n-th a, the n-th c not before the n-th b
 *   hold(a) until b           no a before the first b
 *   never c between a and b   no c after an a and before the b that follows it
 *   race(a, b)                whoever comes first waits for the other, a choice picks, and the
 *                             two happen one right after the other
 *
 * A constraint is one removable object: flat, and naming others only by the occasions it has.
 *
 * Memory:      plain data, part of the description; added by sim/demand.h, kept by sim/gate.h.
 * Limits:      CONSTRAINTS_MAX, each about CONSTRAINT_OCCASIONS_MAX occasions.
 * Errors:      none here.
 * Threads:     no shared state.
 * Determinism: whether one holds somebody is a function of the run so far.
 */
#ifndef SIM_CONSTRAINT_H
#define SIM_CONSTRAINT_H

#include <stdint.h>

#include "sim/occasion.h"

#define CONSTRAINTS_MAX 64
#define CONSTRAINT_OCCASIONS_MAX 8

enum constraint_kind {
    CONSTRAINT_ORDER = 1, /* occasions[0] first, and so on */
    CONSTRAINT_HOLD,      /* [0] is held until [1] */
    CONSTRAINT_NEVER,     /* [2] never between [0] and [1] */
    CONSTRAINT_RACE,      /* [0] against [1] */
};

struct constraint {
    uint32_t kind; /* enum constraint_kind */
    uint32_t count;
    uint32_t occasions[CONSTRAINT_OCCASIONS_MAX]; /* indices in struct constraints */
    uint32_t chance, chances; /* in force in so many of so many runs; 0 of 0 = in all */
    uint32_t group;           /* of those with the same number one is in force; 0 = not asked */
};

/* All of a scenario, and the occasions that they are about. */
struct constraints {
    uint32_t occasion_count;
    uint32_t count;
    struct occasion occasions[OCCASIONS_MAX];
    struct constraint all[CONSTRAINTS_MAX];
};

/* What became of it in a run. */
enum constraint_outcome {
    CONSTRAINT_ABSENT = 0, /* some of its occasions never came */
    CONSTRAINT_OFF,        /* this run left it out */
    CONSTRAINT_EXERCISED,  /* all came, as it demands */
    CONSTRAINT_REFUSED,    /* it was broken, since nothing else could run */
    CONSTRAINT_INFEASIBLE, /* it was broken, since a message could not come so late */
    CONSTRAINT_OUTCOME_COUNT
};

#endif
