/* Counters and the predicates over them. */
#include "sim/property.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/random.h"
#include "tests/suite.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static struct description description;
static struct property property;
static struct verdict verdict;

static struct description_property *declare(enum description_property_kind kind,
                                            enum description_comparison comparison,
                                            int64_t value) {
    struct description_property *predicate =
        description_property_add(&description, "what must hold");
    ck_assert_ptr_nonnull(predicate);
    predicate->kind = kind;
    predicate->comparison = comparison;
    predicate->value = value;
    strcpy(predicate->counter, "wins");
    return predicate;
}

static void begin(void) {
    memset(&verdict, 0, sizeof verdict);
    property_begin(&property, &description, &verdict, 0);
}

static int64_t count(uint32_t node, int64_t delta, uint64_t now_ns) {
    return property_count(&property, node, "wins", delta, now_ns);
}

static void expect(enum verdict_kind kind, const char *message) {
    ck_assert_str_eq(verdict.message, message);
    ck_assert_int_eq((int)verdict.kind, (int)kind);
}

START_TEST(counters_are_a_nodes_own_and_sum_up) {
    description_init(&description, "test");
    begin();

    ck_assert_int_eq(count(1, 5, 0), 5);
    ck_assert_int_eq(count(2, -7, 0), -7);
    ck_assert_int_eq(count(1, 1, 0), 6);
    ck_assert_int_eq(property_count(&property, 1, "losses", 100, 0), 100);

    ck_assert_int_eq(property_value(&property, 1, "wins"), 6);
    ck_assert_int_eq(property_value(&property, 2, "wins"), -7);
    ck_assert_int_eq(property_value(&property, 0, "wins"), -1);
    ck_assert_int_eq(property_value(&property, 3, "wins"), 0);
    ck_assert_int_eq(property_value(&property, 0, "draws"), 0);
    begin();
    ck_assert_int_eq(property_value(&property, 0, "wins"), 0);
}
END_TEST

/* What each comparison says of values around 2. */
static const struct {
    enum description_comparison comparison;
    bool holds[4]; /* of 0 … 3 */
    const char *words;
} comparisons[] = {
    {DESCRIPTION_EQUAL, {false, false, true, false}, ""},
    {DESCRIPTION_AT_MOST, {true, true, true, false}, "at most "},
    {DESCRIPTION_AT_LEAST, {false, false, true, true}, "at least "},
};

START_TEST(always_is_judged_at_the_start_and_after_every_change) {
    for (int64_t first = 0; first < 4; first++) {
        description_init(&description, "test");
        declare(DESCRIPTION_ALWAYS, comparisons[_i].comparison, 2 - first);
        begin(); /* 0 against 2 - first is as first against 2 */
        const bool holds = comparisons[_i].holds[first];
        ck_assert(verdict_is_finding(&verdict) == !holds);
        if (!holds) {
            char message[200];
            snprintf(message,
                     sizeof message,
                     "what must hold: wins is 0, expected %s%" PRId64,
                     comparisons[_i].words,
                     2 - first);
            expect(VERDICT_PROPERTY, message);
        }
    }
}
END_TEST

START_TEST(always_names_the_first_value_that_breaks_it) {
    description_init(&description, "test");
    declare(DESCRIPTION_ALWAYS, DESCRIPTION_AT_MOST, 1);
    begin();

    count(1, 1, 10);
    ck_assert(!verdict_is_finding(&verdict));
    count(2, 1, 20);
    count(2, 1, 30);
    property_end(&property, 40);

    expect(VERDICT_PROPERTY, "what must hold: wins is 2, expected at most 1");
}
END_TEST

START_TEST(finally_is_judged_at_the_end_alone) {
    for (int64_t value = 0; value < 4; value++) {
        description_init(&description, "test");
        declare(DESCRIPTION_FINALLY, comparisons[_i].comparison, 2);
        begin();
        count(1, 100, 10);
        count(1, -100 + value, 20);
        ck_assert(!verdict_is_finding(&verdict));

        property_end(&property, 30);

        ck_assert(verdict_is_finding(&verdict) == !comparisons[_i].holds[value]);
    }
}
END_TEST

