#include "corpus/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/blob.h"

#define BYTES_A_LINE 32

static const char digits[] = "0123456789abcdef";

enum field_kind { FIELD_HASH, FIELD_TEXT, FIELD_U64, FIELD_U32, FIELD_I64, FIELD_I32 };

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    size_t size;
};

#define FIELD(name, kind, member)                                                                  \
    { name, kind, offsetof(struct case_record, member), sizeof((struct case_record *)NULL)->member }

static const struct field fields[] = {
    FIELD("id", FIELD_HASH, id),
    FIELD("scenario", FIELD_TEXT, scenario),
    FIELD("scenario-hash", FIELD_HASH, scenario_hash),
    FIELD("build", FIELD_HASH, build),
    FIELD("seed", FIELD_U64, seed),
    FIELD("strategy", FIELD_TEXT, strategy),
    FIELD("choices-count", FIELD_U64, choices_count),
    FIELD("trace-version", FIELD_U32, trace_version),
    FIELD("fingerprint", FIELD_HASH, fingerprint),
    FIELD("steps", FIELD_U64, steps),
    FIELD("time-ns", FIELD_U64, time_ns),
    FIELD("verdict", FIELD_U32, verdict),
    FIELD("signal", FIELD_I32, signal),
    FIELD("message", FIELD_TEXT, message),
    FIELD("signature", FIELD_HASH, signature),
    FIELD("where", FIELD_TEXT, where),
    FIELD("found-at", FIELD_I64, found_at),
};

#define FIELD_COUNT (sizeof fields / sizeof fields[0])

/* ---- printing ---- */

/* A byte that would end the line or cannot be seen becomes \xNN, and a backslash two. */
static void print_text(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '\\') {
            fputs("\\\\", out);
        } else if (byte < 0x20 || byte == 0x7f) {
            fprintf(out, "\\x%c%c", digits[byte >> 4], digits[byte & 15]);
        } else {
            fputc(byte, out);
        }
    }
}

static void print_value(FILE *out, enum field_kind kind, const void *value) {
    char hash[HASH_TEXT_SIZE];
    switch (kind) {
    case FIELD_HASH:
        hash_print(value, hash);
        fputs(hash, out);
        break;
    case FIELD_TEXT:
        print_text(out, value);
        break;
    case FIELD_U64:
        fprintf(out, "%" PRIu64, *(const uint64_t *)value);
        break;
    case FIELD_U32:
        fprintf(out, "%" PRIu32, *(const uint32_t *)value);
        break;
    case FIELD_I64:
        fprintf(out, "%" PRId64, *(const int64_t *)value);
        break;
    case FIELD_I32:
        fprintf(out, "%" PRId32, *(const int32_t *)value);
        break;
    }
}

static void print_fields(FILE *out, const struct case_record *record) {
    fprintf(out, "sim-case %d\n", TEXT_VERSION);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const void *value = (const char *)record + fields[i].offset;
        const bool empty = fields[i].kind == FIELD_TEXT && *(const char *)value == '\0';
        fprintf(out, "%s%s", fields[i].name, empty ? "" : " ");
        print_value(out, fields[i].kind, value);
        fputc('\n', out);
    }
}

static void print_choices(FILE *out, const struct case_record *record) {
    fprintf(out, "choices-version %d\nchoices %zu\n", CASE_CHOICES_VERSION, record->choices_size);
    for (size_t i = 0; i < record->choices_size; i++) {
        fputc(digits[record->choices[i] >> 4], out);
        fputc(digits[record->choices[i] & 15], out);
        if (i % BYTES_A_LINE == BYTES_A_LINE - 1 || i == record->choices_size - 1) {
            fputc('\n', out);
        }
    }
}

