#include "tests/suite.h"

#include <errno.h>
#include <ex/scheduler.h>
#include <ex/waker.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

static struct ex_scheduler *scheduler;
static char log_text[256];

static void note(const char *what) {
    strncat(log_text, what, sizeof log_text - strlen(log_text) - 1);
}

static void start(void) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, NULL), 0);
    log_text[0] = '\0';
}

static void stop(void) {
    ex_scheduler_destroy(scheduler);
}

/* Yields `count` times, notes its name each time, returns what it was given. */
struct chatter {
    struct ex_frame frame;
    const char *name;
    int count;
    int64_t result;
};

EX_RESUME(chatter) {
    EX_BEGIN(chatter);
    while (self->count-- > 0) {
        note(self->name);
        EX_YIELD();
    }
    EX_RETURN(self->result);
    EX_END();
}

static struct ex_frame *chatter(struct chatter *self, const char *name, int count, int64_t result) {
    *self = (struct chatter){.name = name, .count = count, .result = result};
    return EX_FRAME(self, chatter);
}

static struct ex_task *spawn_chatter(const char *name, int count, int64_t result) {
    struct chatter *self = ex_task_new(scheduler, sizeof *self);
    ck_assert_ptr_nonnull(self);
    return ex_task_spawn(chatter(self, name, count, result));
}

/* Recurses `depth` frames down, each built in its caller's memory. */
struct layer {
    struct ex_frame frame;
    struct layer *below;
    int depth;
    struct chatter leaf;
};

EX_RESUME(layer) {
    EX_BEGIN(layer);
    if (self->depth == 0) {
        EX_AWAIT(chatter(&self->leaf, "L", 3, 1));
    } else {
        self->below->depth = self->depth - 1;
        self->below->below = self->below + 1;
        EX_AWAIT(EX_FRAME(self->below, layer));
    }
    EX_RETURN(value + 1);
    EX_END();
}

START_TEST(tasks_take_turns_in_the_order_they_became_ready) {
    start();

    ex_task_detach(spawn_chatter("a", 3, 0));
    ex_task_detach(spawn_chatter("b", 2, 0));
    ex_task_detach(spawn_chatter("c", 1, 0));
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "abcaba");
    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 0);
    stop();
}
END_TEST

START_TEST(a_result_passes_through_every_frame_above_the_leaf) {
    start();
    struct layer *layers = ex_task_new(scheduler, 64 * sizeof *layers);
    layers[0].depth = 63;
    layers[0].below = &layers[1];

    struct ex_task *task = ex_task_spawn(EX_FRAME(&layers[0], layer));
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert(ex_task_is_done(task));
    ck_assert_int_eq(ex_task_take(task), 65);
    ck_assert_str_eq(log_text, "LLL");
    stop();
}
END_TEST

struct joiner {
    struct ex_frame frame;
    struct ex_task *task;
    struct ex_task_join join;
    int64_t *result;
};

EX_RESUME(joiner) {
    EX_BEGIN(joiner);
    EX_AWAIT(ex_task_join(&self->join, self->task));
    *self->result = value;
    if (self->join.canceled) {
        ex_task_detach(self->task);
    }
    EX_END();
}

static struct ex_task *spawn_joiner(struct ex_task *task, int64_t *result) {
    struct joiner *self = ex_task_new(scheduler, sizeof *self);
    self->task = task;
    self->result = result;
    return ex_task_spawn(EX_FRAME(self, joiner));
}

START_TEST(a_join_gives_the_result_whether_it_waits_or_not) {
    start();
    int64_t late = 0, early = 0;
    struct ex_task *done = spawn_chatter("", 0, 7);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ex_task_detach(spawn_joiner(done, &late));
    ex_task_detach(spawn_joiner(spawn_chatter("", 5, 8), &early));
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(late, 7);
    ck_assert_int_eq(early, 8);
    stop();
}
END_TEST

START_TEST(a_cancelled_join_leaves_the_task_alone) {
    start();
    int64_t result = 0;
    struct ex_task *joiner = spawn_joiner(spawn_chatter("x", 3, 8), &result);
    ex_scheduler_poll(scheduler);
    stop();
    start();

    joiner = spawn_joiner(spawn_chatter("x", 3, 8), &result);
    ex_task_abort(joiner);
    ex_task_detach(joiner);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_str_eq(log_text, "xxx");
    stop();
}
END_TEST

/* Waits for ever; cleans up with an await of its own when it is told to end. */
struct sleeper {
    struct ex_frame frame;
    int shields;
    struct chatter clean_up;
};

EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    while (!ex_strand_take_cancel(strand)) {
        note("w");
        EX_SUSPEND();
    }
    EX_AWAIT(chatter(&self->clean_up, "c", 2, 0));
    note(ex_strand_take_cancel(strand) ? "!" : ".");
    EX_RETURN(-ECANCELED);
    EX_END();
}

static struct ex_task *spawn_sleeper(void) {
    struct sleeper *self = ex_task_new(scheduler, sizeof *self);
    return ex_task_spawn(EX_FRAME(self, sleeper));
}

START_TEST(an_abort_is_told_once_and_the_clean_up_may_await) {
    start();
    struct ex_task *task = spawn_sleeper();
    ex_scheduler_poll(scheduler);

    ex_task_abort(task);
    ex_task_abort(task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "wcc.");
    ck_assert_int_eq(ex_task_take(task), -ECANCELED);
    stop();
}
END_TEST

START_TEST(a_task_that_never_ran_is_told_of_its_abort_too) {
    start();
    struct ex_task *task = spawn_sleeper();

    ex_task_abort(task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "cc.");
    ck_assert_int_eq(ex_task_take(task), -ECANCELED);
    stop();
}
END_TEST

START_TEST(destroy_ends_every_task_once) {
    start();

    for (int i = 0; i < 5; i++) {
        spawn_sleeper();
    }
    ex_scheduler_poll(scheduler);
    stop();

    ck_assert_str_eq(log_text, "wwwwwcccccccccc.....");
}
END_TEST

START_TEST(a_waker_that_outlives_its_task_wakes_nobody) {
    start();
    struct ex_task *task = spawn_sleeper();
    const struct ex_waker waker = ex_waker_of((struct ex_strand *)(void *)task);
    ck_assert(ex_waker_wake(waker));
    ex_task_abort(task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ck_assert(ex_waker_wake(waker)); /* it has returned, and its handle is there */
    ex_task_take(task);

    ck_assert(!ex_waker_wake(waker));
    spawn_sleeper();
    ex_scheduler_poll(scheduler);
    ck_assert(!ex_waker_wake(waker)); /* its memory is another task's now */
    ex_scheduler_poll(scheduler);

    ck_assert_str_eq(log_text, "cc.w");
    stop();
}
END_TEST

static struct ex_waker of_the_child;

struct parent_of_sleeper {
    struct ex_frame frame;
};

EX_RESUME(parent_of_sleeper) {
    EX_BEGIN(parent_of_sleeper);
    struct sleeper *child = ex_task_new(NULL, sizeof *child);
    *child = (struct sleeper){.shields = 0};
    struct ex_task *task = ex_task_spawn(EX_FRAME(child, sleeper));
    of_the_child = ex_waker_of((struct ex_strand *)(void *)task);
    ex_task_abort(task);
    ex_task_detach(task);
    EX_END();
}

START_TEST(a_waker_that_outlives_a_task_of_a_task_wakes_nobody) {
    start();
    struct parent_of_sleeper *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn_detached(EX_FRAME(self, parent_of_sleeper));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "cc.");
    ck_assert(!ex_waker_wake(of_the_child));
    stop();
}
END_TEST

static void *spawn_and_abort_elsewhere(void *argument) {
    ex_task_detach(spawn_chatter("f", 2, 0));
    ex_task_abort(argument);
    return NULL;
}

START_TEST(another_thread_spawns_and_aborts_while_the_scheduler_sleeps) {
    start();
    struct ex_task *task = spawn_sleeper();
    ex_scheduler_poll(scheduler);
    pthread_t thread;

    pthread_create(&thread, NULL, spawn_and_abort_elsewhere, task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), -ECANCELED);
    ck_assert_ptr_nonnull(strstr(log_text, "f"));
    stop();
}
END_TEST

START_TEST(memory_of_the_callers_is_all_that_is_used) {
    static unsigned char block[256 * 1024];
    const struct ex_scheduler_options options = {.memory = block, .memory_size = sizeof block};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    log_text[0] = '\0';

    size_t count = 0;
    while (ex_task_new(scheduler, 1000) != NULL) {
        count++;
    }
    ck_assert_uint_gt(count, 20);
    ck_assert_uint_lt(count, 256);
    ex_scheduler_destroy(scheduler);

    const struct ex_scheduler_options too_small = {.memory = block, .memory_size = 100};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &too_small), -ENOMEM);
}
END_TEST

/* What one thread took, each signed with its own address in its taker's list. */
struct taken {
    void **frames[4096];
    size_t count;
};

static void *take_all(void *argument) {
    struct taken *const taken = argument;

    while ((taken->frames[taken->count] = ex_task_new(scheduler, 20000)) != NULL) {
        *taken->frames[taken->count] = &taken->frames[taken->count];
        taken->count++;
    }
    return NULL;
}

