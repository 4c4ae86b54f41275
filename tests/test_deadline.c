/* Deadlines on what is awaited. Nothing is timed: it holds however long the machine takes. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <ex/scheduler.h>
#include <ex/timer.h>
#include <ex/waker.h>

#include "tests/suite.h"

#define HOUR (3600 * EX_TIMER_S)

static struct ex_scheduler *scheduler;
static char log_text[256];

static void note(const char *what) {
    strncat(log_text, what, sizeof log_text - strlen(log_text) - 1);
}

static void start(void) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, NULL), 0);
    log_text[0] = '\0';
}

static void run(void) {
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
}

static void stop(void) {
    ex_scheduler_destroy(scheduler);
}

/* Notes its name and yields, so many times; returns what it was given. */
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

/* Sleeps, and when told to cancel cleans up with two yields and notes whether it was told again. */
struct careful {
    struct ex_frame frame;
    struct ex_sleep sleep;
    struct chatter clean_up;
    uint64_t deadline_ns;
    int64_t result; /* when told */
};

EX_RESUME(careful) {
    EX_BEGIN(careful);
    EX_AWAIT(ex_sleep_until(&self->sleep, self->deadline_ns));
    if (value != 0) {
        EX_AWAIT(chatter(&self->clean_up, "c", 2, 0));
        EX_AWAIT(ex_sleep_until(&self->sleep, 0));
        note(value == 0 ? "." : "!");
        EX_RETURN(self->result);
    }
    note("d");
    EX_RETURN(7);
    EX_END();
}

static struct ex_frame *careful(struct careful *self, uint64_t deadline_ns, int64_t result) {
    *self = (struct careful){.deadline_ns = deadline_ns, .result = result};
    return EX_FRAME(self, careful);
}

static int64_t outcome;
static int64_t outcome_next;

/* Awaits `careful` under a deadline, then one thing more. */
struct limited {
    struct ex_frame frame;
    struct ex_deadline deadline;
    struct careful child;
    struct ex_sleep sleep;
    uint64_t child_ns;
    uint64_t deadline_ns;
    int64_t when_told;
};

EX_RESUME(limited) {
    EX_BEGIN(limited);
    EX_AWAIT(ex_deadline(&self->deadline,
                         careful(&self->child, self->child_ns, self->when_told),
                         self->deadline_ns));
    outcome = value;
    EX_AWAIT(ex_sleep_until(&self->sleep, 0));
    outcome_next = value;
    EX_END();
}

static struct ex_task *spawn_limited(uint64_t child_ns, uint64_t deadline_ns, int64_t when_told) {
    struct limited *self = ex_task_new(scheduler, sizeof *self);
    outcome = 1;
    outcome_next = 1;
    self->child_ns = child_ns;
    self->deadline_ns = deadline_ns;
    self->when_told = when_told;
    return ex_task_spawn(EX_FRAME(self, limited));
}

START_TEST(a_child_that_returns_in_time_gives_its_value_and_no_timer_is_left) {
    start();

    ex_task_detach(spawn_limited(1, ex_timer_now() + HOUR, -ECANCELED));
    run();

    ck_assert_int_eq(outcome, 7);
    ck_assert_int_eq(outcome_next, 0);
    ck_assert_str_eq(log_text, "d");
    stop();
}
END_TEST

START_TEST(a_child_that_is_late_is_told_once_and_cleans_up_before_the_result) {
    const uint64_t deadlines[] = {0, ex_timer_now() + EX_TIMER_MS};
    for (size_t i = 0; i < 2; i++) {
        start();

        ex_task_detach(spawn_limited(EX_TIMER_NEVER, deadlines[i], -ECANCELED));
        run();

        ck_assert_int_eq(outcome, -ETIMEDOUT);
        ck_assert_int_eq(outcome_next, 0);
        ck_assert_str_eq(log_text, "cc.");
        stop();
    }
}
END_TEST

