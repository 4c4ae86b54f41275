/* What came of running a case again, the latest for each build.
 *
 * Memory:      the caller's; what a visitor is given is valid during its call.
 * Units:       seconds since 1970.
 * Errors:      enum status and store_error.
 * Threads:     the store's. A visitor may read the store, but not write to it.
 */
#ifndef CORPUS_OUTCOME_H
#define CORPUS_OUTCOME_H

#include "corpus/store.h"

/* Stored: numbers never change meaning. */
enum outcome_kind {
    OUTCOME_EXACT = 1,     /* same signature, same fingerprint */
    OUTCOME_SAME_BUG = 2,  /* same signature, another fingerprint */
    OUTCOME_OTHER_BUG = 3, /* another signature */
    OUTCOME_PASSED = 4,    /* no finding; it may have moved */
    OUTCOME_DIVERGED = 5,  /* a choice did not match */
    OUTCOME_ERROR = 6,     /* it could not be run */
};

struct outcome {
    struct hash case_id;
    struct hash build; /* that it was run on */
    enum outcome_kind kind;
    uint64_t mismatch_at; /* OUTCOME_DIVERGED: the choice that did not match, from 1; else 0 */
    int64_t replayed_at;
};

/* False to stop. */
typedef bool outcome_visitor(void *context, const struct outcome *outcome);

/* Stores it in place of an earlier one for this case and build. STATUS_MISSING when there is no
 * such case. */
MUST_USE enum status outcome_add(struct store *store, const struct outcome *outcome);

/* Calls visit for each outcome of a case, in order of replayed_at, then build. */
MUST_USE enum status outcome_each(struct store *store,
                                  const struct hash *case_id,
                                  outcome_visitor *visit,
                                  void *context);

/* The word for a kind in tables: "reproduces", "same-bug" … */
const char *outcome_name(enum outcome_kind kind);

#endif
