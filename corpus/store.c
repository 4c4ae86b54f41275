#include "corpus/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "corpus/schema.h"

/* Fields of an SQLite file's header, big-endian (https://sqlite.org/fileformat2.html, 1.3). */
#define HEADER_SIZE 100
#define HEADER_PAGE_SIZE_AT 16
#define HEADER_PAGE_COUNT_AT 28
#define HEADER_USER_VERSION_AT 60
#define HEADER_APPLICATION_ID_AT 68

#define SIDE_PATH_SIZE (DATABASE_PATH_SIZE + 32) /* a path and "-wal" or ".new-" and a number */

static const char header_magic[16] = "SQLite format 3";

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The size of the log beside a corpus; 0 when it is empty, -1 when there is none. */
static off_t log_size(const char *path) {
    char log[SIDE_PATH_SIZE];
    struct stat about;
    snprintf(log, sizeof log, "%s-wal", path);
    return stat(log, &about) == 0 ? about.st_size : -1;
}

static enum status fail_truncated(struct database *database, off_t size) {
    return database_fail(database,
                         STATUS_FORMAT,
                         "corpus %s is truncated: only %lld bytes are left; put back a copy, or "
                         "move it away to begin a new one",
                         database->path,
                         (long long)size);
}

static enum status fail_newer(struct database *database, int64_t version) {
    return database_fail(database,
                         STATUS_VERSION,
                         "corpus %s is of format %lld and this sim knows up to %d; use the sim "
                         "that wrote it, or name another file with --corpus",
                         database->path,
                         (long long)version,
                         SCHEMA_VERSION);
}

static enum status fail_foreign(struct database *database, uint32_t application_id) {
    return database_fail(database,
                         STATUS_FORMAT,
                         "%s is a database of another program (application id 0x%08x), not a "
                         "corpus; name another file with --corpus",
                         database->path,
                         (unsigned)application_id);
}

/* ---- what is there already ---- */

/* Judges a file by its first bytes, before SQLite may touch it. */
static enum status judge_header(struct database *database, const uint8_t *header, size_t size) {
    const size_t magic_size = size < sizeof header_magic ? size : sizeof header_magic;
    if (memcmp(header, header_magic, magic_size) != 0) {
        return database_fail(database,
                             STATUS_FORMAT,
                             "%s is not a database, so no corpus; name another file with --corpus",
                             database->path);
    }
    if (size < HEADER_SIZE) {
        return fail_truncated(database, (off_t)size);
    }
    const uint32_t application_id = big_endian(header + HEADER_APPLICATION_ID_AT);
    if (application_id != SCHEMA_APPLICATION_ID) {
        return fail_foreign(database, application_id);
    }
    const uint32_t version = big_endian(header + HEADER_USER_VERSION_AT);
    return version > SCHEMA_VERSION ? fail_newer(database, version) : STATUS_OK;
}

static enum status inspect(struct database *database) {
    struct stat about;
    uint8_t header[HEADER_SIZE];
    const int file = open(database->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &about) != 0) {
        const enum status status =
            database_fail(database,
                          STATUS_IO,
                          "cannot read corpus %s: %s; name another file with --corpus",
                          database->path,
                          strerror(errno));
        if (file >= 0) {
            close(file);
        }
        return status;
    }
    const ssize_t size = S_ISREG(about.st_mode) ? pread(file, header, sizeof header, 0) : -1;
    close(file);
    if (size < 0) {
        return database_fail(database,
                             STATUS_FORMAT,
                             "%s is not a file that can be read, so no corpus; name another file "
                             "with --corpus",
                             database->path);
    }
    return judge_header(database, header, (size_t)size);
}

/* ---- the first use ---- */

static enum status fail_create(struct database *database, const char *folder) {
    const bool full = errno == ENOSPC || errno == EDQUOT;
    const bool forbidden = errno == EACCES || errno == EPERM || errno == EROFS;
    return database_fail(database,
                         full        ? STATUS_FULL
                         : forbidden ? STATUS_READ_ONLY
                                     : STATUS_IO,
                         "cannot create %s%scorpus %s: %s; make that possible, or name another "
                         "file with --corpus",
                         folder,
                         folder[0] != '\0' ? "/ for " : "",
                         database->path,
                         strerror(errno));
}

