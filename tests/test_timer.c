/* Sleeping. Nothing is timed: what is checked holds however long the machine takes. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include <ex/scheduler.h>
#include <ex/timer.h>
#include <ex/waker.h>

#include "executor/crew.h"
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

/* Notes its name and returns what the sleep gave. */
struct sleeper {
    struct ex_frame frame;
    struct ex_sleep sleep;
    const char *name;
    uint64_t deadline_ns;
};

EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    EX_AWAIT(ex_sleep_until(&self->sleep, self->deadline_ns));
    note(self->name);
    if (value == 0) {
        ck_assert_uint_ge(ex_timer_now(), self->deadline_ns);
    }
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *sleeper(struct sleeper *self, const char *name, uint64_t deadline_ns) {
    *self = (struct sleeper){.name = name, .deadline_ns = deadline_ns};
    return EX_FRAME(self, sleeper);
}

static struct ex_task *spawn_sleeper(const char *name, uint64_t deadline_ns) {
    struct sleeper *self = ex_task_new(scheduler, sizeof *self);
    return ex_task_spawn(sleeper(self, name, deadline_ns));
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

START_TEST(sleepers_wake_by_deadline_and_then_by_start) {
    start();
    const uint64_t now_ns = ex_timer_now();

    ex_task_detach(spawn_sleeper("a", now_ns + 3 * EX_TIMER_MS));
    ex_task_detach(spawn_sleeper("b", now_ns + 2 * EX_TIMER_MS));
    ex_task_detach(spawn_sleeper("c", now_ns + 3 * EX_TIMER_MS));
    ex_task_detach(spawn_sleeper("d", now_ns + 2 * EX_TIMER_MS + 1));
    ex_task_detach(spawn_sleeper("e", now_ns + 1 * EX_TIMER_MS));
    run();

    ck_assert_str_eq(log_text, "ebdac");
    stop();
}
END_TEST

START_TEST(a_time_that_has_passed_lets_the_others_go_first) {
    start();
    struct chatter *other = ex_task_new(scheduler, sizeof *other);

    ex_task_detach(spawn_sleeper("s", 0));
    ex_task_detach(ex_task_spawn(chatter(other, "o", 1, 0)));
    run();

    ck_assert_str_eq(log_text, "os");
    stop();
}
END_TEST

struct napper {
    struct ex_frame frame;
    struct ex_sleep sleep;
    uint64_t before_ns;
};

EX_RESUME(napper) {
    EX_BEGIN(napper);
    self->before_ns = ex_timer_now();
    EX_AWAIT(ex_sleep_for(&self->sleep, 2 * EX_TIMER_MS));
    EX_RETURN((int64_t)(ex_timer_now() - self->before_ns));
    EX_END();
}

START_TEST(a_sleep_is_never_shorter_than_asked) {
    start();
    struct napper *self = ex_task_new(scheduler, sizeof *self);
    struct ex_task *task = ex_task_spawn(EX_FRAME(self, napper));

    run();

    ck_assert_int_ge(ex_task_take(task), 2 * (int64_t)EX_TIMER_MS);
    stop();
}
END_TEST

START_TEST(a_sleep_of_for_ever_or_longer_is_for_ever) {
    struct ex_sleep sleep;

    ex_sleep_for(&sleep, EX_TIMER_NEVER - 1);
    ck_assert_uint_eq(sleep.timer.node.deadline_ns, EX_TIMER_NEVER);
    ex_sleep_for(&sleep, EX_TIMER_NEVER);
    ck_assert_uint_eq(sleep.timer.node.deadline_ns, EX_TIMER_NEVER);
    ex_sleep_for(&sleep, HOUR);
    ck_assert_uint_gt(sleep.timer.node.deadline_ns, HOUR);
    ck_assert_uint_lt(sleep.timer.node.deadline_ns, EX_TIMER_NEVER);
}
END_TEST

START_TEST(an_abort_ends_a_sleep_and_takes_its_timer_away) {
    start();
    struct ex_task *task = spawn_sleeper("x", ex_timer_now() + HOUR);
    struct ex_task *for_ever = spawn_sleeper("y", EX_TIMER_NEVER);
    ex_scheduler_poll(scheduler);

    ex_task_abort(task);
    ex_task_abort(for_ever);
    run();

    ck_assert_int_eq(ex_task_take(task), -ECANCELED);
    ck_assert_int_eq(ex_task_take(for_ever), -ECANCELED);
    ck_assert_str_eq(log_text, "xy");
    stop();
}
END_TEST

START_TEST(a_task_that_was_aborted_does_not_begin_to_sleep) {
    start();
    struct ex_task *task = spawn_sleeper("x", ex_timer_now() + HOUR);

    ex_task_abort(task);
    run();

    ck_assert_int_eq(ex_task_take(task), -ECANCELED);
    stop();
}
END_TEST

START_TEST(a_wake_for_another_reason_does_not_end_a_sleep) {
    start();
    struct ex_task *task = spawn_sleeper("x", ex_timer_now() + HOUR);
    ex_scheduler_poll(scheduler);

    for (int i = 0; i < 3; i++) {
        ck_assert(ex_waker_wake(ex_waker_of((struct ex_strand *)(void *)task)));
        ck_assert_uint_eq(ex_scheduler_poll(scheduler), 1);
    }

    ck_assert_str_eq(log_text, "");
    stop();
    ck_assert_str_eq(log_text, "x");
}
END_TEST

START_TEST(a_poll_fires_what_is_due_and_waits_for_nothing) {
    start();
    ex_task_detach(spawn_sleeper("x", ex_timer_now() + HOUR));
    ex_task_detach(spawn_sleeper("y", 1));

    ck_assert_uint_eq(ex_scheduler_poll(scheduler), 1);

    ck_assert_str_eq(log_text, "y");
    stop();
}
END_TEST

static const struct ex_worker_wait *real_waits;
static uint64_t waited_until_ns;
static int wait_count;

static void wait_and_count(struct ex_worker *worker, uint64_t deadline_ns) {
    waited_until_ns = deadline_ns;
    wait_count++;
    real_waits->wait(worker, deadline_ns);
}

static void notify(struct ex_worker *worker) {
    real_waits->notify(worker);
}

START_TEST(the_thread_waits_once_and_until_the_deadline) {
    static const struct ex_worker_wait waits = {wait_and_count, notify};
    start();
    real_waits = scheduler->workers[0].waits;
    scheduler->workers[0].waits = &waits;
    const uint64_t deadline_ns = ex_timer_now() + 300 * EX_TIMER_MS;
    struct ex_task *aborted = spawn_sleeper("x", ex_timer_now() + HOUR);
    ex_task_detach(spawn_sleeper("y", deadline_ns));
    ex_scheduler_poll(scheduler);
    ex_task_abort(aborted);

    run();

    ck_assert_int_eq(wait_count, 1);
    ck_assert_uint_eq(waited_until_ns, deadline_ns);
    stop();
}
END_TEST

#define CROWD 5000

struct one_of_many {
    struct ex_frame frame;
    struct ex_sleep sleep;
    uint64_t deadline_ns;
};

static uint64_t last_ns;
static int woken_count;

EX_RESUME(one_of_many) {
    EX_BEGIN(one_of_many);
    EX_AWAIT(ex_sleep_until(&self->sleep, self->deadline_ns));
    ck_assert_uint_ge(self->deadline_ns, last_ns);
    last_ns = self->deadline_ns;
    woken_count++;
    EX_END();
}

START_TEST(a_crowd_wakes_in_order) {
    start();
    const uint64_t now_ns = ex_timer_now() + 20 * EX_TIMER_MS;
    last_ns = 0;
    woken_count = 0;
    for (uint64_t i = 0; i < CROWD; i++) {
        struct one_of_many *self = ex_task_new(scheduler, sizeof *self);
        self->deadline_ns = now_ns + i * 7919 % CROWD * EX_TIMER_US;
        ex_task_detach(ex_task_spawn(EX_FRAME(self, one_of_many)));
    }

    run();

    ck_assert_int_eq(woken_count, CROWD);
    stop();
}
END_TEST

START_TEST(a_sleep_outside_of_any_scheduler_panics) {
    struct ex_sleep sleep;
    struct ex_strand strand = {0};

    ex_sleep_until(&sleep, 1)->resume(&sleep.frame, &strand, 0);
}
END_TEST

SUITE(timer) {
    SUITE_TEST(sleepers_wake_by_deadline_and_then_by_start);
    SUITE_TEST(a_time_that_has_passed_lets_the_others_go_first);
    SUITE_TEST(a_sleep_is_never_shorter_than_asked);
    SUITE_TEST(a_sleep_of_for_ever_or_longer_is_for_ever);
    SUITE_TEST(an_abort_ends_a_sleep_and_takes_its_timer_away);
    SUITE_TEST(a_task_that_was_aborted_does_not_begin_to_sleep);
    SUITE_TEST(a_wake_for_another_reason_does_not_end_a_sleep);
    SUITE_TEST(a_poll_fires_what_is_due_and_waits_for_nothing);
    SUITE_TEST(the_thread_waits_once_and_until_the_deadline);
    SUITE_TEST(a_crowd_wakes_in_order);
    tcase_add_test_raise_signal(tcase, a_sleep_outside_of_any_scheduler_panics, SIGABRT);
}