START_TEST(eventually_needs_one_moment) {
    description_init(&description, "test");
    declare(DESCRIPTION_EVENTUALLY, DESCRIPTION_EQUAL, 2);
    begin();
    count(1, 2, 10);
    count(1, 1, 20);
    property_end(&property, 30);
    ck_assert(!verdict_is_finding(&verdict));

    begin();
    count(1, 3, 10);
    property_end(&property, 30);
    expect(VERDICT_PROPERTY, "what must hold: wins is 3 to the end, expected 2");
}
END_TEST

START_TEST(eventually_may_have_a_time_by_which_it_holds) {
    static const struct {
        uint64_t at_ns;
        bool holds;
    } rows[] = {{99, true}, {100, true}, {101, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        description_init(&description, "test");
        declare(DESCRIPTION_EVENTUALLY, DESCRIPTION_EQUAL, 2)->within_ns = 100;
        begin();
        count(1, 2, rows[i].at_ns);

        property_end(&property, 500);

        ck_assert(verdict_is_finding(&verdict) == !rows[i].holds);
    }
    expect(VERDICT_PROPERTY, "what must hold: wins is 2 too late, expected 2");
}
END_TEST

/* Of the counter: "wins" is 2 within 100 ns after occasion 0. */
static void declare_after(void) {
    description_init(&description, "test");
    struct description_property *predicate = declare(DESCRIPTION_EVENTUALLY, DESCRIPTION_EQUAL, 2);
    predicate->within_ns = 100;
    predicate->after = 1;
    begin();
}

START_TEST(eventually_may_begin_to_count_with_an_occasion) {
    declare_after();
    count(1, 2, 10); /* and it holds still when the occasion comes */
    property_heard(&property, 0, 1000);
    property_end(&property, 5000);
    ck_assert(!verdict_is_finding(&verdict));

    declare_after();
    count(1, 2, 10);
    count(1, 1, 20); /* it held only before */
    property_heard(&property, 0, 1000);
    property_end(&property, 5000);
    expect(VERDICT_PROPERTY, "what must hold: wins is 3 too late, expected 2");

    declare_after();
    property_heard(&property, 0, 1000);
    count(1, 2, 1100);
    property_heard(&property, 0, 2000); /* the first one counts */
    property_end(&property, 5000);
    ck_assert(!verdict_is_finding(&verdict));

    declare_after();
    property_heard(&property, 0, 1000);
    count(1, 2, 1101);
    property_end(&property, 5000);
    ck_assert(verdict_is_finding(&verdict));

    declare_after();
    property_end(&property, 5000); /* the occasion never came */
    ck_assert(!verdict_is_finding(&verdict) && !property_begun(&property, 0));
}
END_TEST

START_TEST(an_occasion_counts_from_the_one_it_is_to_come_after) {
    description_init(&description, "test");
    struct description_property *predicate =
        declare(DESCRIPTION_EVENTUALLY, DESCRIPTION_AT_LEAST, 1);
    predicate->counter[0] = '\0';
    predicate->occasion = 2;
    predicate->after = 1;
    begin();
    property_heard(&property, 1, 10);
    property_heard(&property, 0, 20);
    property_end(&property, 30);
    expect(VERDICT_PROPERTY, "what must hold: it came 0 times to the end, expected at least 1");

    begin();
    property_heard(&property, 0, 20);
    property_heard(&property, 1, 25);
    property_end(&property, 30);
    ck_assert(!verdict_is_finding(&verdict));
}
END_TEST

START_TEST(at_a_limit_only_what_is_overdue_is_judged) {
    declare_after();
    property_overdue(&property, 5000);
    ck_assert(!verdict_is_finding(&verdict));
    property_heard(&property, 0, 5000);
    property_overdue(&property, 5100);
    ck_assert(!verdict_is_finding(&verdict));
    property_overdue(&property, 5101);
    expect(VERDICT_PROPERTY, "what must hold: wins is 0 too late, expected 2");
}
END_TEST

START_TEST(sometimes_is_remembered_and_never_a_finding) {
    description_init(&description, "test");
    declare(DESCRIPTION_SOMETIMES, DESCRIPTION_EQUAL, 2);
    begin();
    property_end(&property, 30);
    ck_assert(!property.held[0]);
    begin();
    count(1, 2, 10);
    count(1, 1, 20);
    property_end(&property, 30);

    ck_assert(property.held[0]);
    ck_assert(!verdict_is_finding(&verdict));
    begin();
    ck_assert(!property.held[0]);
}
END_TEST

START_TEST(a_property_of_one_node_looks_at_no_other) {
    description_init(&description, "test");
    declare(DESCRIPTION_ALWAYS, DESCRIPTION_AT_MOST, 0)->node = 2;
    begin();

    count(1, 5, 10);
    count(3, 5, 10);
    ck_assert(!verdict_is_finding(&verdict));
    count(2, 1, 20);

    expect(VERDICT_PROPERTY, "what must hold: wins is 1, expected at most 0");
}
END_TEST

enum { ALARM, REPLY }; /* occasions */

static void declare_times(enum description_property_kind kind,
                          enum description_comparison comparison,
                          int64_t value,
                          uint32_t before) {
    struct description_property *predicate = declare(kind, comparison, value);
    predicate->counter[0] = '\0';
    predicate->occasion = ALARM + 1;
    predicate->before = before;
}

START_TEST(an_occasion_is_counted_each_time_that_it_comes) {
    description_init(&description, "test");
    declare_times(DESCRIPTION_ALWAYS, DESCRIPTION_AT_MOST, 1, 0);
    begin();

    property_heard(&property, REPLY, 10);
    property_heard(&property, REPLY, 10);
    property_heard(&property, ALARM, 10);
    ck_assert(!verdict_is_finding(&verdict));
    property_heard(&property, ALARM, 20);

    expect(VERDICT_PROPERTY, "what must hold: it came 2 times, expected at most 1");
}
END_TEST

START_TEST(what_comes_after_the_other_came_is_not_before_it) {
    description_init(&description, "test");
    declare_times(DESCRIPTION_SOMETIMES, DESCRIPTION_AT_LEAST, 1, REPLY + 1);
    for (int late = 0; late < 2; late++) {
        begin();
        property_heard(&property, late ? REPLY : ALARM, 10);
        property_heard(&property, late ? ALARM : REPLY, 20);
        ck_assert(property.held[0] == !late);
    }
    begin();
    property_heard(&property, ALARM, 10);
    ck_assert(property.held[0]); /* the other never comes */
}
END_TEST

START_TEST(an_occasion_may_have_a_time_by_which_it_comes) {
    description_init(&description, "test");
    declare_times(DESCRIPTION_EVENTUALLY, DESCRIPTION_AT_LEAST, 1, 0);
    description.properties[0].within_ns = 100;
    for (uint64_t at_ns = 99; at_ns <= 101; at_ns++) {
        begin();
        property_heard(&property, ALARM, at_ns);
        property_end(&property, 500);
        ck_assert(verdict_is_finding(&verdict) == (at_ns > 100));
    }
    expect(VERDICT_PROPERTY, "what must hold: it came 1 time, but too late, expected at least 1");
}
END_TEST

/* What is summed up as it is counted is what a walk over all counters finds. */
START_TEST(a_sum_of_many_nodes_and_names_is_that_of_all_their_counters) {
    struct random dice;
    random_init(&dice, (uint64_t)_i);
    description_init(&description, "test");
    for (uint32_t i = 0; i < 12; i++) {
        struct description_property *predicate = declare(DESCRIPTION_FINALLY, DESCRIPTION_EQUAL, 0);
        snprintf(predicate->counter, sizeof predicate->counter, "c%u", i % 4);
        predicate->node = i % 3;
    }
    begin();
    for (uint32_t n = 0; n < 5000; n++) {
        char name[16];
        snprintf(name, sizeof name, "c%u", (unsigned)random_below(&dice, 7));
        const uint32_t node = 1 + (uint32_t)random_below(&dice, 1000);
        property_count(&property, node, name, (int64_t)random_below(&dice, 9) - 4, n);
    }

    for (uint32_t i = 0; i < 12; i++) {
        const struct description_property *predicate = &description.properties[i];
        ck_assert_int_eq((int64_t)property.sums[i],
                         property_value(&property, predicate->node, predicate->counter));
    }
    ck_assert_uint_gt(property.counter_count, 3000);
    begin();
    ck_assert_int_eq(property_count(&property, 1, "c1", 3, 0), 3); /* afresh */
}
END_TEST

START_TEST(the_first_broken_property_wins) {
    description_init(&description, "test");
    strcpy(declare(DESCRIPTION_ALWAYS, DESCRIPTION_AT_MOST, 1)->sentence, "the first");
    strcpy(declare(DESCRIPTION_ALWAYS, DESCRIPTION_AT_MOST, 1)->sentence, "the second");
    begin();

    count(1, 2, 10);
    property_end(&property, 20);

    expect(VERDICT_PROPERTY, "the first: wins is 2, expected at most 1");
}
END_TEST

/* ---- limits ---- */

START_TEST(more_counters_than_there_is_room_for_end_the_run) {
    description_init(&description, "test");
    begin();
    for (uint32_t i = 0; i < PROPERTY_COUNTERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%u", i / 2);
        ck_assert_int_eq(property_count(&property, 1 + i % 2, name, 7, 0), 7);
    }
    ck_assert(!verdict_is_finding(&verdict));
    ck_assert_int_eq(property_count(&property, 1, "c0", 1, 0), 8);

    ck_assert_int_eq(property_count(&property, 1, "another", 1, 0), 0);

    expect(VERDICT_LIMIT, "more than 8192 counters");
}
END_TEST

START_TEST(a_counter_that_overflows_ends_the_run) {
    description_init(&description, "test");
    begin();
    ck_assert_int_eq(count(1, INT64_MAX, 0), INT64_MAX);

    count(1, 1, 0);

    expect(VERDICT_LIMIT, "counter \"wins\" overflows");
}
END_TEST

START_TEST(a_sum_beyond_64_bits_compares_as_it_is) {
    description_init(&description, "test");
    declare(DESCRIPTION_ALWAYS, DESCRIPTION_AT_LEAST, INT64_MIN);
    declare(DESCRIPTION_ALWAYS, DESCRIPTION_AT_LEAST, 0);
    begin();

    count(1, INT64_MAX, 0);
    count(2, INT64_MAX, 0);
    ck_assert_int_eq(property_value(&property, 0, "wins"), INT64_MAX);
    count(3, -1, 0);
    count(2, -INT64_MAX, 0);
    ck_assert_int_eq(property_value(&property, 0, "wins"), INT64_MAX - 1);
    count(1, -INT64_MAX, 0);

    expect(VERDICT_PROPERTY, "what must hold: wins is -1, expected at least 0");
    count(1, INT64_MIN, 0);
    ck_assert_int_eq(property_value(&property, 0, "wins"), INT64_MIN);
}
END_TEST

START_TEST(a_name_is_whole_or_refused) {
    static const char longest[] = "0123456789012345678901234567890";
    description_init(&description, "test");
    begin();
    ck_assert_uint_eq(sizeof longest, DESCRIPTION_NAME_SIZE);

    ck_assert_int_eq(property_count(&property, 1, longest, 1, 0), 1);
    ck_assert_int_eq(property_count(&property, 1, longest, 1, 0), 2);
    ck_assert(!verdict_is_finding(&verdict));
    ck_assert_int_eq(property_count(&property, 1, "01234567890123456789012345678901", 1, 0), 0);

    const char *message =
        "the name of counter \"01234567890123456789012345678901\" exceeds 31 characters";
    expect(VERDICT_LIMIT, message);
}
END_TEST

/* Beside sums that are made anew for each count. */
START_TEST(what_a_count_would_make_true_is_foreseen) {
    static const char *const names[] = {"wins", "losses"};
    description_init(&description, "test");
    struct constraints *demanded = &description.demanded;
    for (uint32_t i = 0; i < 24; i++) {
        struct occasion *occasion = &demanded->occasions[demanded->occasion_count++];
        *occasion = (struct occasion){.instant = OCCASION_HOLDS,
                                      .node = i / 8, /* 0: all */
                                      .comparison = 1 + i % 3,
                                      .value = (int64_t)i % 5 - 1};
        strcpy(occasion->name, names[i % 2]);
    }
    begin();
    struct random random;
    random_init(&random, 1);
    uint32_t foreseen = 0;
    for (uint32_t times = 0; times < 2000; times++) {
        const uint32_t node = 1 + (uint32_t)random_below(&random, 2);
        const char *name = names[random_below(&random, 2)];
        const int64_t delta = (int64_t)random_below(&random, 7) - 3;
        uint64_t expected = 0;
        for (uint32_t i = 0; i < demanded->occasion_count; i++) {
            const struct occasion *occasion = &demanded->occasions[i];
            const bool is_told = strcmp(occasion->name, name) == 0 &&
                                 (occasion->node == 0 || occasion->node == node);
            const int64_t value = property_value(&property, occasion->node, name) + delta;
            const bool holds = occasion->comparison == DESCRIPTION_EQUAL ? value == occasion->value
                               : occasion->comparison == DESCRIPTION_AT_MOST
                                   ? value <= occasion->value
                                   : value >= occasion->value;
            expected |= (uint64_t)(is_told && holds) << i;
        }
        ck_assert_uint_eq(property_foresee(&property, node, name, delta), expected);
        foreseen += (uint32_t)__builtin_popcountll(expected);
        property_count(&property, node, name, delta, 0);
    }
    ck_assert_uint_gt(foreseen, 2000);
}
END_TEST

SUITE(property) {
    SUITE_TEST(counters_are_a_nodes_own_and_sum_up);
    SUITE_LOOP(always_is_judged_at_the_start_and_after_every_change, 0, 3);
    SUITE_TEST(always_names_the_first_value_that_breaks_it);
    SUITE_LOOP(finally_is_judged_at_the_end_alone, 0, 3);
    SUITE_TEST(eventually_needs_one_moment);
    SUITE_TEST(eventually_may_have_a_time_by_which_it_holds);
    SUITE_TEST(eventually_may_begin_to_count_with_an_occasion);
    SUITE_TEST(an_occasion_counts_from_the_one_it_is_to_come_after);
    SUITE_TEST(at_a_limit_only_what_is_overdue_is_judged);
    SUITE_TEST(sometimes_is_remembered_and_never_a_finding);
    SUITE_TEST(a_property_of_one_node_looks_at_no_other);
    SUITE_TEST(an_occasion_is_counted_each_time_that_it_comes);
    SUITE_TEST(what_comes_after_the_other_came_is_not_before_it);
    SUITE_TEST(an_occasion_may_have_a_time_by_which_it_comes);
    SUITE_LOOP(a_sum_of_many_nodes_and_names_is_that_of_all_their_counters, 0, 5);
    SUITE_TEST(the_first_broken_property_wins);
    SUITE_TEST(more_counters_than_there_is_room_for_end_the_run);
    SUITE_TEST(a_counter_that_overflows_ends_the_run);
    SUITE_TEST(a_sum_beyond_64_bits_compares_as_it_is);
    SUITE_TEST(a_name_is_whole_or_refused);
    SUITE_TEST(what_a_count_would_make_true_is_foreseen);
}
