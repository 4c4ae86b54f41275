/* Takes what another corpus holds into this one.
 *
 * By key, not by row. Merging again changes nothing; the order of merges does not matter; counters
 * are never added twice. How two values of one row become one stands beside each column in
 * schema.sql.
 *
 * Memory:      none.
 * Errors:      enum status and store_error of the store merged into, also about the other file.
 * Threads:     the store's.
 */
#ifndef CORPUS_MERGE_H
#define CORPUS_MERGE_H

#include "corpus/store.h"

struct merge_result {
    uint64_t cases_new;
    uint64_t bugs_new;
};

/* Merges the corpus file at path, which is only read and must be sound: everything or, on errors,
 * nothing. The statuses are store_open's and integrity_check's. A file merged into itself changes
 * nothing. */
MUST_USE enum status merge_file(struct store *store, const char *path, struct merge_result *result);

#endif
