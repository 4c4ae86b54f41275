/* A case's id: a function of exactly the named fields, and the same on every machine. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/case.h"
#include "tests/suite.h"

static uint8_t choices[] = {1, 2, 3};

static struct case_record example(void) {
    struct case_record record;
    memset(&record, 0, sizeof record);
    strcpy(record.scenario, "bank");
    record.scenario_hash = hash_bytes("module", 6);
    record.build = hash_bytes("build", 5);
    record.seed = 42;
    strcpy(record.strategy, "pct:depth=3");
    record.choices = choices;
    record.choices_size = sizeof choices;
    record.fingerprint = hash_bytes("fingerprint", 11);
    return record;
}

static struct hash sealed(struct case_record record) {
    case_seal(&record);
    return record.id;
}

START_TEST(the_id_is_the_same_on_every_machine) {
    /* Recomputed outside of this program, from the recipe in case.c and libxxhash 0.8.1. */
    const struct hash id = sealed(example());

    char text[HASH_TEXT_SIZE];
    hash_print(&id, text);
    ck_assert_str_eq(text, "07d30a05d250b45d12eabe59879a36bb");
}
END_TEST

START_TEST(each_named_field_changes_the_id) {
    static uint8_t others[] = {1, 2, 4};
    const struct hash base = sealed(example());
    struct case_record rows[8];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i] = example();
    }

    strcpy(rows[0].scenario, "banc");
    rows[1].scenario_hash.bytes[15] ^= 1;
    rows[2].build.bytes[0] ^= 1;
    rows[3].seed = UINT64_C(42) << 32;
    strcpy(rows[4].strategy, "pct:depth=4");
    rows[5].choices = others;
    rows[6].choices_size = 2;
    rows[7].fingerprint.bytes[7] ^= 1;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hash id = sealed(rows[i]);
        ck_assert_mem_ne(id.bytes, base.bytes, HASH_SIZE);
    }
}
END_TEST

START_TEST(no_other_field_changes_the_id) {
    struct case_record record = example();
    const struct hash base = sealed(record);

    record.steps = 7;
    record.time_ns = 8;
    record.verdict = 4;
    record.signal = 11;
    record.found_at = 1700000000;
    record.choices_count = 3;
    record.trace_version = 2;
    strcpy(record.message, "other");
    strcpy(record.where, "a < b");
    memset(record.scenario + 5, 'x', 3); /* beyond the end of the name */
    const struct hash id = sealed(record);

    ck_assert_mem_eq(id.bytes, base.bytes, HASH_SIZE);
}
END_TEST

START_TEST(neighbouring_fields_do_not_run_into_each_other) {
    struct case_record one = example();
    struct case_record two = example();
    static uint8_t zeros[32];

    /* Without sizes, choices that end like a fingerprint and the fingerprint itself would mix. */
    one.choices = zeros;
    one.choices_size = 16;
    two.choices = zeros;
    two.choices_size = 32;
    memset(&one.fingerprint, 0, sizeof one.fingerprint);
    memset(&two.fingerprint, 0, sizeof two.fingerprint);
    const struct hash id_one = sealed(one);
    const struct hash id_two = sealed(two);

    ck_assert_mem_ne(id_one.bytes, id_two.bytes, HASH_SIZE);
}
END_TEST

START_TEST(a_case_without_choices_has_an_id) {
    struct case_record record = example();
    record.choices = NULL;
    record.choices_size = 0;

    const struct hash id = sealed(record);

    const struct hash with = sealed(example());
    ck_assert_mem_ne(id.bytes, with.bytes, HASH_SIZE);
}
END_TEST

START_TEST(deinit_leaves_an_empty_record) {
    struct case_record record = example();
    struct case_record empty;
    memset(&empty, 0, sizeof empty);
    record.choices = malloc(3);
    ck_assert_ptr_nonnull(record.choices);

    case_deinit(&record);

    ck_assert_mem_eq(&record, &empty, sizeof record);
}
END_TEST

SUITE(case) {
    SUITE_TEST(the_id_is_the_same_on_every_machine);
    SUITE_TEST(each_named_field_changes_the_id);
    SUITE_TEST(no_other_field_changes_the_id);
    SUITE_TEST(neighbouring_fields_do_not_run_into_each_other);
    SUITE_TEST(a_case_without_choices_has_an_id);
    SUITE_TEST(deinit_leaves_an_empty_record);
}
