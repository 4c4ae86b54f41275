#include "sim/place.h"

#include <stdio.h>
#include <string.h>

#include "tests/suite.h"

static struct labels labels;

static void arrange(void) {
    memset(&labels, 0, sizeof labels);
}

START_TEST(a_place_is_read_as_it_was_said) {
    const struct place said = {.file = "late.lua", .name = "clock", .line = 12, .task = 3};
    struct place place;
    arrange();

    const uint64_t site = place_site(&labels, &said);

    ck_assert(place_read(&labels, site, &place));
    ck_assert_str_eq(place.file, "late.lua");
    ck_assert_str_eq(place.name, "clock");
    ck_assert_uint_eq(place.line, 12);
    ck_assert_uint_eq(place.task, 3);
    ck_assert_uint_eq(place_task(site), 3);
    ck_assert_uint_eq(place_site(&labels, &said), site);
}
END_TEST

START_TEST(an_address_is_no_place) {
    struct place place;
    arrange();

    ck_assert(!place_read(&labels, 0x7fffdeadbeef, &place));
    ck_assert_uint_eq(place_task(0x7fffdeadbeef), 0);
}
END_TEST

START_TEST(what_is_beyond_a_limit_is_cut_to_it) {
    const struct place said = {.file = "a", .name = "", .line = UINT32_MAX, .task = UINT32_MAX};
    struct place place;
    arrange();

    ck_assert(place_read(&labels, place_site(&labels, &said), &place));

    ck_assert_str_eq(place.name, "");
    ck_assert_uint_eq(place.line, PLACE_LINE_MAX);
    ck_assert_uint_eq(place.task, PLACE_TASK_MAX);
}
END_TEST

START_TEST(a_full_table_gives_what_it_has_and_no_more) {
    char text[16];
    arrange();
    for (uint32_t i = 0; i < LABELS_USED_MAX; i++) {
        snprintf(text, sizeof text, "%u", i);
        ck_assert_uint_ne(label_add(&labels, text), 0);
    }
    const struct place said = {.file = "late.lua", .name = ""};

    ck_assert_uint_eq(place_site(&labels, &said), 0);
    for (uint32_t i = 0; i < LABELS_USED_MAX; i++) {
        snprintf(text, sizeof text, "%u", i);
        ck_assert_str_eq(label_text(&labels, label_add(&labels, text)), text);
    }
}
END_TEST

START_TEST(a_mark_is_known_at_the_node_that_came_to_it) {
    const int64_t number = label_number("timeout");
    arrange();

    label_mark(&labels, 2, number, "timeout");

    ck_assert_str_eq(label_of_mark(&labels, 2, number), "timeout");
    ck_assert_ptr_null(label_of_mark(&labels, 1, number));
    ck_assert_ptr_null(label_of_mark(&labels, 2, number + 1));
}
END_TEST

SUITE(place) {
    SUITE_TEST(a_place_is_read_as_it_was_said);
    SUITE_TEST(an_address_is_no_place);
    SUITE_TEST(what_is_beyond_a_limit_is_cut_to_it);
    SUITE_TEST(a_full_table_gives_what_it_has_and_no_more);
    SUITE_TEST(a_mark_is_known_at_the_node_that_came_to_it);
}