/* The folder of a path, "." for none. */
static void print_folder(char *folder, const char *path) {
    const char *slash = strrchr(path, '/');
    const size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    memcpy(folder, path, size);
    strcpy(folder + size, slash == NULL ? "." : size == 0 ? "/" : "");
}

static enum status create_folder(struct database *database) {
    char folder[DATABASE_PATH_SIZE + 1];
    print_folder(folder, database->path);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return fail_create(database, folder);
    }
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
        return fail_create(database, ""); /* SQLite would only say that it cannot open it */
    }
    return STATUS_OK;
}

/* The name of a new file is safe only once its folder is on the disk. */
static void sync_folder(const char *path) {
    char folder[DATABASE_PATH_SIZE + 1];
    print_folder(folder, path);
    const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        fsync(file);
        close(file);
    }
}

static void remove_draft(const char *draft) {
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[SIDE_PATH_SIZE + 16];
        snprintf(path, sizeof path, "%s%s", draft, endings[i]);
        unlink(path);
    }
}

static enum status fill_draft(struct database *database, const char *draft) {
    enum status status = database_open(database, draft, database->path, DATABASE_CREATE);
    if (status != STATUS_OK) {
        return status;
    }
    status = database_begin(database, DATABASE_SYNC_FULL);
    if (status == STATUS_OK) {
        status = database_end(database, database_run(database, schema_sql));
    }
    if (status == STATUS_OK) {
        status = database_run(database, "PRAGMA journal_mode = WAL");
    }
    database_close(database);
    return status;
}

/* Writes the corpus under another name and then gives it its own, which fails when somebody else
 * was faster: then theirs is as good. A process killed in between leaves only the other name. */
static enum status create(struct database *database) {
    if (log_size(database->path) > 0) {
        return database_fail(database,
                             STATUS_FORMAT,
                             "corpus %s is gone, but its log %s-wal is there; put the corpus back "
                             "beside it, or move the log away to begin a new one",
                             database->path,
                             database->path);
    }
    char draft[SIDE_PATH_SIZE];
    snprintf(draft, sizeof draft, "%s.new-%ld", database->path, (long)getpid());
    enum status status = create_folder(database);
    if (status != STATUS_OK) {
        return status;
    }
    remove_draft(draft);
    status = fill_draft(database, draft);
    if (status == STATUS_OK && link(draft, database->path) != 0 && errno != EEXIST) {
        status = fail_create(database, "");
    }
    remove_draft(draft);
    sync_folder(database->path);
    return status;
}

/* ---- opening ---- */

static enum status read_number(struct database *database, const char *sql, int64_t *number) {
    struct database_query query;
    database_prepare(&query, database, sql);
    *number = database_step(&query) ? database_get_number(&query) : 0;
    return database_finish(&query);
}

/* Within a read transaction. The log may be newer than the header that inspect() saw. With an empty
 * log the file stands still and holds everything; SQLite itself overlooks a cut in the last page.
 */
