/* 128-bit XXH3: the reference's own values, whole against streamed, and its text form. */
#include <stdint.h>
#include <string.h>

#include "sim/hash.h"
#include "tests/suite.h"

static void expect_text(const struct hash *hash, const char *text) {
    char printed[HASH_TEXT_SIZE];
    hash_print(hash, printed);
    ck_assert_str_eq(printed, text);
}

START_TEST(values_are_those_of_the_reference_program) {
    /* XXH3_128bits of the shared library libxxhash 0.8.1. */
    static const struct {
        const char *text;
        const char *hash;
    } rows[] = {
        {"", "99aa06d3014798d86001c324468d497f"},
        {"abc", "06b05ab6733a618578af5f94892f3950"},
        {"a run is a pure function of (scenario, build, choices)",
         "68dbd984eda50c58357a8dea74cae629"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hash hash = hash_bytes(rows[i].text, strlen(rows[i].text));

        expect_text(&hash, rows[i].hash);
    }
}
END_TEST

START_TEST(a_stream_has_the_value_of_the_whole_however_it_is_cut) {
    uint8_t bytes[3000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 131 + i / 7);
    }

    for (size_t step = 1; step < 700; step += 33) {
        struct hash_stream stream;
        hash_stream_init(&stream);
        for (size_t at = 0; at < sizeof bytes; at += step) {
            const size_t rest = sizeof bytes - at;
            hash_stream_add(&stream, bytes + at, rest < step ? rest : step);
        }
        const struct hash whole = hash_bytes(bytes, sizeof bytes);
        const struct hash streamed = hash_stream_value(&stream);

        ck_assert_mem_eq(whole.bytes, streamed.bytes, HASH_SIZE);
    }
}
END_TEST

START_TEST(a_stream_may_be_asked_and_then_go_on) {
    struct hash_stream stream;
    hash_stream_init(&stream);

    hash_stream_add(&stream, "ab", 2);
    const struct hash early = hash_stream_value(&stream);
    hash_stream_add(&stream, "c", 1);
    const struct hash late = hash_stream_value(&stream);

    const struct hash ab = hash_bytes("ab", 2);
    const struct hash abc = hash_bytes("abc", 3);
    ck_assert_mem_eq(early.bytes, ab.bytes, HASH_SIZE);
    ck_assert_mem_eq(late.bytes, abc.bytes, HASH_SIZE);
}
END_TEST

START_TEST(a_copied_stream_goes_on_elsewhere) {
    struct hash_stream stream;
    struct hash_stream copy;
    hash_stream_init(&stream);
    hash_stream_add(&stream, "left ", 5);

    memcpy(&copy, &stream, sizeof copy);
    hash_stream_add(&copy, "right", 5);

    const struct hash value = hash_stream_value(&copy);
    const struct hash whole = hash_bytes("left right", 10);
    ck_assert_mem_eq(value.bytes, whole.bytes, HASH_SIZE);
}
END_TEST

START_TEST(parse_reads_what_print_wrote) {
    const struct hash hash = hash_bytes("x", 1);
    char text[HASH_TEXT_SIZE];
    struct hash parsed;

    hash_print(&hash, text);
    const enum status status = hash_parse(&parsed, text);

    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_mem_eq(parsed.bytes, hash.bytes, HASH_SIZE);
}
END_TEST

START_TEST(parse_refuses_what_is_not_32_lower_case_digits) {
    static const char *const rows[] = {
        "",
        "0",
        "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef0",
        "0123456789ABCDEF0123456789abcdef",
        "0123456789abcdeg0123456789abcdef",
        " 123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef\n",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hash hash;

        ck_assert_int_eq(hash_parse(&hash, rows[i]), STATUS_FORMAT);
    }
}
END_TEST

SUITE(hash) {
    SUITE_TEST(values_are_those_of_the_reference_program);
    SUITE_TEST(a_stream_has_the_value_of_the_whole_however_it_is_cut);
    SUITE_TEST(a_stream_may_be_asked_and_then_go_on);
    SUITE_TEST(a_copied_stream_goes_on_elsewhere);
    SUITE_TEST(parse_reads_what_print_wrote);
    SUITE_TEST(parse_refuses_what_is_not_32_lower_case_digits);
}
