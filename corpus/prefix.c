#include "corpus/prefix.h"

#include <string.h>

/* The smallest ('0') or largest ('f') hash with these first digits. */
static enum status pad(const char *digits, char filler, struct hash *hash) {
    char text[HASH_TEXT_SIZE];
    const size_t size = strlen(digits);
    if (size == 0 || size >= sizeof text) {
        return STATUS_FORMAT;
    }
    memset(text, filler, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)(digits[i] >= 'A' && digits[i] <= 'F' ? digits[i] - 'A' + 'a' : digits[i]);
    }
    return hash_parse(hash, text);
}

/* At most two ids between the bounds. */
static enum status find_two(struct store *store,
                            const struct hash *from,
                            const struct hash *to,
                            struct hash *found,
                            unsigned *count) {
    struct database_query query;
    database_prepare(&query,
                     &store->database,
                     "SELECT id FROM cases WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 2");
    database_put_hash(&query, from);
    database_put_hash(&query, to);
    *count = 0;
    while (*count < 2 && database_step(&query)) {
        database_get_hash(&query, &found[(*count)++]);
    }
    return database_finish(&query);
}

enum status prefix_find(struct store *store, const char *digits, struct hash *id) {
    struct database *database = &store->database;
    struct hash from;
    struct hash to;
    struct hash found[2];
    unsigned count;
    if (pad(digits, '0', &from) != STATUS_OK || pad(digits, 'f', &to) != STATUS_OK) {
        return database_fail(database,
                             STATUS_FORMAT,
                             "\"%.64s\" is not the id of a case, which has 1 to %d hexadecimal "
                             "digits; `sim corpus list` shows them",
                             digits,
                             HASH_TEXT_SIZE - 1);
    }
    const enum status status = find_two(store, &from, &to, found, &count);
    if (status != STATUS_OK) {
        return status;
    }
    if (count == 0) {
        return database_fail(database,
                             STATUS_MISSING,
                             "no case in corpus %s begins with %s; `sim corpus list` shows what is "
                             "there",
                             database->path,
                             digits);
    }
    if (count == 2) {
        char texts[2][HASH_TEXT_SIZE];
        hash_print(&found[0], texts[0]);
        hash_print(&found[1], texts[1]);
        return database_fail(database,
                             STATUS_LIMIT,
                             "more than one case in corpus %s begins with %s: %s, %s and perhaps "
                             "more; give more digits",
                             database->path,
                             digits,
                             texts[0],
                             texts[1]);
    }
    *id = found[0];
    return STATUS_OK;
}
