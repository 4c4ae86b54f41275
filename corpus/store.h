/* The corpus as a file: created on first use, opened, closed; its errors.
 *
 *   missing ──create──► corpus.db ──open──► store ──close──► corpus.db
 *                          (+ -wal and -shm beside it while it is open, after a crash, and
 *                           empty ones after a reader)
 *
 * A file that is there is never replaced, emptied or converted: what is not a sound corpus of this
 * format is refused, with the reason. A new corpus appears complete or not at all.
 *
 * Memory:      the caller's (a few kilobytes); nothing of it is kept elsewhere.
 * Limits:      one open store a file and process, since closing any descriptor of a file drops the
 *              locks that SQLite holds on it; local file systems only, since WAL needs memory
 *              shared between its users.
 * Units:       times everywhere in corpus/ are seconds since 1970, given by the caller.
 * Errors:      enum status; store_error has one sentence: what, where, what to do.
 * Threads:     one at a time; not across fork. Other processes may read and write meanwhile.
 */
#ifndef CORPUS_STORE_H
#define CORPUS_STORE_H

#include "corpus/database.h"

#define STORE_PATH ".sim/corpus.db" /* when nobody names another */

enum store_mode {
    STORE_READ,  /* never changes the file; needs no right to write */
    STORE_WRITE, /* creates the file, and the folder it is in, when missing */
};

struct store {
    struct database database;
    enum database_mode mode; /* as opened: immutable where nothing can be written beside it */
};

/* Opens the corpus at path (copied). On errors the store is closed, and store_error may be asked.
 *
 *   STATUS_MISSING    no such file (STORE_READ)
 *   STATUS_FORMAT     not a corpus: no database, another program's, truncated, damaged
 *   STATUS_VERSION    written by another version
 *   STATUS_READ_ONLY  it may not be written (STORE_WRITE), or not read without writing
 *   STATUS_BUSY, STATUS_FULL, STATUS_IO, STATUS_LIMIT, STATUS_NO_MEMORY */
MUST_USE enum status store_open(struct store *store, const char *path, enum store_mode mode);

/* Brings everything into the one file, if nobody else uses it,
 * and closes. Closing twice is fine. */
void store_close(struct store *store);

/* One sentence about the last error; valid until the next call that fails. */
const char *store_error(const struct store *store);

#endif
