/* Fibers as tasks and as frames: who runs when, what passes, how they end. */
#include <errno.h>
#include <ex/waker.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "tests/fiber_fixture.h"

#define DEPTH 20

static char a[] = "a";
static char c[] = "c";
static char f[] = "f";
static char m[] = "m";
static char n[] = "n";

static char log_text[256];

static void note(const char *what) {
    strncat(log_text, what, sizeof log_text - strlen(log_text) - 1);
}

/* A state machine that yields `count` times, notes its name each time, and returns `result`. */
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

static void spawn_chatter(const char *name, int count) {
    struct chatter *self = ex_task_new(scheduler, sizeof *self);
    ex_task_detach(ex_task_spawn(chatter(self, name, count, 0)));
}

/* A state machine that waits until it is cancelled. */
struct sleeper {
    struct ex_frame frame;
};

EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    while (!ex_strand_take_cancel(strand)) {
        EX_SUSPEND();
    }
    EX_RETURN(-ECANCELED);
    EX_END();
}

/* ---- turns ---- */

static int64_t yield_thrice(void *name) {
    for (int i = 0; i < 3; i++) {
        note(name);
        ex_fiber_yield();
    }
    return 3;
}

START_TEST(fibers_and_state_machines_take_turns_in_the_order_they_became_ready) {
    start();

    ex_task_detach(spawn(yield_thrice, a));
    spawn_chatter("b", 2);
    ex_task_detach(spawn(yield_thrice, c));
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "abcabcac");
    stop();
}
END_TEST

static int64_t await_at_depth(uintptr_t depth) {
    if (depth == 0) {
        struct chatter leaf;
        return ex_fiber_await(chatter(&leaf, "x", 2, 100));
    }
    char room[64];
    memset(room, (int)depth, sizeof room);
    const int64_t below = await_at_depth(depth - 1);
    ck_assert_int_eq(room[depth], (char)depth);
    return below + 1;
}

static int64_t await_deep(void *depth) {
    const int64_t first = await_at_depth((uintptr_t)depth);
    return first + await_at_depth((uintptr_t)depth);
}

START_TEST(a_fiber_awaits_at_any_depth_of_calls_while_others_run) {
    start();

    struct ex_task *task = spawn(await_deep, (void *)(uintptr_t)DEPTH);
    spawn_chatter("o", 3);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 2 * (100 + DEPTH));
    ck_assert_str_eq(log_text, "xoxoxox");
    stop();
}
END_TEST

static int64_t await_at_once(void *argument) {
    struct chatter child;
    note("<");
    const int64_t value = ex_fiber_await(chatter(&child, "", 0, (int64_t)(intptr_t)argument));
    note(">");
    return value;
}

START_TEST(awaiting_what_need_not_wait_leaves_nobody_else_in_between) {
    start();

    struct ex_task *task = spawn(await_at_once, (void *)(intptr_t)-5);
    spawn_chatter("o", 1);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), -5);
    ck_assert_str_eq(log_text, "<>o");
    stop();
}
END_TEST

/* ---- as frames ---- */

static int64_t add_two(void *argument) {
    struct chatter child;
    const int64_t one = ex_fiber_await(chatter(&child, argument, 1, 1));
    ex_fiber_yield();
    return one + ex_fiber_await(chatter(&child, argument, 1, 1));
}

/* A state machine that awaits a fiber, twice in the same frame. */
struct caller {
    struct ex_frame frame;
    struct ex_fiber fiber;
    int64_t sum;
};

EX_RESUME(caller) {
    EX_BEGIN(caller);
    EX_AWAIT(ex_fiber_run(&self->fiber, add_two, m));
    self->sum = value;
    EX_AWAIT(ex_fiber_run(&self->fiber, add_two, n));
    EX_RETURN(self->sum + value);
    EX_END();
}

static int64_t await_machine_and_fiber(void *argument) {
    (void)argument;
    struct caller machine;
    struct ex_fiber fiber;
    const int64_t four = ex_fiber_await(EX_FRAME(&machine, caller));
    return 10 * four + ex_fiber_await(ex_fiber_run(&fiber, add_two, f));
}

START_TEST(machines_await_fibers_and_fibers_await_both) {
    start();

    ck_assert_int_eq(run(await_machine_and_fiber, NULL), 42);

    ck_assert_str_eq(log_text, "mmnnff");
    ck_assert_uint_eq(stacks()->taken_count, 4);
    ck_assert_uint_eq(stacks()->used_count, 0);
    stop();
}
END_TEST

