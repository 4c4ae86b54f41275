/* The door to SQLite: one connection, its queries, and its errors as one clear sentence.
 *
 *   database_prepare ─► put, put … ─► step ─► get, get … ─► finish
 *                                      ▲________________|
 *
 * Errors of a query stick: after the first one, put, step and get do nothing, and finish returns
 * it. So a sequence needs one check at its end. Puts and gets go from left to right.
 *
 * Memory:      the caller's; a query must be finished before its database is closed.
 * Limits:      DATABASE_PATH_SIZE for a path.
 * Units:       milliseconds for waiting.
 * Errors:      enum status; database->error says what, where, and what to do.
 * Threads:     one at a time; not across fork.
 */
#ifndef CORPUS_DATABASE_H
#define CORPUS_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/case.h"

#define DATABASE_PATH_SIZE 4096
#define DATABASE_ERROR_SIZE (DATABASE_PATH_SIZE + 1024)
#define DATABASE_BUSY_MS 10000 /* how long to wait for another process's commit */

struct sqlite3;
struct sqlite3_stmt;

enum database_mode {
    DATABASE_READ,
    DATABASE_IMMUTABLE, /* read, and trust that nobody writes: needs no file beside it */
    DATABASE_WRITE,
    DATABASE_CREATE, /* write; the file may be missing */
};

enum database_sync {
    DATABASE_SYNC_NORMAL, /* a commit survives the end of the process */
    DATABASE_SYNC_FULL,   /* … and of the machine */
};

struct database {
    struct sqlite3 *handle; /* NULL = closed */
    int busy_ms;
    char path[DATABASE_PATH_SIZE]; /* as shown in messages */
    char error[DATABASE_ERROR_SIZE];
};

struct database_query {
    struct database *database;
    struct sqlite3_stmt *statement; /* NULL when it could not be prepared */
    enum status status;             /* the first error */
    int put_count;                  /* parameters given */
    int get_count;                  /* columns taken of this row */
};

/* Opens `file`; messages name `path` (copied), which is what the user called it. */
MUST_USE enum status database_open(struct database *database,
                                   const char *file,
                                   const char *path,
                                   enum database_mode mode);

/* Closes what is open; database->error stays. */
void database_close(struct database *database);

/* How long to wait for a lock, in place of DATABASE_BUSY_MS. */
void database_set_busy_ms(struct database *database, int busy_ms);

/* Writes database->error like printf and returns `status`. */
enum status database_fail(struct database *database, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs statements that need no parameters and whose rows do not matter. */
MUST_USE enum status database_run(struct database *database, const char *sql);

/* Makes `file`, opened for reading like `mode` says, visible as "other". */
MUST_USE enum status
database_attach(struct database *database, const char *file, enum database_mode mode);
void database_detach(struct database *database);

/* Begins a transaction that may write: it never has to be repeated once it has begun. */
MUST_USE enum status database_begin(struct database *database, enum database_sync sync);

/* Commits when status is STATUS_OK, else undoes all since database_begin. Returns the first error;
 * after STATUS_OK the transaction is as safe as `sync` said. */
MUST_USE enum status database_end(struct database *database, enum status status);

/* Rows changed by the last statement. */
uint64_t database_changes(struct database *database);

void database_prepare(struct database_query *query, struct database *database, const char *sql);

/* Parameters from the first on. Copied. */
void database_put_number(struct database_query *query, int64_t number);
void database_put_hash(struct database_query *query, const struct hash *hash);
void database_put_text(struct database_query *query, const char *text);
void database_put_bytes(struct database_query *query, const void *bytes, size_t size);

/* True when there is a row to get. False at the end and on errors. */
bool database_step(struct database_query *query);

/* Columns of the row from the first on. A value that does not fit is damage: STATUS_FORMAT. */
int64_t database_get_number(struct database_query *query);
void database_get_hash(struct database_query *query, struct hash *hash);
void database_get_text(struct database_query *query, char *text, size_t capacity);
/* Borrowed until the next step or finish; NULL when empty. */
const void *database_get_bytes(struct database_query *query, size_t *size);

/* Ends a query and returns its first error. */
MUST_USE enum status database_finish(struct database_query *query);

/* Steps to the end, then finishes: for statements without rows. */
MUST_USE enum status database_finish_all(struct database_query *query);

#endif
