#include "tests/composition_fixture.h"

#include <ex/call.h>
#include <ex/fiber.h>
#include <ex/join.h>
#include <signal.h>
#include <stdint.h>

/* An assertion that may be made millions of times: one of Check's costs a system call. */
static void must(bool condition) {
    if (!condition) {
        ck_abort();
    }
}

/* Recurses `depth` deep, yields at the bottom, and adds up the way back. */
struct deep {
    struct ex_frame frame;
    int64_t depth;
    uint64_t pattern[3]; /* must not be touched by others */
};

static struct ex_frame *deep(struct deep *self, int64_t depth);

EX_RESUME(deep) {
    EX_BEGIN(deep);
    must((uintptr_t)self % 16 == 0);
    if (self->depth == 0) {
        EX_YIELD();
        EX_RETURN(0);
    }
    EX_CALL(sizeof(struct deep), deep(callee, self->depth - 1));
    for (uint64_t i = 0; i < 3; i++) {
        must(self->pattern[i] == (uint64_t)self->depth * 10 + i);
    }
    if (value >= 0) {
        value += self->depth;
    }
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *deep(struct deep *self, int64_t depth) {
    self->depth = depth;
    for (uint64_t i = 0; i < 3; i++) {
        self->pattern[i] = (uint64_t)depth * 10 + i;
    }
    return EX_FRAME(self, deep);
}

/* Recurses again and again, to the depths given. */
struct again {
    struct ex_frame frame;
    int64_t depths[8], results[8];
    int count, i;
    bool shall_trim;
};

static int64_t again_results[8];

EX_RESUME(again) {
    EX_BEGIN(again);
    for (self->i = 0; self->i < self->count; self->i++) {
        EX_CALL(sizeof(struct deep), deep(callee, self->depths[self->i]));
        again_results[self->i] = value;
        if (self->shall_trim) {
            ex_call_trim(strand);
        }
    }
    EX_END();
}

static struct ex_task *spawn_again(bool shall_trim, int64_t a, int64_t b, int64_t c) {
    struct again *self = ex_task_new(scheduler, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    *self = (struct again){.depths = {a, b, c}, .count = 3, .shall_trim = shall_trim};
    return ex_task_spawn(EX_FRAME(self, again));
}

static int64_t sum_to(int64_t depth) {
    return depth * (depth + 1) / 2;
}

START_TEST(a_function_calls_itself_as_deep_as_it_likes) {
    fixture_start();

    ck_assert_int_eq(fixture_run(spawn_again(_i == 1, 1000000, 0, 50000)), 0);

    ck_assert_int_eq(again_results[0], sum_to(1000000));
    ck_assert_int_eq(again_results[1], 0);
    ck_assert_int_eq(again_results[2], sum_to(50000));
    fixture_stop();
}
END_TEST

/* Of the caller's memory: `pages` of 64 KiB. */
static _Alignas(65536) unsigned char block[64 * 65536];

static void start_in_block(size_t pages) {
    const struct ex_scheduler_options options = {.memory = block, .memory_size = pages * 65536};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    log_text[0] = '\0';
}

START_TEST(memory_is_kept_for_the_next_call_and_given_back_at_the_end) {
    start_in_block(20);

    for (int round = 0; round < 100; round++) {
        ck_assert_int_eq(fixture_run(spawn_again(false, 5000, 5000, 5000)), 0);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(again_results[i], sum_to(5000));
        }
    }
    fixture_stop();
}
END_TEST

/* With each page more one allocation more succeeds: the word, then chunks of each size. */
START_TEST(wherever_memory_is_used_up_the_call_says_so_and_nothing_is_broken) {
    const int64_t depths[3] = {1, 1000000, 1};
    int failures = 0, successes = 0;

    for (size_t pages = 2; pages < 16; pages++) {
        start_in_block(pages);
        struct ex_task *task = spawn_again(false, depths[0], depths[1], depths[2]);
        ck_assert_ptr_nonnull(task);
        ck_assert_int_eq(fixture_run(task), 0);
        ck_assert(again_results[0] == 1 || again_results[0] == -ENOMEM);
        ck_assert_int_eq(again_results[1], -ENOMEM);
        ck_assert_int_eq(again_results[2], again_results[0]);
        failures += again_results[0] != 1;
        successes += again_results[0] == 1;
        fixture_stop();
    }

    ck_assert_int_ge(failures, 2); /* no word, no first chunk */
    ck_assert_int_ge(successes, 5);
}
END_TEST

START_TEST(no_frame_is_as_big_as_that) {
    fixture_start();
    struct ex_strand strand = {0};
    ck_assert_ptr_null(ex_call_push(&strand, SIZE_MAX));
    fixture_stop();
}
END_TEST

/* Frames of many sizes, also bigger than any chunk. */
struct mixed {
    struct ex_frame frame;
    int64_t depth, size, below;
    unsigned char bytes[];
};

static struct ex_frame *mixed(struct mixed *self, int64_t depth, int64_t size);

EX_RESUME(mixed) {
    EX_BEGIN(mixed);
    memset(self->bytes, (int)self->depth, (size_t)self->size - sizeof *self);
    if (self->depth > 0) {
        const int64_t size = (int64_t)sizeof *self + self->depth * 977 % 9000;
        EX_CALL((size_t)size, mixed(callee, self->depth - 1, size));
    }
    self->below = value;
    EX_YIELD();
    for (int64_t i = 0; i < self->size - (int64_t)sizeof *self; i++) {
        must(self->bytes[i] == (unsigned char)self->depth);
    }
    EX_RETURN(self->depth + self->below);
    EX_END();
}

static struct ex_frame *mixed(struct mixed *self, int64_t depth, int64_t size) {
    self->depth = depth;
    self->size = size;
    return EX_FRAME(self, mixed);
}

START_TEST(frames_of_all_sizes_lie_side_by_side) {
    fixture_start();
    struct mixed *self = ex_task_new(scheduler, sizeof *self);

    const int64_t result = fixture_run(ex_task_spawn(mixed(self, 60, sizeof *self)));

    ck_assert_int_eq(result, sum_to(60));
    fixture_stop();
}
END_TEST

static int64_t recurse(void *argument) {
    return ex_fiber_await(deep(argument, 20000));
}

START_TEST(recursion_on_the_small_stack_of_a_fiber_is_as_deep) {
    fixture_start();
    static struct deep self;

    ck_assert_int_eq(fixture_run(ex_fiber_spawn(scheduler, recurse, &self)), sum_to(20000));
    fixture_stop();
}
END_TEST

/* Each branch recurses by itself, and they take turns. */
struct forked {
    struct ex_frame frame;
    struct ex_branch branches[4];
    struct again runs[4];
    struct ex_join join;
};

EX_RESUME(forked) {
    EX_BEGIN(forked);
    for (int i = 0; i < 4; i++) {
        self->runs[i] = (struct again){.depths = {40, 400, 4}, .count = 3};
        ex_branch_init(&self->branches[i], EX_FRAME(&self->runs[i], again));
    }
    EX_CALL(sizeof(struct deep), deep(callee, 7));
    EX_AWAIT(ex_join_all(&self->join, self->branches, 4));
    EX_RETURN(again_results[0] + again_results[1] + again_results[2]);
    EX_END();
}

START_TEST(each_branch_has_a_stack_of_its_own) {
    fixture_start();
    struct forked *self = ex_task_new(scheduler, sizeof *self);

    const int64_t result = fixture_run(ex_task_spawn(EX_FRAME(self, forked)));

    ck_assert_int_eq(result, sum_to(40) + sum_to(400) + sum_to(4));
    fixture_stop();
}
END_TEST

START_TEST(tasks_recurse_on_many_threads) {
    const struct ex_scheduler_options options = {.worker_count = 3};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    enum { TASKS = 300 };
    static struct ex_task *tasks[TASKS];

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < TASKS; i++) {
            struct deep *self = ex_task_new(scheduler, sizeof *self);
            tasks[i] = ex_task_spawn(deep(self, i));
        }
        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
        for (int i = 0; i < TASKS; i++) {
            ck_assert_int_eq(ex_task_take(tasks[i]), sum_to(i));
        }
    }
    fixture_stop();
}
END_TEST

