/* Finds the case that people name by the first digits of its id.
 *
 * Memory:      none.
 * Errors:      enum status and store_error.
 */
#ifndef CORPUS_PREFIX_H
#define CORPUS_PREFIX_H

#include "corpus/store.h"

/* The case whose id begins with these 1 to 32 hexadecimal digits.
 *
 *   STATUS_FORMAT    not such digits
 *   STATUS_MISSING   no id begins so
 *   STATUS_LIMIT     more than one does; the sentence names two of them */
MUST_USE enum status prefix_find(struct store *store, const char *digits, struct hash *id);

#endif