static bool is_all_signed(const struct taken *taken) {
    for (size_t i = 0; i < taken->count; i++) {
        if (*taken->frames[i] != &taken->frames[i]) {
            return false;
        }
    }
    return true;
}

struct taker {
    struct ex_frame frame;
    struct taken *taken;
};

EX_RESUME(taker) {
    EX_BEGIN(taker);
    take_all(self->taken);
    EX_END();
}

START_TEST(a_block_is_shared_by_the_scheduler_and_the_threads_that_spawn) {
    static unsigned char block[64 << 20];
    static struct taken own;
    static struct taken others;
    const struct ex_scheduler_options options = {.memory = block, .memory_size = sizeof block};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    struct taker *taker = ex_task_new(scheduler, sizeof *taker);
    taker->taken = &own;
    ex_task_spawn_detached(EX_FRAME(taker, taker));
    pthread_t thread;

    pthread_create(&thread, NULL, take_all, &others);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    pthread_join(thread, NULL);

    ck_assert_uint_ge(own.count + others.count, 500);
    ck_assert(is_all_signed(&own));
    ck_assert(is_all_signed(&others));
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(memory_is_reused_by_the_next_task_of_its_size) {
    start();
    struct ex_task *first = spawn_chatter("", 0, 0);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ex_task_take(first);

    struct ex_task *second = spawn_chatter("", 0, 0);

    ck_assert_ptr_eq(first, second);
    stop();
}
END_TEST

START_TEST(a_second_spawn_panics) {
    start();
    struct chatter *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn(chatter(self, "", 0, 0));
    ex_task_spawn(&self->frame);
}
END_TEST

START_TEST(a_second_joiner_panics) {
    start();
    int64_t result;
    struct ex_task *task = spawn_sleeper();
    spawn_joiner(task, &result);
    spawn_joiner(task, &result);
    ex_scheduler_poll(scheduler);
}
END_TEST

START_TEST(a_handle_used_after_its_join_panics) {
    start();
    struct ex_task *task = spawn_chatter("", 0, 0);
    ex_scheduler_poll(scheduler);
    ex_task_take(task);
    struct ex_task *user = spawn_joiner(task, NULL);
    (void)user;
    ex_scheduler_poll(scheduler);
}
END_TEST

START_TEST(a_frame_resumed_after_its_return_panics) {
    struct chatter self;
    ck_assert_int_eq(chatter(&self, "", 0, 4)->resume(&self.frame, NULL, 0), 4);
    self.frame.resume(&self.frame, NULL, 0);
}
END_TEST

START_TEST(a_waiting_frame_tells_its_line_and_what_it_awaits) {
    start();
    struct sleeper *self = ex_task_new(scheduler, sizeof *self);
    struct ex_task *task = ex_task_spawn(EX_FRAME(self, sleeper));
    ck_assert_ptr_null(ex_position_find(self->frame.resume, self->frame.at));
    ex_task_detach(task);
    ex_scheduler_poll(scheduler);

    const struct ex_position *position = ex_position_find(self->frame.resume, self->frame.at);

    ck_assert_ptr_nonnull(position);
    ck_assert_str_eq(position->function->name, "sleeper");
    ck_assert_ptr_nonnull(strstr(position->function->file, "test_task.c"));
    stop();
}
END_TEST

SUITE(task) {
    SUITE_TEST(tasks_take_turns_in_the_order_they_became_ready);
    SUITE_TEST(a_result_passes_through_every_frame_above_the_leaf);
    SUITE_TEST(a_join_gives_the_result_whether_it_waits_or_not);
    SUITE_TEST(a_cancelled_join_leaves_the_task_alone);
    SUITE_TEST(an_abort_is_told_once_and_the_clean_up_may_await);
    SUITE_TEST(a_task_that_never_ran_is_told_of_its_abort_too);
    SUITE_TEST(destroy_ends_every_task_once);
    SUITE_TEST(a_waker_that_outlives_its_task_wakes_nobody);
    SUITE_TEST(a_waker_that_outlives_a_task_of_a_task_wakes_nobody);
    SUITE_TEST(another_thread_spawns_and_aborts_while_the_scheduler_sleeps);
    SUITE_TEST(memory_of_the_callers_is_all_that_is_used);
    SUITE_TEST(a_block_is_shared_by_the_scheduler_and_the_threads_that_spawn);
    SUITE_TEST(memory_is_reused_by_the_next_task_of_its_size);
    SUITE_TEST(a_waiting_frame_tells_its_line_and_what_it_awaits);
    tcase_add_test_raise_signal(tcase, a_second_spawn_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_second_joiner_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_handle_used_after_its_join_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_frame_resumed_after_its_return_panics, SIGABRT);
}
