/* The pool of fibers' stacks: where they lie, who gets which, what goes back to the system. */
#include "executor/stack.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/random.h"
#include "tests/suite.h"

#define TAKEN_MAX 300
#define MANY 40000u
#define STEPS 4000
#define SEEDS 8

static struct ex_stack_pool pool;
static struct ex_stack *taken[MANY];

static struct ex_stack *take(void) {
    struct ex_stack *stack = ex_stack_take(&pool);
    ck_assert_ptr_nonnull(stack);
    return stack;
}

static void take_all(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        taken[i] = take();
    }
}

static void give_all(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        ex_stack_give(&pool, taken[i]);
    }
}

/* True if the byte can be read; asks the kernel, which does not fault. */
static bool is_readable(const char *address) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const ssize_t written = write(ends[1], address, 1);
    ck_assert(written == 1 || errno == EFAULT);
    close(ends[0]);
    close(ends[1]);
    return written == 1;
}

/* ---- where they lie ---- */

START_TEST(stacks_hold_what_was_asked_for_and_do_not_overlap) {
    static const size_t sizes[] = {0, 1, 8 * 1024, 10000, 64 * 1024, 200 * 1024};
    const size_t size = sizes[_i];
    ex_stack_init(&pool, size, false);

    take_all(TAKEN_MAX);

    for (unsigned i = 0; i < TAKEN_MAX; i++) {
        ck_assert_uint_ge((size_t)(taken[i]->top - taken[i]->low), size);
        ck_assert_uint_ge((size_t)(taken[i]->top - taken[i]->low), EX_STACK_SIZE_MIN);
        ck_assert_uint_eq((uintptr_t)taken[i]->top % 64, 0);
        memset(taken[i]->low, (int)(i % 251), (size_t)(taken[i]->top - taken[i]->low));
    }
    for (unsigned i = 0; i < TAKEN_MAX; i++) {
        for (const char *byte = taken[i]->low; byte < taken[i]->top; byte += 512) {
            ck_assert_int_eq(*(const unsigned char *)byte, (int)(i % 251));
        }
    }
    give_all(TAKEN_MAX);
    ex_stack_deinit(&pool);
}
END_TEST

START_TEST(without_a_size_stacks_hold_64_KiB) {
    ex_stack_init(&pool, 0, false);

    const struct ex_stack *stack = take();

    ck_assert_uint_eq(pool.size, 64 * 1024);
    ck_assert_uint_ge((size_t)(stack->top - stack->low), 64 * 1024);
}
END_TEST

START_TEST(tops_of_sixteen_neighbours_lie_on_sixteen_lines) {
    ex_stack_init(&pool, 16 * 1024, false);
    take_all(64);

    for (unsigned first = 0; first < 64; first += 16) {
        unsigned lines = 0;
        for (unsigned i = first; i < first + 16; i++) {
            lines |= 1u << ((uintptr_t)taken[i]->top / 64 % 16);
        }
        ck_assert_uint_eq(lines, 0xffff);
    }
}
END_TEST

START_TEST(below_each_stack_lies_a_guard) {
    ex_stack_init(&pool, 0, _i == 1); /* as the kernel can, and by mprotect */
    take_all(TAKEN_MAX);

    for (unsigned i = 0; i < TAKEN_MAX; i += 7) {
        ck_assert(is_readable(taken[i]->low));
        ck_assert(is_readable(taken[i]->top - 1));
        ck_assert(!is_readable(taken[i]->low - 1));
        ck_assert(!is_readable(taken[i]->low - pool.guard_size));
    }
    give_all(TAKEN_MAX);
    ex_stack_deinit(&pool);
}
END_TEST

/* From now on this process runs on a kernel that refuses the advice. */
static void refuse_advice(uint32_t advice) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, advice, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof program / sizeof *program, program};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

START_TEST(a_kernel_that_does_not_know_guards_protects_them) {
    refuse_advice(102); /* MADV_GUARD_INSTALL */
    ex_stack_init(&pool, 0, false);

    take_all(TAKEN_MAX);

    ck_assert(pool.protects);
    for (unsigned i = 0; i < TAKEN_MAX; i += 7) {
        ck_assert(is_readable(taken[i]->low));
        ck_assert(!is_readable(taken[i]->low - 1));
    }
    give_all(TAKEN_MAX);
    ex_stack_deinit(&pool);
}
END_TEST

