/* Byte strings, stored once each under the hash of their content, compressed when that helps.
 *
 * Memory:      blob_get allocates for the caller, the rest borrows.
 * Limits:      BLOB_SIZE_MAX bytes.
 * Errors:      enum status and database->error.
 * Threads:     the database's.
 * Source:      zstd 1.5 (BSD licence, Debian's libzstd-dev), level 3.
 */
#ifndef CORPUS_BLOB_H
#define CORPUS_BLOB_H

#include "corpus/database.h"

#define BLOB_SIZE_MAX (256u << 20) /* raw; four million choices */

/* Stores the bytes unless they are there already, and tells their hash. Within a transaction.
 * STATUS_LIMIT beyond BLOB_SIZE_MAX. */
MUST_USE enum status
blob_put(struct database *database, const void *bytes, size_t size, struct hash *hash);

/* Reads them back; *bytes is the caller's to free, NULL when size is 0. STATUS_FORMAT when
 * there are none of this hash or what is stored has another one: both are damage. */
MUST_USE enum status
blob_get(struct database *database, const struct hash *hash, uint8_t **bytes, size_t *size);

#endif
