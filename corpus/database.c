#include "corpus/database.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* "file://", a path of which each byte may need three, and the parameters. */
#define URI_SIZE (3 * DATABASE_PATH_SIZE + 64)

_Static_assert(sizeof(sqlite3_int64) == sizeof(int64_t), "64 bits are stored as they are");

enum status database_fail(struct database *database, enum status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(database->error, sizeof database->error, format, arguments);
    va_end(arguments);
    return status;
}

static bool is_disk_full(int code, int system_error) {
    const int primary = code & 0xff;
    return primary == SQLITE_FULL ||
           (primary == SQLITE_IOERR &&
            (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG));
}

static bool is_read_only(int code, int system_error) {
    const int primary = code & 0xff;
    return primary == SQLITE_READONLY ||
           (primary == SQLITE_CANTOPEN &&
            (system_error == EACCES || system_error == EPERM || system_error == EROFS));
}

static enum status fail_damaged(struct database *database, const char *how) {
    return database_fail(database,
                         STATUS_FORMAT,
                         "corpus %s is damaged (%s); put back a copy, or save what is left: "
                         "sqlite3 %s .recover",
                         database->path,
                         how,
                         database->path);
}

/* What the system said. SQLite keeps it for some errors only; for those of a file errno, which was
 * cleared before the call, says the same. */
static int find_system_error(const struct database *database, int code) {
    const int current = errno;
    const int kept = database->handle != NULL ? sqlite3_system_errno(database->handle) : 0;
    return kept == 0 && (code & 0xff) == SQLITE_IOERR ? current : kept;
}

/* What SQLite says in one of its codes, in ours. */
static enum status fail_code(struct database *database, int code) {
    const char *path = database->path;
    const int system_error = find_system_error(database, code);
    const char *how =
        database->handle != NULL ? sqlite3_errmsg(database->handle) : sqlite3_errstr(code);
    if (is_disk_full(code, system_error)) {
        return database_fail(database,
                             STATUS_FULL,
                             "cannot write corpus %s: the disk is full; free some space and run "
                             "again, what was committed is safe",
                             path);
    }
    if (is_read_only(code, system_error)) {
        return database_fail(database,
                             STATUS_READ_ONLY,
                             "cannot write corpus %s: it or its folder is read-only; make both "
                             "writable, or name another file with --corpus",
                             path);
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return database_fail(database,
                             STATUS_BUSY,
                             "corpus %s is locked: another process has held it for %d ms; let it "
                             "finish or end it, then run again",
                             path,
                             database->busy_ms);
    case SQLITE_NOMEM:
        return database_fail(database,
                             STATUS_NO_MEMORY,
                             "no memory for corpus %s; end other programs, then run again",
                             path);
    case SQLITE_ERROR: /* a table or column is missing: all of our SQL is constant */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return fail_damaged(database, how);
    default:
        return database_fail(database,
                             STATUS_IO,
                             "cannot use corpus %s: %s%s%s; check the disk, or name another file "
                             "with --corpus",
                             path,
                             how,
                             system_error != 0 ? ", " : "",
                             system_error != 0 ? strerror(system_error) : "");
    }
}

/* A path in a URI: "?", "#" and "%" are escaped, ":memory:" is a file like any other. */
static void print_uri(char *uri, const char *file, enum database_mode mode) {
    static const char digits[] = "0123456789ABCDEF";
    static const char *const parameters[] = {
        [DATABASE_READ] = "?mode=ro",
        [DATABASE_IMMUTABLE] = "?mode=ro&immutable=1",
        [DATABASE_WRITE] = "?mode=rw",
        [DATABASE_CREATE] = "?mode=rwc",
    };
    assert(strlen(file) < DATABASE_PATH_SIZE);
    strcpy(uri, file[0] == '/' ? "file://" : "file:./");
    char *end = uri + strlen(uri);
    for (; *file != '\0'; file++) {
        if (*file == '?' || *file == '#' || *file == '%') {
            *end++ = '%';
            *end++ = digits[(unsigned char)*file >> 4];
            *end++ = digits[(unsigned char)*file & 15];
        } else {
            *end++ = *file;
        }
    }
    strcpy(end, parameters[mode]);
}

