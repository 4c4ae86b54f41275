/* The executor's timing wheel against tables and at its borders; test_wheel_twin.c holds it against
 * an array. */
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <ex/panic.h>

#include "executor/wheel.h"
#include "sim/random.h"
#include "tests/suite.h"

#define LAST (EX_WHEEL_NEVER - 1)
#define SECOND UINT64_C(1000000000)
#define NODES 8u
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static struct ex_wheel wheel;
static struct ex_wheel_node nodes[NODES];

/* A wheel's memory may be full of rubbish; a node's is zeroed. */
static void start(void) {
    memset(&wheel, 0xa5, sizeof wheel);
    memset(nodes, 0, sizeof nodes);
    ex_wheel_init(&wheel);
    ex_wheel_verify(&wheel);
}

static void insert(uint32_t i, uint64_t deadline_ns) {
    ex_wheel_insert(&wheel, &nodes[i], deadline_ns);
    ex_wheel_verify(&wheel);
}

static bool cancel(uint32_t i) {
    const bool cancelled = ex_wheel_cancel(&wheel, &nodes[i]);
    ex_wheel_verify(&wheel);
    return cancelled;
}

static void advance(uint64_t now_ns) {
    ex_wheel_advance(&wheel, now_ns);
    ex_wheel_verify(&wheel);
}

/* The number of the node that comes next, NODES when none is due. */
static uint32_t pop(void) {
    const struct ex_wheel_node *node = ex_wheel_pop(&wheel);
    ex_wheel_verify(&wheel);
    return node == NULL ? NODES : (uint32_t)(node - nodes);
}

static jmp_buf panicked;

static void panic_jump(const char *file, int line, const char *what) {
    (void)file;
    (void)line;
    (void)what;
    longjmp(panicked, 1);
}