START_TEST(a_late_child_that_returns_another_value_is_believed) {
    start();

    ex_task_detach(spawn_limited(EX_TIMER_NEVER, 0, 5));
    run();

    ck_assert_int_eq(outcome, 5);
    ck_assert_str_eq(log_text, "cc.");
    stop();
}
END_TEST

START_TEST(a_child_that_was_due_at_the_same_time_has_its_value) {
    start();

    ex_task_detach(spawn_limited(0, 0, -ECANCELED));
    run();

    ck_assert_int_eq(outcome, 7);
    ck_assert_int_eq(outcome_next, 0);
    stop();
}
END_TEST

START_TEST(an_abort_is_handed_on_to_the_child_and_is_no_timeout) {
    for (int is_begun = 0; is_begun < 2; is_begun++) {
        start();
        struct ex_task *task = spawn_limited(EX_TIMER_NEVER, ex_timer_now() + HOUR, -ECANCELED);
        if (is_begun) {
            ex_scheduler_poll(scheduler);
        }

        ex_task_abort(task);
        run();

        ck_assert_int_eq(outcome, -ECANCELED);
        ck_assert_int_eq(outcome_next, 0);
        ck_assert_str_eq(log_text, "cc.");
        ex_task_take(task);
        stop();
    }
}
END_TEST

struct aborter {
    struct ex_frame frame;
    struct ex_task *task;
};

/* Aborts the task when its child is cleaning up. */
EX_RESUME(aborter) {
    EX_BEGIN(aborter);
    while (log_text[0] != 'c') {
        EX_YIELD();
    }
    ex_task_abort(self->task);
    EX_END();
}

START_TEST(an_abort_after_the_deadline_is_for_the_next_await) {
    start();
    struct aborter *aborter = ex_task_new(scheduler, sizeof *aborter);
    struct ex_task *task = spawn_limited(EX_TIMER_NEVER, 0, -ECANCELED);
    aborter->task = task;

    ex_task_detach(ex_task_spawn(EX_FRAME(aborter, aborter)));
    run();

    ck_assert_int_eq(outcome, -ETIMEDOUT);
    ck_assert_int_eq(outcome_next, -ECANCELED);
    ck_assert_str_eq(log_text, "cc.");
    ex_task_take(task);
    stop();
}
END_TEST

/* Aborts the task between the moment its deadline fires and its next resume. */
struct racer {
    struct ex_frame frame;
    struct ex_strand *root;
};

EX_RESUME(racer) {
    EX_BEGIN(racer);
    while (!ex_strand_is(self->root, EX_STRAND_READY)) {
        EX_YIELD();
    }
    ex_task_abort((struct ex_task *)(void *)self->root);
    EX_END();
}

START_TEST(an_abort_at_the_moment_of_the_deadline_is_an_abort) {
    start();
    struct ex_task *task = spawn_limited(EX_TIMER_NEVER, 0, -ECANCELED);
    struct racer *racer = ex_task_new(scheduler, sizeof *racer);
    racer->root = (struct ex_strand *)(void *)task;
    ex_task_detach(ex_task_spawn(EX_FRAME(racer, racer)));

    run();

    ck_assert_int_eq(outcome, -ECANCELED);
    ck_assert_int_eq(outcome_next, 0);
    ck_assert_str_eq(log_text, "cc.");
    ex_task_take(task);
    stop();
}
END_TEST

/* Awaits a chatter, which never asks whether it is told to cancel, under a deadline. */
struct chat {
    struct ex_frame frame;
    struct ex_deadline deadline;
    struct chatter child;
    struct ex_sleep sleep;
    uint64_t deadline_ns;
    int count;
};

EX_RESUME(chat) {
    EX_BEGIN(chat);
    EX_AWAIT(ex_deadline(&self->deadline,
                         chatter(&self->child, "x", self->count, 3),
                         self->deadline_ns));
    outcome = value;
    EX_AWAIT(ex_sleep_until(&self->sleep, 0));
    outcome_next = value;
    EX_END();
}