START_TEST(guards_outlive_a_trim) {
    ex_stack_init(&pool, 0, _i == 1);
    take_all(10);
    for (unsigned i = 1; i < 10; i++) {
        ex_stack_give(&pool, taken[i]);
    }

    ck_assert_uint_eq(ex_stack_trim(&pool, 0), 9);

    for (unsigned i = 0; i < 10; i++) {
        ck_assert(is_readable(taken[i]->low));
        ck_assert(!is_readable(taken[i]->low - 1));
    }
}
END_TEST

START_TEST(where_guards_take_no_mappings_there_may_be_more_stacks_than_mappings) {
    ex_stack_init(&pool, 0, false);

    take_all(1);
    const unsigned count =
        pool.protects ? 1000 : MANY; /* mprotect: two mappings each, at most 65530 */
    ex_stack_give(&pool, taken[0]);
    take_all(count);

    ck_assert_uint_eq(pool.used_count, count);
    ex_stack_verify(&pool);
    give_all(count);
    ex_stack_deinit(&pool);
}
END_TEST

/* ---- who gets which ---- */

START_TEST(the_stack_that_was_given_back_last_is_taken_first_and_is_not_cleared) {
    ex_stack_init(&pool, 0, false);
    take_all(3);
    for (unsigned i = 0; i < 3; i++) {
        memset(taken[i]->top - 100, (int)(i + 1), 100);
    }
    give_all(3);

    for (unsigned i = 3; i-- > 0;) {
        const struct ex_stack *stack = take();
        ck_assert_ptr_eq(stack, taken[i]);
        ck_assert_int_eq(stack->top[-1], (char)(i + 1));
        ck_assert_int_eq(stack->top[-100], (char)(i + 1));
    }
}
END_TEST

START_TEST(stacks_are_numbered_as_they_are_taken) {
    ex_stack_init(&pool, 0, false);

    take_all(2);
    ck_assert_uint_eq(taken[0]->number, 1);
    ck_assert_uint_eq(taken[1]->number, 2);
    ex_stack_give(&pool, taken[0]);
    ck_assert_uint_eq(take()->number, 3);
}
END_TEST

/* ---- what goes back ---- */

START_TEST(a_trim_keeps_those_used_last_and_the_pages_of_others_go_back) {
    ex_stack_init(&pool, 0, _i == 1);
    take_all(10);
    for (unsigned i = 0; i < 10; i++) {
        memset(taken[i]->low, 7, (size_t)(taken[i]->top - taken[i]->low));
    }
    for (unsigned i = 1; i < 10; i++) {
        ex_stack_give(&pool, taken[i]);
    }

    ck_assert_uint_eq(ex_stack_trim(&pool, 3), 6);

    ex_stack_verify(&pool);
    ck_assert_uint_eq(pool.idle_count, 3);
    for (unsigned i = 0; i < 10; i++) {
        const bool is_kept = i == 0 || i > 6;
        ck_assert_int_eq(taken[i]->low[0], is_kept ? 7 : 0);
        ck_assert_int_eq(taken[i]->top[-1], is_kept ? 7 : 0);
    }
    ck_assert_ptr_eq(take(), taken[9]);
    ck_assert_uint_eq(ex_stack_trim(&pool, 3), 0);
}
END_TEST

START_TEST(a_trim_unmaps_slabs_that_nobody_uses) {
    ex_stack_init(&pool, 0, _i == 1);
    take_all(3 * EX_STACK_SLAB_COUNT);
    const char *first = taken[0]->low;
    const char *middle = taken[EX_STACK_SLAB_COUNT]->low;
    const char *last = taken[3 * EX_STACK_SLAB_COUNT - 1]->low;
    for (unsigned i = 1; i < 3 * EX_STACK_SLAB_COUNT; i++) {
        ex_stack_give(&pool, taken[i]);
    }

    ck_assert_uint_eq(ex_stack_trim(&pool, 1), 3 * EX_STACK_SLAB_COUNT - 2);

    ex_stack_verify(&pool);
    ck_assert_uint_eq(pool.mapped_count, 2 * EX_STACK_SLAB_COUNT); /* one used, one kept */
    ck_assert(is_readable(first));
    ck_assert(!is_readable(middle));
    ck_assert(is_readable(last));
    ck_assert_uint_eq(ex_stack_trim(&pool, 0), 1);
    ck_assert_uint_eq(pool.mapped_count, EX_STACK_SLAB_COUNT);
    ck_assert(!is_readable(last));
    ex_stack_give(&pool, taken[0]);
    ex_stack_deinit(&pool);
    ck_assert(!is_readable(first));
}
END_TEST

