/* The stored cases.
 *
 *   case_seal(record) ─► cases_add ─► committed, safe against power loss ─► "found" may be printed
 *
 * Memory:      the caller's; cases_load allocates record->choices, which case_deinit frees. What a
 *              visitor is given is valid during its call.
 * Limits:      BLOB_SIZE_MAX bytes of choices.
 * Units:       seconds since 1970.
 * Errors:      enum status and store_error.
 * Threads:     the store's. A visitor may read the store, but not write to it.
 */
#ifndef CORPUS_CASES_H
#define CORPUS_CASES_H

#include "corpus/bug.h"
#include "corpus/store.h"

struct cases_added {
    bool case_is_new;
    bool bug_is_new;
    enum bug_status bug_status; /* a fixed bug that is seen again is worth a sentence */
};

struct cases_entry {
    struct case_record record; /* without choices in cases_each: NULL and 0 */
    bool pinned;
};

/* False to stop. */
typedef bool cases_visitor(void *context, const struct cases_entry *entry);

/* Stores a sealed record, or counts it when its id is known; then what is stored stays as it is,
 * and its bug is the one that counts. campaign is its id, NULL for none. After STATUS_OK it is on
 * the disk; otherwise nothing of it is stored. */
MUST_USE enum status cases_add(struct store *store,
                               const struct case_record *record,
                               const struct hash *campaign,
                               struct cases_added *added);

/* Calls visit for each case in order of found_at, then id; with a signature only for its cases. */
MUST_USE enum status
cases_each(struct store *store, const struct hash *signature, cases_visitor *visit, void *context);

/* One case with its choices. STATUS_MISSING when there is none of this id, STATUS_FORMAT when it is
 * damaged, STATUS_VERSION when its choices are of another one. On errors entry is empty. */
MUST_USE enum status
cases_load(struct store *store, const struct hash *id, struct cases_entry *entry);

/* A pinned case is kept for good. STATUS_MISSING likewise. */
MUST_USE enum status
cases_pin(struct store *store, const struct hash *id, bool pinned, int64_t now);

/* The sentence for an id that is not there; returns STATUS_MISSING. */
enum status cases_fail_missing(struct database *database, const struct hash *id);

#endif
