/* Tables that came after the first corpora: made when they are first needed, and not there before.
 *
 * Memory:      nothing is kept.
 * Errors:      enum status, as corpus/database.h.
 * Threads:     the database's.
 */
#ifndef CORPUS_TABLE_H
#define CORPUS_TABLE_H

#include <stdbool.h>

#include "corpus/database.h"

/* Whether the corpus has the table. */
MUST_USE enum status table_find(struct database *database, const char *name, bool *exists);

/* When the corpus attached as `other` has the table: makes it here (`create`, SQL that does nothing
 * when it is there) and takes its rows (`merge`, SQL). */
MUST_USE enum status
table_merge(struct database *database, const char *name, const char *create, const char *merge);

#endif
