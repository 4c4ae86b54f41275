/* The order of readiness against its naive twin: an array, oldest first, that is told the same. */
#include "sim/order.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sim/random.h"
#include "tests/suite.h"

#define POSITIONS_MAX 40u
#define STEPS 10000u
#define ARENA_SIZE 4096u

struct twin {
    struct order order;
    uint32_t positions[POSITIONS_MAX];
    uint32_t count;
    bool runs;    /* the last one runs */
    bool planted; /* the array forgets that the last position bears the number of one that went */
};

static struct twin twin;
static _Alignas(64) unsigned char memory[ARENA_SIZE];

static void twin_begin(bool planted) {
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    twin = (struct twin){.planted = planted};
    order_init(&twin.order, &arena, POSITIONS_MAX);
    order_reset(&twin.order);
}

static void twin_add(void) {
    order_add(&twin.order);
    twin.positions[twin.count] = twin.count;
    if (twin.runs) {
        twin.positions[twin.count] = twin.positions[twin.count - 1];
        twin.positions[twin.count - 1] = twin.count;
    }
    twin.count++;
}

/* Takes a position out of the array and closes the gap. */
static void twin_take(uint32_t position) {
    uint32_t at = 0;
    while (at < twin.count && twin.positions[at] != position) {
        at++;
    }
    for (; at + 1 < twin.count; at++) {
        twin.positions[at] = twin.positions[at + 1];
    }
}

static void twin_remove(uint32_t position) {
    order_remove(&twin.order, position);
    twin.runs = twin.runs && twin.positions[twin.count - 1] != position;
    twin_take(position);
    twin.count--;
    for (uint32_t i = 0; i < twin.count && !twin.planted; i++) {
        if (twin.positions[i] == twin.count) {
            twin.positions[i] = position;
        }
    }
}

/* The place of a position: in the order if there are few, else the position itself. */
static uint32_t twin_place(uint32_t at) {
    return twin.count <= ORDER_WORD_MAX ? at : twin.positions[at];
}

static void twin_run(uint32_t at) {
    const uint32_t position = twin.positions[at];
    order_run(&twin.order, twin_place(at));
    twin_take(position);
    twin.positions[twin.count - 1] = position;
    twin.runs = true;
}

static bool twin_agrees(void) {
    order_verify(&twin.order);
    bool same = twin.order.count == twin.count && twin.order.runs == twin.runs;
    for (uint32_t i = 0; i < twin.count && same; i++) {
        same = order_position(&twin.order, twin_place(i)) == twin.positions[i];
    }
    if (twin.count > 0 && same) {
        same = order_oldest(&twin.order) == twin_place(0) &&
               order_newest(&twin.order) == twin_place(twin.count - 1);
    }
    return same;
}

/* Grows to a size and goes on around it, so that the word and the links take turns. */
static bool twin_goes_along(uint64_t seed, uint32_t size, bool planted) {
    struct random random;
    random_init(&random, seed);
    twin_begin(planted);
    bool same = true;
    for (uint32_t step = 0; step < STEPS && same; step++) {
        const bool small = twin.count < size;
        const uint64_t dice = random_below(&random, 8);
        if (twin.count == 0 || (twin.count < POSITIONS_MAX && dice < (small ? 3u : 1u))) {
            twin_add();
        } else if (dice < 4) {
            twin_remove((uint32_t)random_below(&random, twin.count));
        } else {
            twin_run((uint32_t)random_below(&random, twin.count));
        }
        same = twin_agrees();
    }
    return same;
}

static const uint32_t sizes[] = {1, 2, 4, ORDER_WORD_MAX, ORDER_WORD_MAX + 1, POSITIONS_MAX};

START_TEST(the_order_is_that_of_its_twin_at_every_size) {
    const uint32_t size = sizes[_i];
    for (uint64_t seed = 0; seed < 10; seed++) {
        ck_assert_msg(twin_goes_along(seed, size, false), "size %u, seed %u", size, (unsigned)seed);
    }
}
END_TEST

START_TEST(a_twin_that_forgets_a_name_does_not_pass) {
    ck_assert(!twin_goes_along(1, 8, true));
    ck_assert(!twin_goes_along(1, 24, true));
}
END_TEST

START_TEST(who_runs_is_the_newest_and_the_others_keep_their_order) {
    twin_begin(false);
    for (uint32_t i = 0; i < ORDER_WORD_MAX; i++) {
        twin_add();
    }
    order_run_word(&twin.order, 0);
    order_run_word(&twin.order, 1);
    order_run_word(&twin.order, 0);
    ck_assert_uint_eq(twin.order.word, UINT64_C(0x120fedcba9876543));
    order_run_word(&twin.order, ORDER_WORD_MAX - 1);
    ck_assert_uint_eq(twin.order.word, UINT64_C(0x120fedcba9876543));
}
END_TEST

START_TEST(who_becomes_ready_stands_before_the_one_that_runs) {
    for (uint32_t count = 1; count < ORDER_WORD_MAX + 4; count++) {
        twin_begin(false);
        for (uint32_t i = 0; i < count; i++) {
            twin_add();
        }
        order_run(&twin.order, 0);
        order_add(&twin.order);
        ck_assert_uint_eq(order_position(&twin.order, order_newest(&twin.order)), 0);
        order_remove(&twin.order, 0); /* and `count` is 0 from now on */
        ck_assert_uint_eq(order_position(&twin.order, order_newest(&twin.order)), 0);
    }
}
END_TEST

SUITE(order) {
    SUITE_LOOP(the_order_is_that_of_its_twin_at_every_size, 0, (int)(sizeof sizes / sizeof *sizes));
    SUITE_TEST(a_twin_that_forgets_a_name_does_not_pass);
    SUITE_TEST(who_runs_is_the_newest_and_the_others_keep_their_order);
    SUITE_TEST(who_becomes_ready_stands_before_the_one_that_runs);
}