/* A virtual call: neither the callee nor the size of its frame is known to the caller. */
struct shape {
    size_t area_size;
    struct ex_frame *(*area)(void *callee, struct shape *shape);
    int64_t width, height;
};

struct box_area {
    struct ex_frame frame;
    struct shape *shape;
};

EX_RESUME(box_area) {
    EX_BEGIN(box_area);
    EX_YIELD();
    EX_RETURN(self->shape->width * self->shape->height);
    EX_END();
}

static struct ex_frame *box_area(void *callee, struct shape *shape) {
    struct box_area *self = callee;
    self->shape = shape;
    return EX_FRAME(self, box_area);
}

/* A shape that is twice another. */
struct twice_area {
    struct ex_frame frame;
    struct shape *inner;
    int64_t padding[50];
};

static struct shape box = {sizeof(struct box_area), box_area, 3, 4};

EX_RESUME(twice_area) {
    EX_BEGIN(twice_area);
    EX_CALL(self->inner->area_size, self->inner->area(callee, self->inner));
    EX_RETURN(2 * value);
    EX_END();
}

static struct ex_frame *twice_area(void *callee, struct shape *shape) {
    struct twice_area *self = callee;
    (void)shape;
    self->inner = &box;
    return EX_FRAME(self, twice_area);
}

