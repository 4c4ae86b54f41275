/* Bugs: cases with one signature, how often they were seen, and what people decided about them.
 *
 * Memory:      the caller's; what a visitor is given is valid during its call.
 * Units:       seconds since 1970.
 * Errors:      enum status and store_error.
 * Threads:     the store's. A visitor may read the store, but not write to it.
 */
#ifndef CORPUS_BUG_H
#define CORPUS_BUG_H

#include "corpus/store.h"

/* Stored: numbers never change meaning. */
enum bug_status {
    BUG_OPEN = 0,
    BUG_FIXED = 1,
    BUG_WONT_FIX = 2,
    BUG_MUTED = 3, /* known; does not count as new */
    BUG_STATUS_COUNT
};

struct bug {
    struct hash signature;
    uint32_t verdict; /* enum verdict_kind; with message and where, of the run first seen */
    char message[CASE_TEXT_SIZE];
    char where[CASE_TEXT_SIZE];
    enum bug_status status;
    int64_t first_seen;
    int64_t last_seen;
    uint64_t hits;       /* runs that showed it */
    uint64_t case_count; /* of them stored */
    struct hash best;    /* the case with the fewest choices; only when case_count > 0 */
};

/* False to stop. */
typedef bool bug_visitor(void *context, const struct bug *bug);

/* Calls visit for each bug, in order of first_seen, then signature. */
MUST_USE enum status bug_each(struct store *store, bug_visitor *visit, void *context);

/* STATUS_MISSING when there is none with this signature. */
MUST_USE enum status bug_load(struct store *store, const struct hash *signature, struct bug *bug);

/* Records what was decided now. STATUS_MISSING likewise. */
MUST_USE enum status bug_set_status(struct store *store,
                                    const struct hash *signature,
                                    enum bug_status status,
                                    int64_t now);

/* Adds runs that showed a known bug and are not worth a case. campaign is its id, NULL for none.
 * STATUS_MISSING likewise. */
MUST_USE enum status bug_count(struct store *store,
                               const struct hash *signature,
                               const struct hash *campaign,
                               uint64_t hits,
                               int64_t now);

/* The same within a transaction that has begun. */
MUST_USE enum status bug_sight(struct database *database,
                               const struct hash *signature,
                               const struct hash *campaign,
                               uint64_t hits,
                               int64_t now);

/* The word for a status in tables: "open", "fixed", "wont-fix", "muted". */
const char *bug_status_name(enum bug_status status);

#endif
