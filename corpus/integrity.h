/* Whether all of a corpus is sound: the file, the references, and each case against its own id.
 *
 * Memory:      none.
 * Errors:      enum status and store_error.
 * Threads:     the store's.
 */
#ifndef CORPUS_INTEGRITY_H
#define CORPUS_INTEGRITY_H

#include "corpus/store.h"

#define INTEGRITY_PROBLEM_SIZE (DATABASE_ERROR_SIZE + 64)

/* Called with one line, without newline, for each problem. */
typedef void integrity_visitor(void *context, const char *problem);

/* Reads everything. visit may be NULL. STATUS_FORMAT when there is a problem; then store_error says
 * how many. *case_count is the number of cases that were recomputed. */
MUST_USE enum status
integrity_check(struct store *store, integrity_visitor *visit, void *context, uint64_t *case_count);

#endif