static enum status judge_content(struct database *database) {
    int64_t application_id = 0;
    int64_t version = 0;
    int64_t page_count = 0;
    int64_t page_size = 0;
    enum status status = read_number(database, "PRAGMA user_version", &version);
    if (status == STATUS_OK) {
        status = read_number(database, "PRAGMA application_id", &application_id);
    }
    if (status == STATUS_OK) {
        status = read_number(database, "PRAGMA page_count", &page_count);
    }
    if (status == STATUS_OK) {
        status = read_number(database, "PRAGMA page_size", &page_size);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (application_id != SCHEMA_APPLICATION_ID) {
        return fail_foreign(database, (uint32_t)application_id);
    }
    if (version > SCHEMA_VERSION) {
        return fail_newer(database, version);
    }
    if (version < 1) {
        return database_fail(database,
                             STATUS_FORMAT,
                             "corpus %s is damaged (format %lld); put back a copy",
                             database->path,
                             (long long)version);
    }
    struct stat about;
    if (log_size(database->path) <= 0 && stat(database->path, &about) == 0 &&
        about.st_size < page_count * page_size) {
        return fail_truncated(database, about.st_size);
    }
    return STATUS_OK;
}

static enum status probe(struct database *database) {
    enum status status = database_run(database, "BEGIN");
    if (status == STATUS_OK) {
        status = judge_content(database);
    }
    return database_end(database, status);
}

/* For a file that SQLite, now closed, found damaged: whether it is merely too short. */
static enum status explain_damage(struct database *database) {
    uint8_t header[HEADER_SIZE];
    struct stat about;
    const int file = open(database->path, O_RDONLY | O_CLOEXEC);
    const bool readable = file >= 0 && fstat(file, &about) == 0 &&
                          pread(file, header, sizeof header, 0) == (ssize_t)sizeof header;
    if (file >= 0) {
        close(file);
    }
    if (readable && log_size(database->path) <= 0) {
        const uint32_t stored = big_endian(header + HEADER_PAGE_SIZE_AT) >> 16;
        const off_t page_size = stored == 1 ? 65536 : (off_t)stored;
        if (about.st_size < page_size * (off_t)big_endian(header + HEADER_PAGE_COUNT_AT)) {
            return fail_truncated(database, about.st_size);
        }
    }
    return STATUS_FORMAT; /* its sentence stands */
}

static enum status open_as(struct store *store, enum database_mode mode) {
    struct database *database = &store->database;
    store->mode = mode;
    enum status status = database_open(database, database->path, database->path, mode);
    if (status == STATUS_OK) {
        status = probe(database);
    }
    if (status == STATUS_OK && mode == DATABASE_WRITE) {
        status = database_run(database, "PRAGMA journal_mode = WAL");
    }
    if (status != STATUS_OK) {
        database_close(database);
    }
    return status == STATUS_FORMAT ? explain_damage(database) : status;
}

/* A corpus is in WAL mode for good, and reading that needs two files beside it. Where they cannot
 * be made, the file alone may be read, but only when no commit is left in its log. Nobody writes
 * then: a writer would have made them. */
static enum status open_to_read(struct store *store) {
    struct database *database = &store->database;
    enum status status = open_as(store, DATABASE_READ);
    const bool full = status == STATUS_FULL;
    if (status != STATUS_READ_ONLY && status != STATUS_IO && !full) {
        return status;
    }
    if (log_size(database->path) > 0) {
        if (full) {
            return status;
        }
        return database_fail(database,
                             STATUS_READ_ONLY,
                             "cannot read corpus %s: its last commits are in %s-wal, and its "
                             "folder is read-only; copy both to where you may write",
                             database->path,
                             database->path);
    }
    return open_as(store, DATABASE_IMMUTABLE);
}

static enum status open_missing(struct store *store, enum store_mode mode) {
    struct database *database = &store->database;
    if (mode == STORE_WRITE) {
        return create(database);
    }
    return database_fail(database,
                         STATUS_MISSING,
                         "there is no corpus %s yet; `sim fuzz` begins one, or name another file "
                         "with --corpus",
                         database->path);
}

enum status store_open(struct store *store, const char *path, enum store_mode mode) {
    struct database *database = &store->database;
    memset(store, 0, sizeof *store);
    if (strlen(path) >= sizeof database->path || path[0] == '\0') {
        return database_fail(database,
                             STATUS_LIMIT,
                             "the corpus's path must have 1 to %d bytes; name another with "
                             "--corpus",
                             DATABASE_PATH_SIZE - 1);
    }
    strcpy(database->path, path);
    struct stat about;
    enum status status = STATUS_OK;
    if (stat(path, &about) != 0 && errno == ENOENT) {
        status = open_missing(store, mode);
    }
    if (status == STATUS_OK) {
        status = inspect(database);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return mode == STORE_WRITE ? open_as(store, DATABASE_WRITE) : open_to_read(store);
}

void store_close(struct store *store) {
    struct database *database = &store->database;
    if (database->handle != NULL && store->mode == DATABASE_WRITE) {
        /* A failure loses nothing: the log stays and is read at the next opening. No waiting for
         * readers: the last user of the file brings the rest in. */
        database_set_busy_ms(database, 0);
        const enum status status = database_run(database, "PRAGMA wal_checkpoint(TRUNCATE)");
        (void)status;
    }
    database_close(database);
}

const char *store_error(const struct store *store) {
    return store->database.error;
}
