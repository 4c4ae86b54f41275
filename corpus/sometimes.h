/* In how many runs of a campaign something held that a scenario says must happen sometimes.
 *
 *   campaign_beat ─► sometimes_add …        all machines and days of one campaign
 *   sometimes_sum ◄── its end: is a number 0?
 *
 * Its table is made by the first campaign that counts any, so that a corpus from before stays as it
 * is until then, and is read as one in which nothing held.
 *
 * Memory:      borrows everything.
 * Errors:      enum status and store_error.
 * Threads:     the store's.
 */
#ifndef CORPUS_SOMETIMES_H
#define CORPUS_SOMETIMES_H

#include "corpus/store.h"

struct sometimes {
    const struct hash *campaign; /* its id */
    const char *scenario;
    const struct hash *scenario_hash;
    const char *sentence;
    uint64_t runs;
};

/* Adds the runs. Within a transaction, after the rows for the campaign and the scenario. */
MUST_USE enum status sometimes_add(struct database *database, const struct sometimes *sometimes);

/* The runs of a campaign in which the sentence held, whatever the scenario's hash. */
MUST_USE enum status sometimes_sum(struct store *store,
                                   const struct hash *campaign,
                                   const char *scenario,
                                   const char *sentence,
                                   uint64_t *runs);

/* Merges the rows of the attached "other" corpus. Within a transaction. */
MUST_USE enum status sometimes_merge(struct database *database);

#endif
