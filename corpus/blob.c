#include "corpus/blob.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define BLOB_LEVEL 3
#define BLOB_DAMAGED "corpus %s is damaged (choices do not have their hash); put back a copy"

enum codec { CODEC_RAW = 0, CODEC_ZSTD = 1 };

_Static_assert(BLOB_SIZE_MAX <= 1000000000, "SQLite's own limit for a value");

static enum status fail_memory(struct database *database) {
    return database_fail(database,
                         STATUS_NO_MEMORY,
                         "no memory for the choices of a case in corpus %s; end other programs, "
                         "then run again",
                         database->path);
}

static bool is_stored(struct database_query *query) {
    const bool found = database_step(query);
    return found && database_get_number(query) > 0;
}

static enum status insert(struct database *database,
                          const struct hash *hash,
                          enum codec codec,
                          size_t raw_size,
                          const void *bytes,
                          size_t size) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO blobs(hash, codec, raw_size, bytes) VALUES(?, ?, ?, ?)");
    database_put_hash(&query, hash);
    database_put_number(&query, codec);
    database_put_number(&query, (int64_t)raw_size);
    database_put_bytes(&query, bytes, size);
    return database_finish_all(&query);
}

enum status blob_put(struct database *database, const void *bytes, size_t size, struct hash *hash) {
    if (size > BLOB_SIZE_MAX) {
        return database_fail(database,
                             STATUS_LIMIT,
                             "a case with %zu bytes of choices does not fit in corpus %s, which "
                             "takes %u; shorten the scenario",
                             size,
                             database->path,
                             BLOB_SIZE_MAX);
    }
    *hash = hash_bytes(bytes, size);
    struct database_query query;
    database_prepare(&query, database, "SELECT count(*) FROM blobs WHERE hash = ?");
    database_put_hash(&query, hash);
    const bool stored = is_stored(&query);
    enum status status = database_finish(&query);
    if (status != STATUS_OK || stored) {
        return status;
    }
    const size_t bound = ZSTD_compressBound(size);
    void *packed = malloc(bound);
    if (packed == NULL) {
        return fail_memory(database);
    }
    const size_t packed_size = ZSTD_compress(packed, bound, bytes, size, BLOB_LEVEL);
    if (ZSTD_isError(packed_size) || packed_size >= size) {
        status = insert(database, hash, CODEC_RAW, size, bytes, size);
    } else {
        status = insert(database, hash, CODEC_ZSTD, size, packed, packed_size);
    }
    free(packed);
    return status;
}

/* Unpacks into raw, which holds raw_size bytes. False when they are not exactly that. */
static bool
unpack(int64_t codec, const void *packed, size_t packed_size, uint8_t *raw, size_t raw_size) {
    if (codec == CODEC_ZSTD) {
        return ZSTD_decompress(raw, raw_size, packed, packed_size) == raw_size;
    }
    if (codec != CODEC_RAW || packed_size != raw_size) {
        return false;
    }
    if (raw_size > 0) {
        memcpy(raw, packed, raw_size);
    }
    return true;
}

static enum status
read_row(struct database_query *query, const struct hash *hash, uint8_t **bytes, size_t *size) {
    struct database *database = query->database;
    const int64_t codec = database_get_number(query);
    const int64_t raw_size = database_get_number(query);
    size_t packed_size;
    const void *packed = database_get_bytes(query, &packed_size);
    if (query->status != STATUS_OK) {
        return query->status;
    }
    if (raw_size < 0 || raw_size > (int64_t)BLOB_SIZE_MAX) {
        return database_fail(database, STATUS_FORMAT, BLOB_DAMAGED, database->path);
    }
    uint8_t *raw = malloc(raw_size > 0 ? (size_t)raw_size : 1);
    if (raw == NULL) {
        return fail_memory(database);
    }
    bool good = unpack(codec, packed, packed_size, raw, (size_t)raw_size);
    if (good) {
        const struct hash found = hash_bytes(raw, (size_t)raw_size);
        good = memcmp(&found, hash, sizeof found) == 0;
    }
    if (!good || raw_size == 0) {
        free(raw);
        raw = NULL;
    }
    if (!good) {
        return database_fail(database, STATUS_FORMAT, BLOB_DAMAGED, database->path);
    }
    *bytes = raw;
    *size = (size_t)raw_size;
    return STATUS_OK;
}

enum status
blob_get(struct database *database, const struct hash *hash, uint8_t **bytes, size_t *size) {
    *bytes = NULL;
    *size = 0;
    struct database_query query;
    database_prepare(&query, database, "SELECT codec, raw_size, bytes FROM blobs WHERE hash = ?");
    database_put_hash(&query, hash);
    const bool found = database_step(&query);
    const enum status read = found ? read_row(&query, hash, bytes, size) : STATUS_OK;
    const enum status status = database_finish(&query);
    if (status != STATUS_OK || read != STATUS_OK) {
        return status != STATUS_OK ? status : read;
    }
    return found ? STATUS_OK : database_fail(database, STATUS_FORMAT, BLOB_DAMAGED, database->path);
}