/* Passes when the expression panics. */
#define EXPECT_PANIC(expression)                                                                   \
    do {                                                                                           \
        ex_panic_install(panic_jump);                                                              \
        if (setjmp(panicked) == 0) {                                                               \
            expression;                                                                            \
            ck_abort_msg("no panic: %s", #expression);                                             \
        }                                                                                          \
        ex_panic_install(NULL);                                                                    \
    } while (0)

static const struct {
    uint64_t deadline[6];
    uint32_t order[6];
} orders[] = {
    {{1, 2, 3, 4, 5, 6}, {0, 1, 2, 3, 4, 5}},
    {{6, 5, 4, 3, 2, 1}, {5, 4, 3, 2, 1, 0}},
    {{7, 7, 7, 7, 7, 7}, {0, 1, 2, 3, 4, 5}},
    {{0, 1, 0, 1, 0, 1}, {0, 2, 4, 1, 3, 5}},
    {{64, 63, 65, 0, 4096, 4095}, {3, 1, 0, 2, 5, 4}},
    {{SECOND, 1, 3600 * SECOND, 2, 5 * SECOND, SECOND}, {1, 3, 0, 5, 4, 2}},
    {{LAST, LAST - 1, LAST, UINT64_C(1) << 63, 0, LAST - 1}, {4, 3, 1, 5, 0, 2}},
    {{UINT64_C(1) << 60, 1, UINT64_C(1) << 54, 1, UINT64_C(1) << 48, 0}, {5, 1, 3, 4, 2, 0}},
};

START_TEST(nodes_come_out_by_deadline_and_then_in_order_of_their_start_in_one_turn) {
    for (size_t row = 0; row < COUNT_OF(orders); row++) {
        start();
        for (uint32_t i = 0; i < 6; i++) {
            insert(i, orders[row].deadline[i]);
        }

        advance(LAST);

        for (size_t i = 0; i < 6; i++) {
            ck_assert_uint_eq(pop(), orders[row].order[i]);
        }
        ck_assert_uint_eq(pop(), NODES);
        ck_assert_uint_eq(ex_wheel_next(&wheel), EX_WHEEL_NEVER);
    }
}
END_TEST

START_TEST(nodes_come_out_one_by_one_when_time_goes_from_each_to_the_next) {
    for (size_t row = 0; row < COUNT_OF(orders); row++) {
        start();
        for (uint32_t i = 0; i < 6; i++) {
            insert(i, orders[row].deadline[i]);
        }

        for (size_t i = 0; i < 6; i++) {
            const uint32_t expected = orders[row].order[i];
            ck_assert_uint_eq(ex_wheel_next(&wheel), orders[row].deadline[expected]);
            advance(orders[row].deadline[expected]);
            ck_assert_uint_eq(pop(), expected);
        }
        ck_assert_uint_eq(pop(), NODES);
    }
}
END_TEST

START_TEST(what_is_late_comes_out_by_deadline_and_before_all_else) {
    for (size_t row = 0; row < COUNT_OF(orders); row++) {
        start();
        advance(LAST);
        ck_assert_uint_eq(pop(), NODES);
        for (uint32_t i = 0; i < 6; i++) {
            insert(i, orders[row].deadline[i]);
        }
        ck_assert_uint_eq(pop(), NODES);

        ck_assert_uint_eq(ex_wheel_next(&wheel), orders[row].deadline[orders[row].order[0]]);
        advance(LAST);

        for (size_t i = 0; i < 6; i++) {
            ck_assert_uint_eq(pop(), orders[row].order[i]);
        }
    }
}
END_TEST

START_TEST(equal_deadlines_come_out_by_start_from_whatever_distance_they_were_started) {
    /* The first is started from afar, the second when the first has moved down on the way, the
     * third at the deadline's own nanosecond. */
    for (unsigned bits = 1; bits < 64; bits++) {
        const uint64_t deadline = (UINT64_C(1) << bits) + (UINT64_C(1) << (bits / 2));
        start();
        insert(0, deadline);
        insert(3, deadline);
        advance(UINT64_C(1) << bits);
        ck_assert_uint_eq(pop(), NODES);
        insert(1, deadline);
        advance(deadline - 1);
        ck_assert_uint_eq(pop(), NODES);
        insert(2, deadline);

        advance(deadline);

        ck_assert_uint_eq(pop(), 0);
        ck_assert_uint_eq(pop(), 3);
        ck_assert_uint_eq(pop(), 1);
        ck_assert_uint_eq(pop(), 2);
    }
}
END_TEST

START_TEST(a_node_comes_out_at_its_time_and_not_a_nanosecond_before) {
    for (unsigned bits = 0; bits < 64; bits++) {
        for (uint64_t more = 0; more < 2; more++) {
            const uint64_t deadline = (UINT64_C(1) << bits) + more;
            start();
            insert(0, deadline);

            advance(deadline - 1);
            ck_assert_uint_eq(pop(), NODES);
            ck_assert_uint_eq(ex_wheel_next(&wheel), deadline);
            ck_assert(ex_wheel_armed(&nodes[0]));

            advance(deadline);
            ck_assert_uint_eq(pop(), 0);
            ck_assert(!ex_wheel_armed(&nodes[0]));
        }
    }
}
END_TEST

START_TEST(what_starts_itself_again_while_it_is_given_out_comes_in_the_next_turn) {
    start();
    insert(0, 5);
    insert(1, 7);
    advance(10);

    ck_assert_uint_eq(pop(), 0);
    insert(0, 6);
    ck_assert_uint_eq(pop(), 1);
    insert(1, 10);
    ck_assert_uint_eq(pop(), NODES);

    ck_assert_uint_eq(ex_wheel_next(&wheel), 6);
    advance(10);
    ck_assert_uint_eq(pop(), 0);
    ck_assert_uint_eq(pop(), 1);
    ck_assert_uint_eq(pop(), NODES);
}
END_TEST

START_TEST(what_is_due_can_be_cancelled_and_started_again_before_it_is_given_out) {
    start();
    for (uint32_t i = 0; i < 6; i++) {
        insert(i, 100 + i / 3);
    }
    advance(200);

    ck_assert_uint_eq(pop(), 0);
    ck_assert(cancel(1));
    ck_assert(cancel(4));
    insert(4, 300);
    ck_assert(cancel(3));
    insert(3, 100);
    ck_assert_uint_eq(pop(), 2);
    ck_assert_uint_eq(pop(), 5);
    ck_assert_uint_eq(pop(), NODES);

    advance(300);
    ck_assert_uint_eq(pop(), 3);
    ck_assert_uint_eq(pop(), 4);
    ck_assert_uint_eq(pop(), NODES);
}
END_TEST

START_TEST(who_stops_before_the_end_finds_the_rest_in_order_with_what_came_late) {
    start();
    insert(0, 10);
    insert(1, 10);
    insert(2, 1000);
    insert(3, 3000);
    advance(2000);
    ck_assert_uint_eq(pop(), 0);
    insert(4, 500);
    insert(5, 1000);
    insert(6, 3);
    insert(7, 2500);

    advance(4000);

    ck_assert_uint_eq(pop(), 6);
    ck_assert_uint_eq(pop(), 1);
    ck_assert_uint_eq(pop(), 4);
    ck_assert_uint_eq(pop(), 2);
    ck_assert_uint_eq(pop(), 5);
    ck_assert_uint_eq(pop(), 7);
    ck_assert_uint_eq(pop(), 3);
    ck_assert_uint_eq(pop(), NODES);
}
END_TEST

START_TEST(a_node_is_cancelled_once) {
    start();
    ck_assert(!cancel(0));
    insert(0, 5);

    ck_assert(cancel(0));
    ck_assert(!cancel(0));

    insert(0, 5);
    advance(5);
    ck_assert_uint_eq(pop(), 0);
    ck_assert(!cancel(0));
    ck_assert_uint_eq(pop(), NODES);
    ck_assert_uint_eq(ex_wheel_next(&wheel), EX_WHEEL_NEVER);
}
END_TEST

START_TEST(a_deadline_of_never_is_armed_and_never_due) {
    start();
    insert(0, EX_WHEEL_NEVER);

    advance(LAST);

    ck_assert_uint_eq(pop(), NODES);
    ck_assert(ex_wheel_armed(&nodes[0]));
    ck_assert_uint_eq(ex_wheel_next(&wheel), EX_WHEEL_NEVER);
    ck_assert(cancel(0));
}
END_TEST

START_TEST(the_next_time_is_that_of_the_earliest_also_from_afar_and_in_company) {
    start();
    insert(0, 3600 * SECOND + 17);
    insert(1, 3600 * SECOND + 5);
    insert(2, 3601 * SECOND);

    ck_assert_uint_eq(ex_wheel_next(&wheel), 3600 * SECOND + 5);

    advance(3600 * SECOND);
    ck_assert_uint_eq(pop(), NODES);
    ck_assert_uint_eq(ex_wheel_next(&wheel), 3600 * SECOND + 5);
}
END_TEST

START_TEST(misuse_panics) {
    start();
    insert(0, 5);
    advance(3);

    EXPECT_PANIC(ex_wheel_insert(&wheel, &nodes[0], 5));
    EXPECT_PANIC(ex_wheel_advance(&wheel, 2));
    EXPECT_PANIC(ex_wheel_advance(&wheel, EX_WHEEL_NEVER));
}
END_TEST

static void change(uint64_t first_ns, uint64_t second_ns, uint64_t changed_ns) {
    start();
    insert(0, first_ns);
    insert(1, second_ns);
    nodes[1].deadline_ns = changed_ns;
}

START_TEST(verify_catches_a_deadline_that_was_changed_from_outside) {
    change(1000, 1001, 2000);
    EXPECT_PANIC(ex_wheel_verify(&wheel));

    change(5, 5, 6);
    EXPECT_PANIC(ex_wheel_verify(&wheel));

    change(SECOND, SECOND + 1, 0);
    EXPECT_PANIC(ex_wheel_verify(&wheel));

    change(1001, 1002, 1000); /* into the same slot, which is due later */
    EXPECT_PANIC(ex_wheel_verify(&wheel));
}
END_TEST

START_TEST(verify_catches_a_change_of_what_is_due_or_came_late) {
    start();
    insert(0, 5);
    insert(1, 5);
    advance(6);
    ck_assert_uint_eq(pop(), 0);
    nodes[1].deadline_ns = 7;
    EXPECT_PANIC(ex_wheel_verify(&wheel));

    start();
    advance(6);
    insert(0, 5);
    nodes[0].deadline_ns = 7;
    EXPECT_PANIC(ex_wheel_verify(&wheel));
}
END_TEST

START_TEST(a_million_deadlines_of_a_second_come_out_in_order_with_every_third_cancelled) {
    const uint32_t count = SUITE_SHARE(1000000);
    struct ex_wheel_node *many = calloc(count, sizeof *many);
    ck_assert_ptr_nonnull(many);
    struct random random;
    random_init(&random, 7);
    start();
    for (uint32_t i = 0; i < count; i++) {
        ex_wheel_insert(&wheel, &many[i], random_below(&random, SECOND / 100) * 100);
    }
    for (uint32_t i = 0; i < count; i += 3) {
        ck_assert(ex_wheel_cancel(&wheel, &many[i]));
    }
    ex_wheel_verify(&wheel);

    uint32_t popped = 0;
    const struct ex_wheel_node *before = NULL;
    for (uint64_t now_ns = 0; now_ns <= SECOND; now_ns += SECOND / 10) {
        ex_wheel_advance(&wheel, now_ns);
        const struct ex_wheel_node *node = NULL;
        while ((node = ex_wheel_pop(&wheel)) != NULL) {
            ck_assert_uint_le(node->deadline_ns, now_ns);
            ck_assert_uint_gt(node->deadline_ns + SECOND / 10, now_ns);
            ck_assert(before == NULL || before->deadline_ns < node->deadline_ns ||
                      (before->deadline_ns == node->deadline_ns && before < node));
            before = node;
            popped++;
        }
    }

    ck_assert_uint_eq(popped, count - (count + 2) / 3);
    free(many);
}
END_TEST

SUITE(wheel) {
    SUITE_TEST(nodes_come_out_by_deadline_and_then_in_order_of_their_start_in_one_turn);
    SUITE_TEST(nodes_come_out_one_by_one_when_time_goes_from_each_to_the_next);
    SUITE_TEST(what_is_late_comes_out_by_deadline_and_before_all_else);
    SUITE_TEST(equal_deadlines_come_out_by_start_from_whatever_distance_they_were_started);
    SUITE_TEST(a_node_comes_out_at_its_time_and_not_a_nanosecond_before);
    SUITE_TEST(what_starts_itself_again_while_it_is_given_out_comes_in_the_next_turn);
    SUITE_TEST(what_is_due_can_be_cancelled_and_started_again_before_it_is_given_out);
    SUITE_TEST(who_stops_before_the_end_finds_the_rest_in_order_with_what_came_late);
    SUITE_TEST(a_node_is_cancelled_once);
    SUITE_TEST(a_deadline_of_never_is_armed_and_never_due);
    SUITE_TEST(the_next_time_is_that_of_the_earliest_also_from_afar_and_in_company);
    SUITE_TEST(misuse_panics);
    SUITE_TEST(verify_catches_a_deadline_that_was_changed_from_outside);
    SUITE_TEST(verify_catches_a_change_of_what_is_due_or_came_late);
    SUITE_TEST(a_million_deadlines_of_a_second_come_out_in_order_with_every_third_cancelled);
}