static struct ex_task *spawn_chat(int count, uint64_t deadline_ns) {
    struct chat *self = ex_task_new(scheduler, sizeof *self);
    outcome = 1;
    outcome_next = 1;
    self->count = count;
    self->deadline_ns = deadline_ns;
    return ex_task_spawn(EX_FRAME(self, chat));
}

START_TEST(a_child_takes_turns_with_other_tasks) {
    start();
    struct chatter *other = ex_task_new(scheduler, sizeof *other);

    ex_task_detach(spawn_chat(3, EX_TIMER_NEVER));
    ex_task_detach(ex_task_spawn(chatter(other, "o", 3, 0)));
    run();

    ck_assert_str_eq(log_text, "xoxoxo");
    ck_assert_int_eq(outcome, 3);
    stop();
}
END_TEST

/* Yields, then sleeps. */
struct dozer {
    struct ex_frame frame;
    struct ex_sleep sleep;
};

EX_RESUME(dozer) {
    EX_BEGIN(dozer);
    EX_YIELD();
    EX_AWAIT(ex_sleep_until(&self->sleep, EX_TIMER_NEVER));
    EX_RETURN(value);
    EX_END();
}

struct bed {
    struct ex_frame frame;
    struct ex_deadline deadline;
    struct dozer child;
};

EX_RESUME(bed) {
    EX_BEGIN(bed);
    EX_AWAIT(ex_deadline(&self->deadline, EX_FRAME(&self->child, dozer), ex_timer_now() + HOUR));
    outcome = value;
    EX_END();
}

START_TEST(a_child_that_has_yielded_and_waits_now_is_not_run_again_and_again) {
    start();
    struct bed *self = ex_task_new(scheduler, sizeof *self);
    ex_task_detach(ex_task_spawn(EX_FRAME(self, bed)));

    ck_assert_uint_eq(ex_scheduler_poll(scheduler), 1);

    stop();
    ck_assert_int_eq(outcome, -ECANCELED);
}
END_TEST

START_TEST(a_child_that_does_not_wait_is_not_kept_waiting) {
    start();

    ex_task_detach(spawn_chat(0, 0));
    run();

    ck_assert_int_eq(outcome, 3);
    ck_assert_int_eq(outcome_next, 0);
    stop();
}
END_TEST

START_TEST(a_deadline_that_nobody_heard_of_leaves_the_next_await_alone) {
    start();

    ex_task_detach(spawn_chat(3, 0));
    run();

    ck_assert_int_eq(outcome, 3);
    ck_assert_int_eq(outcome_next, 0);
    stop();
}
END_TEST

START_TEST(an_abort_that_the_child_did_not_hear_of_is_for_the_next_await) {
    for (int count = 0; count < 3; count += 2) {
        start();
        struct ex_task *task = spawn_chat(count, EX_TIMER_NEVER);

        ex_task_abort(task);
        run();

        ck_assert_int_eq(outcome, 3);
        ck_assert_int_eq(outcome_next, -ECANCELED);
        ex_task_take(task);
        stop();
    }
}
END_TEST

/* A deadline under another. */
struct nested {
    struct ex_frame frame;
    struct ex_deadline outer;
    struct ex_deadline inner;
    struct careful child;
    uint64_t outer_ns;
    uint64_t inner_ns;
};

EX_RESUME(nested) {
    EX_BEGIN(nested);
    EX_AWAIT(ex_deadline(&self->outer,
                         ex_deadline(&self->inner,
                                     careful(&self->child, EX_TIMER_NEVER, -ECANCELED),
                                     self->inner_ns),
                         self->outer_ns));
    outcome = value;
    EX_END();
}

START_TEST(of_nested_deadlines_the_first_one_tells_and_the_child_hears_once) {
    static const uint64_t deadlines[][2] = {{EX_TIMER_NEVER, 0}, {0, EX_TIMER_NEVER}, {0, 0}};
    for (size_t row = 0; row < 3; row++) {
        start();
        struct nested *self = ex_task_new(scheduler, sizeof *self);
        self->outer_ns = deadlines[row][0];
        self->inner_ns = deadlines[row][1];

        ex_task_detach(ex_task_spawn(EX_FRAME(self, nested)));
        run();

        ck_assert_int_eq(outcome, -ETIMEDOUT);
        ck_assert_str_eq(log_text, "cc.");
        stop();
    }
}
END_TEST