static int64_t join(void *task) {
    struct ex_task_join self;
    return ex_fiber_await(ex_task_join(&self, task));
}

static int64_t spawn_and_join(void *argument) {
    struct ex_task *task = ex_fiber_spawn(NULL, yield_thrice, argument);
    return 1 + join(task);
}

START_TEST(a_fiber_spawns_and_joins_another) {
    start();

    ck_assert_int_eq(run(spawn_and_join, c), 4);

    ck_assert_str_eq(log_text, "ccc");
    stop();
}
END_TEST

/* ---- who runs ---- */

struct asker {
    struct ex_frame frame;
};

EX_RESUME(asker) {
    EX_BEGIN(asker);
    EX_RETURN(ex_fiber_current() == NULL);
    EX_END();
}

static int64_t ask_who_runs(void *argument) {
    struct ex_fiber *const self = ex_fiber_current();
    struct ex_fiber inner;
    struct asker asker;
    ck_assert_ptr_nonnull(self);
    ck_assert_ptr_eq(self->argument, argument);
    ck_assert_int_eq(ex_fiber_await(EX_FRAME(&asker, asker)), 1);
    if (argument == NULL) {
        ex_fiber_await(ex_fiber_run(&inner, ask_who_runs, &inner));
        ex_fiber_yield();
    }
    ck_assert_ptr_eq(ex_fiber_current(), self);
    ck_assert_ptr_eq(ex_strand_root(ex_fiber_strand()), (void *)ex_task_current());
    return 0;
}

START_TEST(each_fiber_knows_that_it_runs_and_nobody_else_does) {
    start();
    ck_assert_ptr_null(ex_fiber_current());

    ck_assert_int_eq(run(ask_who_runs, NULL), 0);

    ck_assert_ptr_null(ex_fiber_current());
    stop();
}
END_TEST

static struct ex_scheduler *inner;

static int64_t run_another_scheduler(void *argument) {
    struct ex_fiber *const self = ex_fiber_current();
    ck_assert_int_eq(ex_scheduler_create(&inner, NULL), 0);
    struct asker *asker = ex_task_new(inner, sizeof *asker);
    struct ex_task *machine = ex_task_spawn(EX_FRAME(asker, asker));
    struct ex_task *fiber = ex_fiber_spawn(inner, yield_thrice, argument);
    ck_assert_int_eq(ex_scheduler_run(inner), 0);
    ck_assert_int_eq(ex_task_take(machine), 1);
    ck_assert_int_eq(ex_task_take(fiber), 3);
    ex_fiber_yield();
    ck_assert_ptr_eq(ex_fiber_current(), self);
    return 8;
}

START_TEST(tasks_of_a_scheduler_that_a_fiber_runs_are_not_that_fiber) {
    start();

    ck_assert_int_eq(run(run_another_scheduler, a), 8);
    ex_scheduler_destroy(inner);

    ck_assert_str_eq(log_text, "aaa");
    stop();
}
END_TEST

START_TEST(a_fiber_that_has_begun_keeps_its_task_on_the_thread) {
    start();
    struct ex_task *task = spawn(yield_thrice, a);
    struct ex_strand *root = (struct ex_strand *)(void *)task;

    ck_assert(!ex_strand_is(root, EX_STRAND_PINNED));
    ex_scheduler_poll(scheduler);

    ck_assert(ex_strand_is(root, EX_STRAND_PINNED));
    ex_task_take(task);
    stop();
}
END_TEST

/* ---- cancellation ---- */

static int64_t sleep_and_clean_up(void *argument) {
    struct sleeper sleeper;
    struct chatter chatter_frame;
    (void)argument;
    note("w");
    const int64_t value = ex_fiber_await(EX_FRAME(&sleeper, sleeper));
    ex_fiber_await(chatter(&chatter_frame, "c", 2, 0));
    note(ex_strand_take_cancel(ex_fiber_strand()) ? "!" : ".");
    return value;
}

START_TEST(an_abort_is_told_to_the_await_and_the_clean_up_may_await) {
    start();
    struct ex_task *task = spawn(sleep_and_clean_up, NULL);
    ex_scheduler_poll(scheduler);

    ex_task_abort(task);
    ex_task_abort(task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "wcc.");
    ck_assert_int_eq(ex_task_take(task), -ECANCELED);
    stop();
}
END_TEST

START_TEST(a_fiber_that_never_ran_is_told_of_its_abort_by_its_first_await) {
    start();
    struct ex_task *task = spawn(sleep_and_clean_up, NULL);

    ex_task_abort(task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "wcc.");
    ck_assert_int_eq(ex_task_take(task), -ECANCELED);
    stop();
}
END_TEST