static struct shape twice = {sizeof(struct twice_area), twice_area, 0, 0};

struct total_area {
    struct ex_frame frame;
    struct shape *shapes[3];
    int i;
    int64_t sum;
};

EX_RESUME(total_area) {
    EX_BEGIN(total_area);
    for (self->i = 0; self->i < 3; self->i++) {
        EX_CALL(self->shapes[self->i]->area_size,
                self->shapes[self->i]->area(callee, self->shapes[self->i]));
        self->sum += value;
    }
    EX_RETURN(self->sum);
    EX_END();
}

START_TEST(a_virtual_callee_brings_the_size_of_its_frame) {
    fixture_start();
    struct total_area *self = ex_task_new(scheduler, sizeof *self);
    *self = (struct total_area){.shapes = {&box, &twice, &box}};

    ck_assert_int_eq(fixture_run(ex_task_spawn(EX_FRAME(self, total_area))), 12 + 24 + 12);
    fixture_stop();
}
END_TEST

/* Misuse of push and pop. */
struct careless {
    struct ex_frame frame;
    int kind;
    struct deep *first;
};

EX_RESUME(careless) {
    EX_BEGIN(careless);
    if (self->kind == 0) {
        ex_call_pop(strand);
    }
    self->first = ex_call_push(strand, sizeof(struct deep));
    deep(self->first, 0);
    if (self->kind == 1) {
        ex_call_pop(strand);
    }
    EX_END();
}

START_TEST(frames_popped_out_of_order_or_left_behind_panic) {
    fixture_start();
    struct careless *self = ex_task_new(scheduler, sizeof *self);
    self->kind = _i;
    ex_task_spawn(EX_FRAME(self, careless));
    ex_scheduler_poll(scheduler);
}
END_TEST

START_TEST(a_push_outside_of_its_task_panics) {
    fixture_start();
    struct ex_strand strand = {0};
    ex_call_push(&strand, 64);
}
END_TEST

SUITE(ex_call) {
    SUITE_LOOP(a_function_calls_itself_as_deep_as_it_likes, 0, 2);
    SUITE_TEST(memory_is_kept_for_the_next_call_and_given_back_at_the_end);
    SUITE_TEST(wherever_memory_is_used_up_the_call_says_so_and_nothing_is_broken);
    SUITE_TEST(no_frame_is_as_big_as_that);
    SUITE_TEST(frames_of_all_sizes_lie_side_by_side);
    SUITE_TEST(recursion_on_the_small_stack_of_a_fiber_is_as_deep);
    SUITE_TEST(each_branch_has_a_stack_of_its_own);
    SUITE_TEST(tasks_recurse_on_many_threads);
    SUITE_TEST(a_virtual_callee_brings_the_size_of_its_frame);
    tcase_add_loop_test_raise_signal(tcase,
                                     frames_popped_out_of_order_or_left_behind_panic,
                                     SIGABRT,
                                     0,
                                     3);
    tcase_add_test_raise_signal(tcase, a_push_outside_of_its_task_panics, SIGABRT);
}