/* Waits under two deadlines for a flag that another thread sets; then for a timer, which knows. */
struct listener {
    struct ex_frame frame;
    struct ex_sleep sleep;
    int is_set;
    struct ex_waker waker;
};

EX_RESUME(listener) {
    EX_BEGIN(listener);
    self->waker = ex_waker_of(strand);
    note("l");
    while (!__atomic_load_n(&self->is_set, __ATOMIC_ACQUIRE)) {
        EX_SUSPEND();
        note(ex_strand_is(strand, EX_STRAND_WAKE_ALL) ? "w" : "?");
    }
    ex_strand_clear(strand, EX_STRAND_WAKE_ALL);
    EX_AWAIT(ex_sleep_until(&self->sleep, 0));
    EX_RETURN(ex_strand_is(strand, EX_STRAND_WAKE_ALL) ? 8 : 9);
    EX_END();
}

struct host {
    struct ex_frame frame;
    struct ex_deadline outer;
    struct ex_deadline inner;
    struct listener child;
};

EX_RESUME(host) {
    EX_BEGIN(host);
    self->child.is_set = 0;
    EX_AWAIT(ex_deadline(
        &self->outer,
        ex_deadline(&self->inner, EX_FRAME(&self->child, listener), ex_timer_now() + HOUR),
        ex_timer_now() + HOUR));
    outcome = value;
    EX_END();
}

static void *set_and_wake(void *argument) {
    struct listener *const listener = argument;
    const struct ex_waker waker = listener->waker;

    __atomic_store_n(&listener->is_set, 1, __ATOMIC_RELEASE);
    ex_waker_wake(waker);
    return NULL;
}

START_TEST(a_wake_from_another_thread_finds_the_child_under_its_deadlines) {
    start();
    pthread_t thread;
    struct host *self = ex_task_new(scheduler, sizeof *self);
    ex_task_detach(ex_task_spawn(EX_FRAME(self, host)));
    ex_scheduler_poll(scheduler);

    pthread_create(&thread, NULL, set_and_wake, &self->child);
    run();
    pthread_join(thread, NULL);

    ck_assert_int_eq(outcome, 9); /* and what it runs in turn is told to look once */
    ck_assert_str_eq(log_text, "lw");
    stop();
}
END_TEST

SUITE(deadline) {
    SUITE_TEST(a_child_that_returns_in_time_gives_its_value_and_no_timer_is_left);
    SUITE_TEST(a_child_that_is_late_is_told_once_and_cleans_up_before_the_result);
    SUITE_TEST(a_late_child_that_returns_another_value_is_believed);
    SUITE_TEST(a_child_that_was_due_at_the_same_time_has_its_value);
    SUITE_TEST(an_abort_is_handed_on_to_the_child_and_is_no_timeout);
    SUITE_TEST(an_abort_after_the_deadline_is_for_the_next_await);
    SUITE_TEST(an_abort_at_the_moment_of_the_deadline_is_an_abort);
    SUITE_TEST(a_child_takes_turns_with_other_tasks);
    SUITE_TEST(a_child_that_has_yielded_and_waits_now_is_not_run_again_and_again);
    SUITE_TEST(a_child_that_does_not_wait_is_not_kept_waiting);
    SUITE_TEST(a_deadline_that_nobody_heard_of_leaves_the_next_await_alone);
    SUITE_TEST(an_abort_that_the_child_did_not_hear_of_is_for_the_next_await);
    SUITE_TEST(of_nested_deadlines_the_first_one_tells_and_the_child_hears_once);
    SUITE_LOOP(a_wake_from_another_thread_finds_the_child_under_its_deadlines, 0, 50);
}