static enum status configure(struct database *database) {
    sqlite3_extended_result_codes(database->handle, 1);
    database_set_busy_ms(database, DATABASE_BUSY_MS);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return database_run(database,
                        "PRAGMA foreign_keys = ON;"
                        "PRAGMA trusted_schema = OFF;"
                        "PRAGMA cell_size_check = ON;"
                        "PRAGMA synchronous = NORMAL;");
}

enum status database_open(struct database *database,
                          const char *file,
                          const char *path,
                          enum database_mode mode) {
    database->handle = NULL;
    database->busy_ms = DATABASE_BUSY_MS;
    database->error[0] = '\0';
    if (strlen(path) >= sizeof database->path || strlen(file) >= sizeof database->path) {
        database->path[0] = '\0';
        return database_fail(database,
                             STATUS_LIMIT,
                             "the corpus's path has more than %d bytes; name a shorter one with "
                             "--corpus",
                             DATABASE_PATH_SIZE - 1);
    }
    if (path != database->path) {
        strcpy(database->path, path);
    }
    char uri[URI_SIZE];
    print_uri(uri, file, mode);
    const bool write = mode == DATABASE_WRITE || mode == DATABASE_CREATE;
    const int flags = SQLITE_OPEN_URI | (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                      (mode == DATABASE_CREATE ? SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2(uri, &database->handle, flags, NULL);
    enum status status = code == SQLITE_OK ? configure(database) : fail_code(database, code);
    if (status == STATUS_OK && write && sqlite3_db_readonly(database->handle, "main") == 1) {
        status = fail_code(database, SQLITE_READONLY); /* SQLite fell back to reading */
    }
    if (status != STATUS_OK) {
        database_close(database);
    }
    return status;
}

void database_close(struct database *database) {
    const int code = sqlite3_close(database->handle);
    assert(code == SQLITE_OK); /* else a query is not finished */
    (void)code;
    database->handle = NULL;
}

void database_set_busy_ms(struct database *database, int busy_ms) {
    database->busy_ms = busy_ms;
    sqlite3_busy_timeout(database->handle, busy_ms);
}

enum status database_run(struct database *database, const char *sql) {
    errno = 0;
    const int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : fail_code(database, code);
}

enum status database_attach(struct database *database, const char *file, enum database_mode mode) {
    assert(mode == DATABASE_READ || mode == DATABASE_IMMUTABLE);
    char uri[URI_SIZE];
    print_uri(uri, file, mode);
    struct database_query query;
    database_prepare(&query, database, "ATTACH ?1 AS other");
    database_put_text(&query, uri);
    return database_finish_all(&query);
}

void database_detach(struct database *database) {
    const int code = sqlite3_exec(database->handle, "DETACH other", NULL, NULL, NULL);
    (void)code; /* nothing was written to it; closing detaches too */
}

enum status database_begin(struct database *database, enum database_sync sync) {
    assert(sqlite3_get_autocommit(database->handle) != 0);
    const enum status status = database_run(
        database,
        sync == DATABASE_SYNC_FULL ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    return status == STATUS_OK ? database_run(database, "BEGIN IMMEDIATE") : status;
}

enum status database_end(struct database *database, enum status status) {
    if (status == STATUS_OK) {
        status = database_run(database, "COMMIT");
    }
    /* Some errors end a transaction by themselves; a failed COMMIT may leave it open. */
    if (sqlite3_get_autocommit(database->handle) == 0) {
        assert(status != STATUS_OK);
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    assert(sqlite3_get_autocommit(database->handle) != 0);
    return status;
}

uint64_t database_changes(struct database *database) {
    return (uint64_t)sqlite3_changes64(database->handle);
}

/* ---- queries ---- */

static void note(struct database_query *query, int code) {
    if (query->status == STATUS_OK && code != SQLITE_OK) {
        query->status = fail_code(query->database, code);
    }
}

void database_prepare(struct database_query *query, struct database *database, const char *sql) {
    *query = (struct database_query){.database = database};
    note(query, sqlite3_prepare_v2(database->handle, sql, -1, &query->statement, NULL));
}

void database_put_number(struct database_query *query, int64_t number) {
    if (query->status == STATUS_OK) {
        note(query, sqlite3_bind_int64(query->statement, ++query->put_count, number));
    }
}

void database_put_bytes(struct database_query *query, const void *bytes, size_t size) {
    if (query->status == STATUS_OK) {
        query->put_count++; /* a NULL pointer would be stored as NULL, not as an empty blob */
        note(query,
             sqlite3_bind_blob64(query->statement,
                                 query->put_count,
                                 size > 0 ? bytes : "",
                                 size,
                                 SQLITE_TRANSIENT));
    }
}

void database_put_hash(struct database_query *query, const struct hash *hash) {
    database_put_bytes(query, hash->bytes, sizeof hash->bytes);
}

void database_put_text(struct database_query *query, const char *text) {
    if (query->status == STATUS_OK) {
        note(query,
             sqlite3_bind_text(query->statement, ++query->put_count, text, -1, SQLITE_TRANSIENT));
    }
}

bool database_step(struct database_query *query) {
    if (query->status != STATUS_OK) {
        return false;
    }
    assert(query->put_count == sqlite3_bind_parameter_count(query->statement));
    query->get_count = 0;
    errno = 0;
    const int code = sqlite3_step(query->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        note(query, code);
    }
    return code == SQLITE_ROW;
}

/* The next column when it has this type; otherwise -1, and the row is damaged. */
static int next_column(struct database_query *query, int type) {
    if (query->status != STATUS_OK) {
        return -1;
    }
    const int column = query->get_count++;
    assert(column < sqlite3_data_count(query->statement));
    if (sqlite3_column_type(query->statement, column) != type) {
        query->status = fail_damaged(query->database, "a value has the wrong type");
        return -1;
    }
    return column;
}

int64_t database_get_number(struct database_query *query) {
    const int column = next_column(query, SQLITE_INTEGER);
    return column >= 0 ? sqlite3_column_int64(query->statement, column) : 0;
}

void database_get_hash(struct database_query *query, struct hash *hash) {
    size_t size;
    const void *bytes = database_get_bytes(query, &size);
    memset(hash, 0, sizeof *hash);
    if (query->status == STATUS_OK && size != sizeof hash->bytes) {
        query->status = fail_damaged(query->database, "a hash has the wrong size");
    }
    if (query->status == STATUS_OK) {
        memcpy(hash->bytes, bytes, sizeof hash->bytes);
    }
}

void database_get_text(struct database_query *query, char *text, size_t capacity) {
    text[0] = '\0';
    const int column = next_column(query, SQLITE_TEXT);
    if (column < 0) {
        return;
    }
    const char *value = (const char *)sqlite3_column_text(query->statement, column);
    const size_t size = (size_t)sqlite3_column_bytes(query->statement, column);
    if (value == NULL) {
        note(query, SQLITE_NOMEM);
    } else if (size >= capacity || memchr(value, '\0', size) != NULL) {
        query->status = fail_damaged(query->database, "a text does not fit");
    } else {
        memcpy(text, value, size + 1);
    }
}

const void *database_get_bytes(struct database_query *query, size_t *size) {
    *size = 0;
    const int column = next_column(query, SQLITE_BLOB);
    if (column < 0) {
        return NULL;
    }
    const void *bytes = sqlite3_column_blob(query->statement, column);
    *size = (size_t)sqlite3_column_bytes(query->statement, column);
    return bytes;
}

enum status database_finish(struct database_query *query) {
    sqlite3_finalize(query->statement); /* its error is noted already */
    query->statement = NULL;
    return query->status;
}

enum status database_finish_all(struct database_query *query) {
    while (database_step(query)) {
    }
    return database_finish(query);
}
