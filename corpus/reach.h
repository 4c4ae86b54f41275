/* How far a scenario has been searched: so that the next campaign goes on there.
 *
 *   campaign ends after run 9,999 ─► reach_note ─► reach_find ─► the next one begins with 10,000
 *
 * One row for each search that is a search of its own: other runs follow from another build,
 * strategy or base seed, and a shard has numbers of its own. Its table is made by the first
 * campaign that notes anything, so that a corpus from before stays as it is until then.
 *
 * Memory:      borrows everything.
 * Errors:      enum status and store_error.
 * Threads:     the store's.
 */
#ifndef CORPUS_REACH_H
#define CORPUS_REACH_H

#include "corpus/store.h"

struct reach {
    const char *scenario;
    const struct hash *build;
    const char *strategy;
    uint64_t base_seed;
    uint32_t shard, shard_count;
    uint64_t next_index; /* all runs before this one are done */
    uint64_t end_index;  /* the campaign is to end before this one */
};

/* Fills in next_index and end_index, both 0 when there is no such search. */
MUST_USE enum status reach_find(struct store *store, struct reach *reach);

/* Notes them, unless the search has come farther already. Within a transaction. */
MUST_USE enum status reach_note(struct database *database, const struct reach *reach);

/* Merges the rows of the attached "other" corpus. Within a transaction. */
MUST_USE enum status reach_merge(struct database *database);

#endif
