#include "tests/composition_fixture.h"

#include <ex/future.h>
#include <ex/join.h>
#include <signal.h>

/* ---- the recycler ---- */

static void give(void *memory) {
    ex_recycler_give((struct ex_recycler_block *)memory - 1);
}

START_TEST(calls_one_after_the_other_share_one_allocation) {
    struct ex_recycler recycler;
    ex_recycler_init(&recycler);
    void *first = ex_recycler_take(&recycler, 40);
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq((uintptr_t)first % 16, 0);
    give(first);

    for (int i = 0; i < 1000; i++) {
        void *memory = ex_recycler_take(&recycler, 40);
        ck_assert_ptr_eq(memory, first);
        memset(memory, i, 40);
        give(memory);
    }

    ck_assert_uint_eq(recycler.block_count, 1);
    ex_recycler_deinit(&recycler);
}
END_TEST

START_TEST(calls_that_overlap_have_one_each_and_keep_them) {
    struct ex_recycler recycler = {0};
    void *memory[3];

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 3; i++) {
            memory[i] = ex_recycler_take(&recycler, 100);
            memset(memory[i], i, 100);
        }
        ck_assert(memory[0] != memory[1] && memory[1] != memory[2] && memory[0] != memory[2]);
        for (int i = 0; i < 3; i++) {
            give(memory[(i + round) % 3]);
        }
    }

    ck_assert_uint_eq(recycler.block_count, 3);
    ex_recycler_deinit(&recycler);
}
END_TEST

START_TEST(a_trim_frees_what_is_idle_and_no_more) {
    struct ex_recycler recycler = {0};
    void *used = ex_recycler_take(&recycler, 64);
    give(ex_recycler_take(&recycler, 64));

    ck_assert_uint_eq(ex_recycler_trim(&recycler), 64 + 16);
    ck_assert_uint_eq(ex_recycler_trim(&recycler), 0);
    ck_assert_uint_eq(recycler.block_count, 1);
    memset(used, 1, 64);
    give(used);

    ck_assert_uint_eq(ex_recycler_trim(&recycler), 64 + 16);
    ck_assert_uint_eq(recycler.block_count, 0);
    ex_recycler_deinit(&recycler);
}
END_TEST

START_TEST(a_bigger_call_replaces_what_was_too_small) {
    struct ex_recycler recycler = {0};
    give(ex_recycler_take(&recycler, 32));

    void *big = ex_recycler_take(&recycler, 320);
    ck_assert_uint_eq(recycler.block_count, 1);
    memset(big, 1, 320);
    give(big);
    ck_assert_ptr_eq(ex_recycler_take(&recycler, 32), big);
    give(big);

    ex_recycler_deinit(&recycler);
}
END_TEST

START_TEST(what_was_lent_is_used_and_never_freed) {
    static _Alignas(16) unsigned char block[16 + 48];
    struct ex_recycler recycler = {0};
    ck_assert_int_eq(ex_recycler_lend(&recycler, block, 16 + 15), -EINVAL);
    ck_assert_int_eq(ex_recycler_lend(&recycler, block + 8, 56), -EINVAL);
    ck_assert_int_eq(ex_recycler_lend(&recycler, block, sizeof block), 0);

    void *memory = ex_recycler_take(&recycler, 48);
    ck_assert_ptr_eq(memory, block + 16);
    give(memory);
    ck_assert_uint_eq(ex_recycler_trim(&recycler), 0);
    void *bigger = ex_recycler_take(&recycler, 49);
    ck_assert(bigger != memory);
    give(bigger);

    ex_recycler_deinit(&recycler);
}
END_TEST

START_TEST(when_memory_is_used_up_a_call_gets_none) {
    struct ex_recycler recycler = {0};

    ck_assert_ptr_null(ex_recycler_take(&recycler, SIZE_MAX));
    ck_assert_ptr_null(ex_recycler_take(&recycler, UINT32_MAX));
    ck_assert_uint_eq(recycler.block_count, 0);
    ex_recycler_deinit(&recycler);
}
END_TEST

START_TEST(a_recycler_destroyed_in_use_panics) {
    struct ex_recycler recycler = {0};
    ck_assert_ptr_nonnull(ex_recycler_take(&recycler, 8));
    ex_recycler_deinit(&recycler);
}
END_TEST

/* ---- erased calls ---- */

/* An interface: gives numbers, 0 at the end. */
struct source {
    struct ex_future (*next)(struct source *source);
    struct ex_recycler recycler;
};

/* Counts down, yielding before every third number. */
struct down {
    struct source source;
    int64_t left;
};

struct down_next {
    struct ex_frame frame;
    struct down *down;
};

EX_RESUME(down_next) {
    EX_BEGIN(down_next);
    if (self->down->left % 3 == 0) {
        EX_YIELD();
    }
    EX_RETURN(self->down->left == 0 ? 0 : self->down->left--);
    EX_END();
}

static struct ex_future down_next(struct source *source) {
    struct down_next *self = ex_recycler_take(&source->recycler, sizeof *self);
    ck_assert_ptr_nonnull(self);
    self->down = (struct down *)source;
    return ex_future_of_block(EX_FRAME(self, down_next));
}

/* Adds one to each number of another source. */
struct plus {
    struct source source;
    struct source *below;
};

struct plus_next {
    struct ex_frame frame;
    struct plus *plus;
    struct ex_future future;
};

EX_RESUME(plus_next) {
    EX_BEGIN(plus_next);
    EX_AWAIT_FUTURE(self->future, self->plus->below->next(self->plus->below));
    EX_RETURN(value > 0 ? value + 1 : value);
    EX_END();
}

