/* The stored form of choices: what is written is read back, and nothing else is believed. */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "sim/random.h"
#include "tools/choice_code.h"

#define CHOICES_MAX 300

static void name_site(void *context, uint64_t site, char *text) {
    (void)context;
    snprintf(text, CHOICE_CODE_NAME_SIZE, "function_%u file.c:%u", (unsigned)site, (unsigned)site);
}

/* Choices as a run records them: rising positions, taken below the alternatives. */
static uint64_t choices_make(struct choice *choices, uint64_t seed) {
    struct random random;
    random_init(&random, seed);
    const uint64_t count = random_below(&random, CHOICES_MAX);
    uint64_t at = 0;
    for (uint64_t i = 0; i < count; i++) {
        at += 1 + random_below(&random, 200);
        const uint64_t alternatives = 2 + random_below(&random, UINT64_C(1) << (i % 60));
        const struct decider who = {random_next(&random), (uint32_t)random_next(&random)};
        const uint64_t kind = 1 + random_below(&random, CHOICE_KIND_COUNT - 1);
        choices[i].taken = 1 + random_below(&random, alternatives - 1);
        choices[i].site = random_below(&random, 9);
        choice_label(&choices[i], at, (enum choice_kind)kind, &who, choice_last(alternatives));
    }
    return count;
}

START_TEST(what_is_written_is_read_back) {
    static struct choice written[CHOICES_MAX];
    static struct choice read[CHOICES_MAX];
    uint8_t *bytes;
    size_t size;
    uint64_t count;
    const uint64_t made = choices_make(written, (uint64_t)_i);

    ck_assert_int_eq(choice_code_write(written, made, name_site, NULL, &bytes, &size), STATUS_OK);
    ck_assert_int_eq(choice_code_read(bytes, size, read, CHOICES_MAX, &count), STATUS_OK);

    ck_assert_uint_eq(count, made);
    for (uint64_t i = 0; i < made; i++) {
        ck_assert_uint_eq(read[i].at, written[i].at);
        ck_assert_uint_eq(read[i].who, written[i].who);
        ck_assert_uint_eq(read[i].kind, written[i].kind);
        ck_assert_uint_eq(read[i].ordinal, written[i].ordinal);
        ck_assert_uint_eq(read[i].last, written[i].last);
        ck_assert_uint_eq(read[i].taken, written[i].taken);
        ck_assert_uint_ne(read[i].site, 0);
    }
    free(bytes);
}
END_TEST

START_TEST(a_shortened_form_is_refused_wherever_it_ends) {
    static struct choice written[CHOICES_MAX];
    static struct choice read[CHOICES_MAX];
    uint8_t *bytes;
    size_t size;
    uint64_t count;
    const uint64_t made = choices_make(written, 3);
    ck_assert_int_eq(choice_code_write(written, made, name_site, NULL, &bytes, &size), STATUS_OK);

    for (size_t cut = 0; cut < size; cut++) {
        ck_assert_int_eq(choice_code_read(bytes, cut, read, CHOICES_MAX, &count), STATUS_FORMAT);
    }
    free(bytes);
}
END_TEST

START_TEST(random_bytes_never_lead_out_of_bounds) {
    static struct choice read[CHOICES_MAX];
    struct random random;
    random_init(&random, (uint64_t)_i);
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)random_next(&random);
    }
    bytes[0] %= 16; /* a count that could be */
    uint64_t count = 0;

    const enum status status = choice_code_read(bytes, sizeof bytes, read, CHOICES_MAX, &count);

    ck_assert(status == STATUS_FORMAT || count <= CHOICES_MAX);
}
END_TEST

START_TEST(more_choices_than_there_is_room_for_are_refused) {
    static struct choice written[CHOICES_MAX];
    uint8_t *bytes;
    size_t size;
    uint64_t count;
    const uint64_t made = choices_make(written, 3);
    ck_assert_uint_gt(made, 1);
    ck_assert_int_eq(choice_code_write(written, made, name_site, NULL, &bytes, &size), STATUS_OK);

    ck_assert_int_eq(choice_code_read(bytes, size, written, made - 1, &count), STATUS_FORMAT);
    free(bytes);
}
END_TEST

SUITE(choice_code) {
    SUITE_LOOP(what_is_written_is_read_back, 0, SUITE_SHARE(200));
    SUITE_TEST(a_shortened_form_is_refused_wherever_it_ends);
    SUITE_LOOP(random_bytes_never_lead_out_of_bounds, 0, SUITE_SHARE(500));
    SUITE_TEST(more_choices_than_there_is_room_for_are_refused);
}
