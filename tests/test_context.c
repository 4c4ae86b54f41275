/* Switching between stacks: what is kept, what passes, where unwinding ends. */
#include "executor/context.h"

#include <signal.h>
#include <stdint.h>
#include <unwind.h>

#include "tests/suite.h"

#define STACK_SIZE (64u * 1024)
#define MANY 64
#define ROUNDS 100u
#define FRAMES_MAX 32
#define DEPTH 5u

static struct ex_context home;
static struct ex_context other;
static _Alignas(64) char stack[STACK_SIZE];

static void prepare(ex_context_entry *entry) {
    ex_context_prepare(&other, stack, stack + sizeof stack, entry);
}

/* ---- words ---- */

static void add_one_to_each(uintptr_t word) {
    for (;;) {
        word = ex_context_switch(&other, &home, word + 1);
    }
}

START_TEST(a_word_passes_each_way_with_every_switch) {
    prepare(add_one_to_each);

    for (uintptr_t word = 0; word < ROUNDS; word++) {
        ck_assert_uint_eq(ex_context_switch(&home, &other, word * word), word * word + 1);
    }
    ck_assert_uint_eq(ex_context_switch(&home, &other, UINTPTR_MAX), 0);
}
END_TEST

/* ---- registers ---- */

/* More values than there are registers, all alive across the switch in the loop. */
#define LIVE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define DECLARE(n)                                                                                 \
    uint64_t i##n = seed * (n + 3);                                                                \
    double d##n = (double)seed * (n + 0.5);
#define CHANGE(n)                                                                                  \
    i##n = i##n * 3 + seed + n;                                                                    \
    d##n = d##n * 0.75 + (double)n;
#define SUM(n) sum = (sum ^ i##n) * 31 + (uint64_t)(int64_t)(d##n * 16);

static uint64_t computed(uint64_t seed, struct ex_context *from, struct ex_context *to) {
    LIVE(DECLARE)
    for (unsigned round = 0; round < ROUNDS; round++) {
        LIVE(CHANGE)
        if (to != NULL) {
            ex_context_switch(from, to, 0);
        }
    }
    uint64_t sum = 0;
    LIVE(SUM)
    return sum;
}

static uint64_t computed_there;

static void compute(uintptr_t seed) {
    computed_there = computed(seed, &other, &home);
    ex_context_leave(&other, &home, 1);
}

START_TEST(values_in_registers_outlive_a_switch_on_both_sides) {
    const uint64_t here = computed(7, NULL, NULL);
    const uint64_t there = computed(1009, NULL, NULL);
    prepare(compute);
    ex_context_switch(&home, &other, 1009);

    const uint64_t computed_here = computed(7, &home, &other);

    ck_assert_uint_eq(computed_here, here);
    ck_assert_uint_eq(computed_there, there);
    ex_context_retire(&other);
}
END_TEST

/* ---- stacks ---- */

static uintptr_t frame_address;

static void note_frame(uintptr_t word) {
    frame_address = (uintptr_t)__builtin_frame_address(0);
    ex_context_leave(&other, &home, word);
}

START_TEST(an_entry_runs_on_its_stack_aligned_as_any_function) {
    prepare(note_frame);

    ck_assert_uint_eq(ex_context_switch(&home, &other, 5), 5);

    ck_assert_uint_gt(frame_address, (uintptr_t)stack);
    ck_assert_uint_lt(frame_address, (uintptr_t)stack + sizeof stack);
    ck_assert_uint_eq(frame_address % 16, 0);
    ex_context_retire(&other);
}
END_TEST

static struct ex_context ring[MANY];
static char ring_stacks[MANY][16 * 1024] __attribute__((aligned(64)));

/* Each adds its number and passes the sum on to the next; the last passes it home. */
static void pass_on(uintptr_t word) {
    static unsigned entered;
    const unsigned me = entered++;
    for (;;) {
        struct ex_context *next = me + 1 < MANY ? &ring[me + 1] : &home;
        word = ex_context_switch(&ring[me], next, word + me);
    }
}

START_TEST(contexts_switch_to_each_other_in_any_order) {
    for (unsigned i = 0; i < MANY; i++) {
        ex_context_prepare(&ring[i],
                           ring_stacks[i],
                           ring_stacks[i] + sizeof ring_stacks[i],
                           pass_on);
    }

    for (unsigned round = 0; round < ROUNDS; round++) {
        ck_assert_uint_eq(ex_context_switch(&home, &ring[0], round), round + MANY * (MANY - 1) / 2);
    }
}
END_TEST

START_TEST(a_stack_is_used_again_after_its_context_left) {
    for (uintptr_t word = 1; word < ROUNDS; word++) {
        prepare(note_frame);
        ck_assert_uint_eq(ex_context_switch(&home, &other, word), word);
        ex_context_retire(&other);
    }
}
END_TEST

/* ---- unwinding ---- */

static unsigned frame_count;
static _Unwind_Reason_Code unwind_result;

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *argument) {
    (void)context;
    (void)argument;
    return ++frame_count < FRAMES_MAX ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

__attribute__((noinline)) static unsigned descend(unsigned depth) {
    if (depth == 0) {
        unwind_result = _Unwind_Backtrace(count_frame, NULL);
        return 0;
    }
    const unsigned below = descend(depth - 1);
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return below + 1;
}

static void unwind(uintptr_t word) {
    const unsigned depth = descend((unsigned)word);
    ex_context_leave(&other, &home, depth);
}

START_TEST(unwinding_ends_where_the_context_began) {
    prepare(unwind);
    const uintptr_t depth = ex_context_switch(&home, &other, 0);
    const unsigned frames = frame_count;
    ex_context_retire(&other);
    prepare(unwind);
    frame_count = 0;

    const uintptr_t depth_more = ex_context_switch(&home, &other, DEPTH);

    ck_assert_uint_eq(depth, 0);
    ck_assert_uint_eq(depth_more, DEPTH);
    ck_assert_int_eq(unwind_result, _URC_END_OF_STACK);
    ck_assert_uint_gt(frames, 2); /* descend, unwind, where contexts begin */
    ck_assert_uint_lt(frames, 6);
    ck_assert_uint_eq(frame_count, frames + DEPTH);
    ex_context_retire(&other);
}
END_TEST

/* ---- misuse ---- */

START_TEST(a_stack_that_is_not_aligned_is_refused) {
    ex_context_prepare(&other, stack, stack + sizeof stack - 8, note_frame);
}
END_TEST

static void come_back(uintptr_t word) {
    (void)word;
}

START_TEST(an_entry_that_returns_is_stopped) {
    prepare(come_back);
    ex_context_switch(&home, &other, 0);
}
END_TEST

#if defined(__x86_64__) || defined(EX_CONTEXT_SANITIZED)
#define TRAP SIGILL
#else
#define TRAP SIGTRAP
#endif

SUITE(context) {
    SUITE_TEST(a_word_passes_each_way_with_every_switch);
    SUITE_TEST(values_in_registers_outlive_a_switch_on_both_sides);
    SUITE_TEST(an_entry_runs_on_its_stack_aligned_as_any_function);
    SUITE_TEST(contexts_switch_to_each_other_in_any_order);
    SUITE_TEST(a_stack_is_used_again_after_its_context_left);
    SUITE_TEST(unwinding_ends_where_the_context_began);
    tcase_add_test_raise_signal(tcase, a_stack_that_is_not_aligned_is_refused, SIGABRT);
    tcase_add_test_raise_signal(tcase, an_entry_that_returns_is_stopped, TRAP);
}