static struct ex_future plus_next(struct source *source) {
    struct plus_next *self = ex_recycler_take(&source->recycler, sizeof *self);
    ck_assert_ptr_nonnull(self);
    self->plus = (struct plus *)source;
    return ex_future_of_block(EX_FRAME(self, plus_next));
}

static struct ex_future broken_next(struct source *source) {
    (void)source;
    return ex_future_of_error(-ENOMEM);
}

/* Sums up a source. */
struct total {
    struct ex_frame frame;
    struct source *source;
    struct ex_future future;
    int64_t sum;
};

EX_RESUME(total) {
    EX_BEGIN(total);
    for (;;) {
        EX_AWAIT_FUTURE(self->future, self->source->next(self->source));
        if (value <= 0) {
            break;
        }
        self->sum += value;
    }
    EX_RETURN(value < 0 ? value : self->sum);
    EX_END();
}

static struct ex_frame *total(struct total *self, struct source *source) {
    *self = (struct total){.source = source};
    return EX_FRAME(self, total);
}

static struct down numbers;
static struct plus layers[3];

static struct source *stack_up(int64_t count) {
    numbers = (struct down){.source = {.next = down_next}, .left = count};
    for (int i = 0; i < 3; i++) {
        layers[i] = (struct plus){.source = {.next = plus_next}};
        layers[i].below = i == 0 ? &numbers.source : &layers[i - 1].source;
    }
    return &layers[2].source;
}

static void take_down(void) {
    for (int i = 0; i < 3; i++) {
        ex_recycler_deinit(&layers[i].source.recycler);
    }
    ex_recycler_deinit(&numbers.source.recycler);
}

static int64_t run_total(struct source *source) {
    struct total *self = ex_task_new(scheduler, sizeof *self);
    return fixture_run(ex_task_spawn(total(self, source)));
}

START_TEST(layers_of_erased_calls_allocate_once_each) {
    fixture_start();
    struct source *source = stack_up(1000);

    ck_assert_int_eq(run_total(source), 1000 * 1001 / 2 + 3 * 1000);

    ck_assert_uint_eq(numbers.source.recycler.block_count, 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(layers[i].source.recycler.block_count, 1);
    }
    take_down();
    fixture_stop();
}
END_TEST

/* Two consumers of one source, each inside a call of it at the same time. */
struct rivals {
    struct ex_frame frame;
    struct total totals[2];
    struct ex_branch branches[2];
    struct ex_join join;
};

EX_RESUME(rivals) {
    EX_BEGIN(rivals);
    for (int i = 0; i < 2; i++) {
        ex_branch_init(&self->branches[i], total(&self->totals[i], &layers[2].source));
    }
    EX_AWAIT(ex_join_try(&self->join, self->branches, 2));
    EX_RETURN(self->branches[0].result + self->branches[1].result);
    EX_END();
}

START_TEST(calls_that_overlap_cost_a_second_allocation_once) {
    fixture_start();
    stack_up(300);
    struct rivals *self = ex_task_new(scheduler, sizeof *self);

    ck_assert_int_eq(fixture_run(ex_task_spawn(EX_FRAME(self, rivals))), 300 * 301 / 2 + 3 * 300);

    ck_assert_uint_eq(numbers.source.recycler.block_count, 2);
    ck_assert_uint_eq(layers[2].source.recycler.block_count, 2);
    take_down();
    fixture_stop();
}
END_TEST

START_TEST(a_method_without_memory_returns_its_error) {
    fixture_start();
    struct source source = {.next = broken_next};

    ck_assert_int_eq(run_total(&source), -ENOMEM);
    ck_assert_int_eq(run_total(&source), -ENOMEM);
    fixture_stop();
}
END_TEST

START_TEST(a_future_that_is_not_awaited_is_released) {
    struct source *source = stack_up(5);

    for (int i = 0; i < 5; i++) {
        ex_future_release(source->next(source));
    }
    struct down_next own;
    ex_future_release(ex_future_of_frame(EX_FRAME(&own, down_next)));
    ex_future_release(ex_future_of_error(-EINVAL));

    ck_assert_uint_eq(source->recycler.block_count, 1);
    ck_assert_int_eq(numbers.left, 5);
    take_down();
}
END_TEST

START_TEST(a_future_released_half_way_panics) {
    fixture_start();
    struct source *source = stack_up(3);
    const struct ex_future future = source->next(source);
    struct ex_strand strand = {0};
    ck_assert_int_eq(future.frame->resume(future.frame, &strand, 0), EX_PENDING);
    ex_future_release(future);
}
END_TEST

START_TEST(a_future_of_an_error_that_there_is_not_panics) {
    ex_future_of_error(-EIO);
}
END_TEST

SUITE(ex_future) {
    SUITE_TEST(calls_one_after_the_other_share_one_allocation);
    SUITE_TEST(calls_that_overlap_have_one_each_and_keep_them);
    SUITE_TEST(a_trim_frees_what_is_idle_and_no_more);
    SUITE_TEST(a_bigger_call_replaces_what_was_too_small);
    SUITE_TEST(what_was_lent_is_used_and_never_freed);
    SUITE_TEST(when_memory_is_used_up_a_call_gets_none);
    SUITE_TEST(layers_of_erased_calls_allocate_once_each);
    SUITE_TEST(calls_that_overlap_cost_a_second_allocation_once);
    SUITE_TEST(a_method_without_memory_returns_its_error);
    SUITE_TEST(a_future_that_is_not_awaited_is_released);
    tcase_add_test_raise_signal(tcase, a_recycler_destroyed_in_use_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_future_released_half_way_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_future_of_an_error_that_there_is_not_panics, SIGABRT);
}
