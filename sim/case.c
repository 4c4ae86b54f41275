#include "sim/case.h"

#include <stdlib.h>
#include <string.h>

#include "sim/panic.h"

/* Hashed first, so that an id is never the hash of anything else. It changes with the recipe. */
static const char recipe[] = "sim case id 1";

/* Every field is its size (64 bits, little-endian) and its bytes: ("ab", "c")
 * is not ("a", "bc"). */
static void add_bytes(struct hash_stream *stream, const void *bytes, size_t size) {
    uint8_t prefix[8];
    for (unsigned i = 0; i < sizeof prefix; i++) {
        prefix[i] = (uint8_t)((uint64_t)size >> (8 * i));
    }
    hash_stream_add(stream, prefix, sizeof prefix);
    hash_stream_add(stream, bytes, size);
}

static void add_text(struct hash_stream *stream, const char *text, size_t capacity) {
    const size_t size = strnlen(text, capacity);
    ASSERT(size < capacity);
    add_bytes(stream, text, size);
}

static void add_number(struct hash_stream *stream, uint64_t number) {
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> (8 * i));
    }
    add_bytes(stream, bytes, sizeof bytes);
}

void case_seal(struct case_record *record) {
    ASSERT(record->choices != NULL || record->choices_size == 0);
    struct hash_stream stream;
    hash_stream_init(&stream);
    add_bytes(&stream, recipe, sizeof recipe - 1);
    add_text(&stream, record->scenario, sizeof record->scenario);
    add_bytes(&stream, record->scenario_hash.bytes, HASH_SIZE);
    add_bytes(&stream, record->build.bytes, HASH_SIZE);
    add_number(&stream, record->seed);
    add_text(&stream, record->strategy, sizeof record->strategy);
    add_bytes(&stream, record->choices, record->choices_size);
    add_bytes(&stream, record->fingerprint.bytes, HASH_SIZE);
    record->id = hash_stream_value(&stream);
}

void case_deinit(struct case_record *record) {
    free(record->choices);
    memset(record, 0, sizeof *record);
}