/* Each taken stack carries its own mark at both ends, from one step to any later one. */
static void mark(struct ex_stack *stack, bool is_new) {
    const uint64_t number = stack->number;
    if (is_new) {
        memcpy(stack->low, &number, sizeof number);
        memcpy(stack->top - sizeof number, &number, sizeof number);
    } else {
        ck_assert_mem_eq(stack->low, &number, sizeof number);
        ck_assert_mem_eq(stack->top - sizeof number, &number, sizeof number);
    }
}

START_TEST(whatever_the_order_of_calls_no_stack_is_given_to_two) {
    unsigned count = 0;
    ex_stack_init(&pool, 0, _i % 2 == 1);

    for (uint64_t step = 0; step < STEPS; step++) {
        const uint64_t draw = random_mix(step, (uint64_t)_i);
        const bool grows = step / 500 % 2 == 0;
        if (draw % 100 == 0) {
            const size_t idle = pool.idle_count;
            const size_t keep = draw / 100 % 50;
            ck_assert_uint_eq(ex_stack_trim(&pool, keep), idle > keep ? idle - keep : 0);
        } else if (count == 0 || (count < TAKEN_MAX && draw % 3 < (grows ? 2 : 1))) {
            taken[count] = take();
            mark(taken[count++], true);
        } else {
            const unsigned which = (unsigned)(draw / 100 % count);
            mark(taken[which], false);
            ex_stack_give(&pool, taken[which]);
            taken[which] = taken[--count];
        }
        ck_assert_uint_eq(pool.used_count, count);
        ex_stack_verify(&pool);
    }
    for (unsigned i = 0; i < count; i++) {
        mark(taken[i], false);
    }
    give_all(count);
    ex_stack_deinit(&pool);
}
END_TEST

/* ---- when there is nothing left ---- */

START_TEST(without_memory_there_is_no_stack_and_with_it_there_is_again) {
    ex_stack_init(&pool, 0, false);
    take_all(EX_STACK_SLAB_COUNT);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};

    setrlimit(RLIMIT_AS, &none);
    const struct ex_stack *refused = ex_stack_take(&pool);
    setrlimit(RLIMIT_AS, &limit);

    ck_assert_ptr_null(refused);
    ck_assert_uint_eq(pool.used_count, EX_STACK_SLAB_COUNT);
    ex_stack_verify(&pool);
    ck_assert_uint_eq(take()->number, EX_STACK_SLAB_COUNT + 1);
}
END_TEST

START_TEST(a_pool_whose_stacks_are_used_may_not_end) {
    ex_stack_init(&pool, 0, false);
    take();
    ex_stack_deinit(&pool);
}
END_TEST

SUITE(stack) {
    SUITE_LOOP(stacks_hold_what_was_asked_for_and_do_not_overlap, 0, 6);
    SUITE_TEST(without_a_size_stacks_hold_64_KiB);
    SUITE_TEST(tops_of_sixteen_neighbours_lie_on_sixteen_lines);
    SUITE_LOOP(below_each_stack_lies_a_guard, 0, 2);
    SUITE_TEST(a_kernel_that_does_not_know_guards_protects_them);
    SUITE_LOOP(guards_outlive_a_trim, 0, 2);
    SUITE_TEST(where_guards_take_no_mappings_there_may_be_more_stacks_than_mappings);
    SUITE_TEST(the_stack_that_was_given_back_last_is_taken_first_and_is_not_cleared);
    SUITE_TEST(stacks_are_numbered_as_they_are_taken);
    SUITE_LOOP(a_trim_keeps_those_used_last_and_the_pages_of_others_go_back, 0, 2);
    SUITE_LOOP(a_trim_unmaps_slabs_that_nobody_uses, 0, 2);
    SUITE_LOOP(whatever_the_order_of_calls_no_stack_is_given_to_two, 0, SEEDS);
    SUITE_TEST(without_memory_there_is_no_stack_and_with_it_there_is_again);
    tcase_add_test_raise_signal(tcase, a_pool_whose_stacks_are_used_may_not_end, SIGABRT);
}