START_TEST(destroy_ends_every_fiber_and_gives_its_stack_back) {
    start();

    for (int i = 0; i < 3; i++) {
        spawn(sleep_and_clean_up, NULL);
    }
    ex_scheduler_poll(scheduler);
    ck_assert_uint_eq(stacks()->used_count, 3);
    stop();

    ck_assert_str_eq(log_text, "wwwcccccc...");
}
END_TEST

/* ---- suspend and wake ---- */

static struct {
    struct ex_waker waker;
    int is_set;
    int has_waker;
} event;

static int64_t wait_for_event(void *argument) {
    (void)argument;
    event.waker = ex_waker_of(ex_fiber_strand());
    __atomic_store_n(&event.has_waker, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&event.is_set, __ATOMIC_ACQUIRE) == 0) {
        ex_fiber_suspend();
    }
    return 77;
}

static void *set_event(void *argument) {
    while (__atomic_load_n(&event.has_waker, __ATOMIC_ACQUIRE) == 0) {
    }
    __atomic_store_n(&event.is_set, 1, __ATOMIC_RELEASE);
    ck_assert(ex_waker_wake(event.waker));
    return argument;
}

START_TEST(a_suspended_fiber_is_woken_by_another_thread) {
    start();
    pthread_t thread;

    pthread_create(&thread, NULL, set_event, NULL);
    ck_assert_int_eq(run(wait_for_event, NULL), 77);

    pthread_join(thread, NULL);
    stop();
}
END_TEST

/* ---- misuse ---- */

START_TEST(awaiting_outside_of_a_fiber_panics) {
    struct chatter child;
    ex_fiber_await(chatter(&child, "", 0, 0));
}
END_TEST

struct impostor {
    struct ex_frame frame;
};

EX_RESUME(impostor) {
    EX_BEGIN(impostor);
    struct chatter child;
    EX_RETURN(ex_fiber_await(chatter(&child, "", 0, 0)));
    EX_END();
}

static int64_t await_impostor(void *argument) {
    struct impostor impostor;
    (void)argument;
    return ex_fiber_await(EX_FRAME(&impostor, impostor));
}

START_TEST(a_state_machine_that_waits_as_a_fiber_panics_though_a_fiber_awaits_it) {
    start();
    run(await_impostor, NULL);
}
END_TEST

static int64_t await_twice(void *argument) {
    struct ex_fiber fiber;
    ex_fiber_await(ex_fiber_run(&fiber, yield_thrice, argument));
    return ex_fiber_await(&fiber.frame);
}

START_TEST(a_fiber_that_is_awaited_after_it_returned_panics) {
    start();
    run(await_twice, a);
}
END_TEST

static int64_t return_pending(void *argument) {
    (void)argument;
    return EX_PENDING;
}

START_TEST(a_fiber_that_returns_pending_panics) {
    start();
    run(return_pending, NULL);
}
END_TEST

SUITE(fiber) {
    SUITE_TEST(fibers_and_state_machines_take_turns_in_the_order_they_became_ready);
    SUITE_TEST(a_fiber_awaits_at_any_depth_of_calls_while_others_run);
    SUITE_TEST(awaiting_what_need_not_wait_leaves_nobody_else_in_between);
    SUITE_TEST(machines_await_fibers_and_fibers_await_both);
    SUITE_TEST(a_fiber_spawns_and_joins_another);
    SUITE_TEST(each_fiber_knows_that_it_runs_and_nobody_else_does);
    SUITE_TEST(tasks_of_a_scheduler_that_a_fiber_runs_are_not_that_fiber);
    SUITE_TEST(a_fiber_that_has_begun_keeps_its_task_on_the_thread);
    SUITE_TEST(an_abort_is_told_to_the_await_and_the_clean_up_may_await);
    SUITE_TEST(a_fiber_that_never_ran_is_told_of_its_abort_by_its_first_await);
    SUITE_TEST(destroy_ends_every_fiber_and_gives_its_stack_back);
    SUITE_TEST(a_suspended_fiber_is_woken_by_another_thread);
    tcase_add_test_raise_signal(tcase, awaiting_outside_of_a_fiber_panics, SIGABRT);
    tcase_add_test_raise_signal(
        tcase,
        a_state_machine_that_waits_as_a_fiber_panics_though_a_fiber_awaits_it,
        SIGABRT);
    tcase_add_test_raise_signal(tcase, a_fiber_that_is_awaited_after_it_returned_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_fiber_that_returns_pending_panics, SIGABRT);
}
