#include "tools/choice_code.h"

#include <stdlib.h>
#include <string.h>

#include "sim/hash.h"

#define SITES_MAX 4096 /* later sites share the last name */
#define CHOICE_BYTES_MAX 80

struct writer {
    uint8_t *bytes;
    size_t size, capacity;
};

static enum status reserve(struct writer *writer, size_t more) {
    if (writer->capacity - writer->size >= more) {
        return STATUS_OK;
    }
    const size_t capacity = writer->capacity * 2 + more;
    uint8_t *bytes = realloc(writer->bytes, capacity);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    writer->bytes = bytes;
    writer->capacity = capacity;
    return STATUS_OK;
}

static void put_number(struct writer *writer, uint64_t value) {
    while (value >= 128) {
        writer->bytes[writer->size++] = (uint8_t)(value | 128);
        value >>= 7;
    }
    writer->bytes[writer->size++] = (uint8_t)value;
}

static void put_word(struct writer *writer, uint64_t value) {
    for (unsigned i = 0; i < 8; i++) {
        writer->bytes[writer->size++] = (uint8_t)(value >> (8 * i));
    }
}

struct site_table {
    uint64_t sites[SITES_MAX];
    uint32_t count;
};

static uint32_t site_index(struct site_table *table, uint64_t site) {
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->sites[i] == site) {
            return i;
        }
    }
    if (table->count < SITES_MAX) {
        table->sites[table->count++] = site;
    }
    return table->count - 1;
}

static enum status put_names(struct writer *writer,
                             const struct site_table *table,
                             choice_code_name *name,
                             void *context) {
    for (uint32_t i = 0; i < table->count; i++) {
        char text[CHOICE_CODE_NAME_SIZE];
        name(context, table->sites[i], text);
        const size_t length = strlen(text);
        if (reserve(writer, length + CHOICE_BYTES_MAX) != STATUS_OK) {
            return STATUS_NO_MEMORY;
        }
        put_number(writer, length);
        memcpy(writer->bytes + writer->size, text, length);
        writer->size += length;
    }
    return STATUS_OK;
}

enum status choice_code_write(const struct choice *choices,
                              uint64_t count,
                              choice_code_name *name,
                              void *context,
                              uint8_t **bytes,
                              size_t *size) {
    struct writer writer = {0};
    struct site_table *table = calloc(1, sizeof *table);
    enum status status = table == NULL ? STATUS_NO_MEMORY : reserve(&writer, CHOICE_BYTES_MAX);
    if (status == STATUS_OK) {
        put_number(&writer, count);
    }
    uint64_t at = 0;
    for (uint64_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct choice *choice = &choices[i];
        status = reserve(&writer, CHOICE_BYTES_MAX);
        if (status == STATUS_OK) {
            put_number(&writer, choice->at - at);
            put_number(&writer, choice->kind);
            put_number(&writer, choice->ordinal);
            put_number(&writer, choice->last);
            put_word(&writer, choice->who);
            if (choice->kind == CHOICE_SCHEDULE) {
                put_word(&writer, choice->taken);
            } else {
                put_number(&writer, choice->taken);
            }
            put_number(&writer, site_index(table, choice->site));
            at = choice->at;
        }
    }
    if (status == STATUS_OK && reserve(&writer, CHOICE_BYTES_MAX) == STATUS_OK) {
        put_number(&writer, table->count);
        status = put_names(&writer, table, name, context);
    }
    free(table);
    *bytes = writer.bytes;
    *size = writer.size;
    return status;
}

struct reader {
    const uint8_t *next, *end;
    bool failed;
};

static uint64_t get_number(struct reader *reader) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (reader->next == reader->end) {
            break;
        }
        const uint8_t byte = *reader->next++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            return value;
        }
    }
    reader->failed = true;
    return 0;
}

static uint64_t get_word(struct reader *reader) {
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        if (reader->next == reader->end) {
            reader->failed = true;
            return 0;
        }
        value |= (uint64_t)*reader->next++ << (8 * i);
    }
    return value;
}

static void get_choice(struct reader *reader, uint64_t *at, struct choice *choice) {
    const uint64_t difference = get_number(reader);
    reader->failed |= difference == 0 || difference > UINT64_MAX - *at;
    *at += difference;
    const uint64_t kind = get_number(reader);
    const struct decider who = {.choices = (uint32_t)get_number(reader)};
    const uint64_t last = get_number(reader);
    reader->failed |= *at >> CHOICE_AT_BITS != 0 || kind == CHOICE_NONE ||
                      kind >= CHOICE_KIND_COUNT || last > UINT32_MAX;
    choice_label(choice, *at, (enum choice_kind)(kind & 255), &who, (uint32_t)last);
    choice->who = get_word(reader);
    choice->taken = kind == CHOICE_SCHEDULE ? get_word(reader) : get_number(reader);
    choice->site = get_number(reader); /* an index until the table is read */
    reader->failed |= choice->taken == 0 ||
                      (kind != CHOICE_SCHEDULE && last != UINT32_MAX && choice->taken > last);
}

static void get_names(struct reader *reader, struct choice *choices, uint64_t count) {
    uint64_t names[SITES_MAX];
    const uint64_t name_count = get_number(reader);
    reader->failed |= name_count > SITES_MAX;
    for (uint64_t i = 0; i < name_count && !reader->failed; i++) {
        const uint64_t length = get_number(reader);
        if (length > (uint64_t)(reader->end - reader->next)) {
            reader->failed = true;
            return;
        }
        const struct hash hash = hash_bytes(reader->next, length);
        memcpy(&names[i], hash.bytes, sizeof names[i]);
        reader->next += length;
    }
    for (uint64_t i = 0; i < count && !reader->failed; i++) {
        reader->failed |= choices[i].site >= name_count;
        choices[i].site = reader->failed ? 0 : names[choices[i].site];
    }
    reader->failed |= reader->next != reader->end;
}

enum status choice_code_read(const uint8_t *bytes,
                             size_t size,
                             struct choice *choices,
                             uint64_t capacity,
                             uint64_t *count) {
    struct reader reader = {bytes, bytes + size, false};
    *count = get_number(&reader);
    if (reader.failed || *count > capacity) {
        return STATUS_FORMAT;
    }
    uint64_t at = 0;
    for (uint64_t i = 0; i < *count && !reader.failed; i++) {
        get_choice(&reader, &at, &choices[i]);
    }
    if (!reader.failed) {
        get_names(&reader, choices, *count);
    }
    return reader.failed ? STATUS_FORMAT : STATUS_OK;
}
