#include "tools/finding.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/choice_code.h"

enum status finding_file_hash(const char *path, struct hash *hash) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return STATUS_IO;
    }
    struct hash_stream stream;
    hash_stream_init(&stream);
    unsigned char block[65536];
    size_t size;
    while ((size = fread(block, 1, sizeof block, file)) > 0) {
        hash_stream_add(&stream, block, size);
    }
    const bool failed = ferror(file) != 0;
    fclose(file);
    *hash = hash_stream_value(&stream);
    return failed ? STATUS_IO : STATUS_OK;
}

static void name_site(void *context, uint64_t site, char *text) {
    struct symbols_place place;
    symbols_find(context, site, &place);
    snprintf(text, CHOICE_CODE_NAME_SIZE, "%.90s %.50s:%d", place.function, place.file, place.line);
}

/* Whether "a < b < c" has the name: as a whole, for "take" is another function than "take_all". */
static bool names(const char *text, const char *name) {
    static const char between[] = " < ";
    const size_t length = strlen(name);
    for (const char *next = text; next != NULL; next = strstr(next, between)) {
        next += next == text ? 0 : strlen(between);
        if (strncmp(next, name, length) == 0 &&
            (next[length] == '\0' || strncmp(&next[length], between, strlen(between)) == 0)) {
            return true;
        }
    }
    return false;
}

/* What an interpreter runs may have no name; its file's is none, since a file may be copied. */
static const char *function_of(const struct symbols_place *place) {
    return strcmp(place->function, place->file) == 0 ? "a task" : place->function;
}

/* Function names of both accesses, whichever came first. */
static void race_print(const struct record *record,
                       struct symbols *symbols,
                       const struct symbols_place *place,
                       char *text,
                       size_t size) {
    struct symbols_place other;
    symbols_find(symbols, record->verdict.other_site, &other);
    const char *functions[] = {function_of(place), function_of(&other)};
    const int order = strcmp(functions[0], functions[1]);
    if (order == 0) {
        snprintf(text, size, "%s", functions[0]);
    } else {
        snprintf(text, size, "%s < %s", functions[order > 0], functions[order < 0]);
    }
}

/* Function names where the finding happened and where its threads stand, without repetition. */
static void
where_print(const struct record *record, struct symbols *symbols, char *text, size_t size) {
    struct symbols_place place;
    symbols_find(symbols, record->verdict.site, &place);
    if (record->verdict.kind == VERDICT_RACE) {
        race_print(record, symbols, &place, text, size);
        return;
    }
    size_t used = (size_t)snprintf(text, size, "%s", function_of(&place));
    if (record->verdict.kind != VERDICT_DEADLOCK) {
        return;
    }
    for (uint32_t i = 0; i < record->thread_count && used < size; i++) {
        symbols_find(symbols, record->threads[i].site, &place);
        if (!names(text, function_of(&place))) {
            used += (size_t)snprintf(text + used, size - used, " < %s", function_of(&place));
        }
    }
}

/* The part of the message that names the bug, without numbers, since ids and counts differ between
 * runs that show the same one. */
static struct hash signature_of(const struct record *record, const char *where) {
    char text[CASE_TEXT_SIZE * 2];
    int used = snprintf(text, sizeof text, "%u|%s|", record->verdict.kind, where);
    const char *message = record->verdict.message;
    const char *end = message + strnlen(message, VERDICT_MESSAGE_SIZE);
    if (record->verdict.named != 0 && record->verdict.named < end - message) {
        end = message + record->verdict.named;
    }
    for (const char *next = message; next < end; next++) {
        if (isdigit((unsigned char)*next) == 0 && used + 1 < (int)sizeof text) {
            text[used++] = *next;
        }
    }
    return hash_bytes(text, (size_t)used);
}

struct hash finding_signature(const struct record *record, struct symbols *symbols) {
    char where[CASE_TEXT_SIZE];
    where_print(record, symbols, where, sizeof where);
    return signature_of(record, where);
}

/* Whether an earlier image is the same file: every node has its copy of some. */
static bool is_listed(const struct record *record, uint32_t index) {
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(record->images[i].path, record->images[index].path) == 0) {
            return true;
        }
    }
    return false;
}

/* An image without a file is the kernel's own, and the module comes by its own path, since that of
 * an image may be cut. The sum does not depend on the order in which they were loaded. */
enum status finding_build(const struct record *record, const char *module, struct hash *build) {
    enum status status = finding_file_hash(module, build);
    for (uint32_t i = 0; i < record->image_count && status == STATUS_OK; i++) {
        struct hash hash;
        const char *path = record->images[i].path;
        if (path[0] != '/' || is_listed(record, i) || finding_file_hash(path, &hash) != STATUS_OK) {
            continue;
        }
        const struct hash mixed = hash_bytes(&hash, sizeof hash);
        for (size_t byte = 0; byte < sizeof build->bytes; byte++) {
            build->bytes[byte] ^= mixed.bytes[byte];
        }
    }
    return status;
}

enum status finding_case(const struct record *record,
                         struct symbols *symbols,
                         const char *module,
                         const char *name,
                         struct case_record *stored) {
    memset(stored, 0, sizeof *stored);
    snprintf(stored->scenario, sizeof stored->scenario, "%s", name);
    enum status status = finding_file_hash(module, &stored->scenario_hash);
    if (status == STATUS_OK) {
        status = finding_build(record, module, &stored->build);
    }
    if (status == STATUS_OK) {
        status = choice_code_write(record->choices,
                                   record->record_count,
                                   name_site,
                                   symbols,
                                   &stored->choices,
                                   &stored->choices_size);
    }
    stored->seed = record->seed;
    strategy_print(&record->strategy, stored->strategy, sizeof stored->strategy);
    stored->choices_count = record->record_count;
    stored->trace_version = TRACE_VERSION;
    stored->fingerprint = record->fingerprint;
    stored->steps = record->trace.count;
    stored->time_ns = record->now_ns;
    stored->verdict = record->verdict.kind;
    stored->signal = record->verdict.signal;
    snprintf(stored->message, sizeof stored->message, "%s", record->verdict.message);
    where_print(record, symbols, stored->where, sizeof stored->where);
    stored->signature = signature_of(record, stored->where);
    stored->found_at = time(NULL);
    case_seal(stored);
    return status;
}