enum status text_print(const struct case_record *record, char **text, size_t *size) {
    assert(record->choices != NULL || record->choices_size == 0);
    *text = NULL;
    *size = 0;
    if (record->choices_size > BLOB_SIZE_MAX) {
        return STATUS_LIMIT;
    }
    FILE *out = open_memstream(text, size);
    if (out == NULL) {
        return STATUS_NO_MEMORY;
    }
    print_fields(out, record);
    print_choices(out, record);
    bool good = fflush(out) == 0;
    if (good) {
        const struct hash hash = hash_bytes(*text, *size);
        fputs("end ", out);
        print_value(out, FIELD_HASH, &hash);
        fputc('\n', out);
    }
    good = !ferror(out) && good;
    good = fclose(out) == 0 && good;
    if (!good) {
        free(*text);
        *text = NULL;
        *size = 0;
    }
    return good ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- parsing ---- */

/* A value within the text; not terminated. */
struct slice {
    const char *bytes;
    size_t size;
};

struct parser {
    const char *text;
    size_t size;
    size_t at; /* of the next line */
    struct text_error *error;
};

static enum status fail(struct parser *parser, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status fail(struct parser *parser, enum status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->error->what, sizeof parser->error->what, format, arguments);
    va_end(arguments);
    return status;
}

/* The next line without its newline. False at the end, and for a last line without newline. */
static bool next_line(struct parser *parser, struct slice *line) {
    parser->error->line++;
    const char *start = parser->text + parser->at;
    const char *end = memchr(start, '\n', parser->size - parser->at);
    if (end == NULL) {
        return false;
    }
    *line = (struct slice){start, (size_t)(end - start)};
    parser->at += line->size + 1;
    return true;
}

/* The value on the next line, which must have this name. */
static enum status next_value(struct parser *parser, const char *name, struct slice *value) {
    const size_t name_size = strlen(name);
    struct slice line;
    if (!next_line(parser, &line)) {
        return fail(parser, STATUS_FORMAT, "the text ends where %s is expected", name);
    }
    if (line.size < name_size || memcmp(line.bytes, name, name_size) != 0 ||
        (line.size > name_size && line.bytes[name_size] != ' ')) {
        return fail(parser, STATUS_FORMAT, "expected %s", name);
    }
    const size_t skip = line.size > name_size ? name_size + 1 : name_size;
    *value = (struct slice){line.bytes + skip, line.size - skip};
    return STATUS_OK;
}

/* Digits without a leading zero, at most `max`. */
static bool read_number(struct slice value, uint64_t max, uint64_t *number) {
    if (value.size == 0 || (value.size > 1 && value.bytes[0] == '0')) {
        return false;
    }
    *number = 0;
    for (size_t i = 0; i < value.size; i++) {
        const unsigned digit = (unsigned)value.bytes[i] - '0';
        if (digit > 9 || *number > (max - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return true;
}

static bool read_signed(struct slice value, int64_t max, int64_t *number) {
    const bool negative = value.size > 0 && value.bytes[0] == '-';
    uint64_t magnitude;
    if (negative) {
        value.bytes++;
        value.size--;
    }
    if (!read_number(value, (uint64_t)max + negative, &magnitude) || (negative && magnitude == 0)) {
        return false;
    }
    *number = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static int digit_value(char digit) {
    const char *at = digit != '\0' ? strchr(digits, digit) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Two digits as a byte, -1 when they are not. */
static int byte_value(const char *two) {
    const int high = digit_value(two[0]);
    const int low = high >= 0 ? digit_value(two[1]) : -1;
    return low >= 0 ? high * 16 + low : -1;
}

/* One byte of an escaped text, -1 when it is not as print_text writes it. */
static int read_escaped(struct slice *value) {
    const unsigned char byte = (unsigned char)*value->bytes;
    size_t used = 1;
    int result = byte < 0x20 || byte == 0x7f ? -1 : byte;
    if (byte == '\\' && value->size >= 2 && value->bytes[1] == '\\') {
        used = 2;
    } else if (byte == '\\') {
        used = 4;
        result = value->size >= 4 && value->bytes[1] == 'x' ? byte_value(value->bytes + 2) : -1;
        result = (result > 0 && result < 0x20) || result == 0x7f ? result : -1;
    }
    if (result >= 0) {
        value->bytes += used;
        value->size -= used;
    }
    return result;
}

static bool read_text(struct slice value, char *text, size_t capacity) {
    size_t size = 0;
    while (value.size > 0) {
        const int byte = read_escaped(&value);
        if (byte < 0 || size + 1 >= capacity) {
            return false;
        }
        text[size++] = (char)byte;
    }
    text[size] = '\0';
    return true;
}

static bool read_hash(struct slice value, struct hash *hash) {
    char text[HASH_TEXT_SIZE];
    if (value.size != sizeof text - 1) {
        return false;
    }
    memcpy(text, value.bytes, value.size);
    text[value.size] = '\0';
    return hash_parse(hash, text) == STATUS_OK;
}

static bool read_value(struct slice value, const struct field *field, void *target) {
    uint64_t number = 0;
    int64_t with_sign = 0;
    bool good = false;
    switch (field->kind) {
    case FIELD_HASH:
        return read_hash(value, target);
    case FIELD_TEXT:
        return read_text(value, target, field->size);
    case FIELD_U64:
        return read_number(value, UINT64_MAX, target);
    case FIELD_U32:
        good = read_number(value, UINT32_MAX, &number);
        *(uint32_t *)target = (uint32_t)number;
        return good;
    case FIELD_I64:
        return read_signed(value, INT64_MAX, target);
    case FIELD_I32:
        good = read_signed(value, INT32_MAX, &with_sign);
        *(int32_t *)target = (int32_t)with_sign;
        return good;
    }
    return false;
}

static enum status parse_version(struct parser *parser, const char *name, uint64_t known) {
    struct slice value;
    uint64_t version;
    const enum status status = next_value(parser, name, &value);
    if (status != STATUS_OK) {
        return status;
    }
    if (!read_number(value, UINT32_MAX, &version) || version == 0) {
        return fail(parser, STATUS_FORMAT, "the value of %s is malformed", name);
    }
    return version == known ? STATUS_OK
                            : fail(parser,
                                   STATUS_VERSION,
                                   "%s is %" PRIu64 " and this sim reads %" PRIu64,
                                   name,
                                   version,
                                   known);
}

static enum status parse_fields(struct parser *parser, struct case_record *record) {
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        struct slice value;
        const enum status status = next_value(parser, fields[i].name, &value);
        if (status != STATUS_OK) {
            return status;
        }
        if (!read_value(value, &fields[i], (char *)record + fields[i].offset)) {
            return fail(parser, STATUS_FORMAT, "the value of %s is malformed", fields[i].name);
        }
    }
    return STATUS_OK;
}

static enum status parse_bytes(struct parser *parser, uint8_t *bytes, size_t size) {
    for (size_t at = 0; at < size; at += BYTES_A_LINE) {
        const size_t count = size - at < BYTES_A_LINE ? size - at : BYTES_A_LINE;
        struct slice line;
        if (!next_line(parser, &line)) {
            return fail(parser, STATUS_FORMAT, "the text ends within the choices");
        }
        bool good = line.size == 2 * count;
        for (size_t i = 0; good && i < count; i++) {
            const int byte = byte_value(line.bytes + 2 * i);
            good = byte >= 0;
            bytes[at + i] = (uint8_t)byte;
        }
        if (!good) {
            return fail(parser, STATUS_FORMAT, "expected %zu hexadecimal digits", 2 * count);
        }
    }
    return STATUS_OK;
}

static enum status parse_choices(struct parser *parser, struct case_record *record) {
    struct slice value;
    uint64_t size;
    enum status status = parse_version(parser, "choices-version", CASE_CHOICES_VERSION);
    if (status == STATUS_OK) {
        status = next_value(parser, "choices", &value);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!read_number(value, BLOB_SIZE_MAX, &size)) {
        return fail(parser, STATUS_FORMAT, "the value of choices is not 0 to %u", BLOB_SIZE_MAX);
    }
    if (size > (parser->size - parser->at) / 2) {
        return fail(parser, STATUS_FORMAT, "the text is too short for its choices");
    }
    if (size == 0) {
        return STATUS_OK;
    }
    record->choices = malloc(size);
    if (record->choices == NULL) {
        return fail(parser, STATUS_NO_MEMORY, "no memory for the choices");
    }
    record->choices_size = size;
    return parse_bytes(parser, record->choices, size);
}

static enum status parse_end(struct parser *parser, const struct case_record *record) {
    const struct hash actual = hash_bytes(parser->text, parser->at);
    struct slice value;
    struct hash stored;
    const enum status status = next_value(parser, "end", &value);
    if (status != STATUS_OK) {
        return status;
    }
    if (!read_hash(value, &stored)) {
        return fail(parser, STATUS_FORMAT, "the value of end is malformed");
    }
    if (memcmp(&stored, &actual, sizeof stored) != 0) {
        return fail(parser, STATUS_FORMAT, "the text was changed: its hash is another");
    }
    if (parser->at != parser->size) {
        parser->error->line++;
        return fail(parser, STATUS_FORMAT, "expected nothing after end");
    }
    struct case_record copy = *record;
    case_seal(&copy);
    return memcmp(&copy.id, &record->id, sizeof copy.id) == 0
               ? STATUS_OK
               : fail(parser, STATUS_FORMAT, "the case is not what its id says");
}

enum status
text_parse(struct case_record *record, const char *text, size_t size, struct text_error *error) {
    struct parser parser = {.text = text, .size = size, .error = error};
    memset(record, 0, sizeof *record);
    memset(error, 0, sizeof *error);
    enum status status = parse_version(&parser, "sim-case", TEXT_VERSION);
    if (status == STATUS_OK) {
        status = parse_fields(&parser, record);
    }
    if (status == STATUS_OK) {
        status = parse_choices(&parser, record);
    }
    if (status == STATUS_OK) {
        status = parse_end(&parser, record);
    }
    if (status != STATUS_OK) {
        case_deinit(record);
    }
    return status;
}
