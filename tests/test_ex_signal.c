/* Awaiting signals. Nothing is timed. */
#include "tests/io_fixture.h"

#include <ex/signal.h>

#define LEAF(self, type) ((struct type *)(void *)(self)->leaf)

static struct ex_io signals;
static struct signalfd_siginfo info;
static sigset_t set;

static struct ex_frame *next(struct puppet *self) {
    return ex_signal_next(LEAF(self, ex_signal_next), signals, &info);
}

static void block(void) {
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGRTMIN);
    ex_signal_block(&set);
}

static void start(void) {
    block();
    puppets_start(1);
    ck_assert_int_eq(ex_signal_open(&signals, puppets.scheduler, &set), 0);
}

START_TEST(a_signal_wakes_who_waits_for_it) {
    start();
    puppet_do(0, next);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);

    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);

    ck_assert_int_eq(puppet_await(0), SIGTERM);
    ck_assert_int_eq((int)info.ssi_pid, getpid());
    puppets_stop();
}
END_TEST

START_TEST(what_is_pending_is_taken_once_lowest_first) {
    const union sigval value = {.sival_int = 7};
    start();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    }
    ck_assert_int_eq(sigqueue(getpid(), SIGRTMIN, value), 0);

    puppet_do(0, next);
    ck_assert_int_eq(puppet_await(0), SIGUSR1);
    puppet_do(0, next);
    ck_assert_int_eq(puppet_await(0), SIGTERM);
    puppet_do(0, next);
    ck_assert_int_eq(puppet_await(0), SIGRTMIN);
    ck_assert_int_eq(info.ssi_int, 7);
    puppet_do(0, next);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    puppets_stop();
}
END_TEST

START_TEST(a_cancel_leaves_the_signal_to_the_next) {
    start();
    puppet_do(0, next);
    puppets_run();

    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    puppet_do(0, next);

    ck_assert_int_eq(puppet_await(0), SIGUSR1);
    puppets_stop();
}
END_TEST

START_TEST(what_is_not_blocked_is_refused) {
    const int before = descriptor_count();
    puppets_start(0);
    block();
    sigaddset(&set, SIGHUP);
    ck_assert_int_eq(ex_signal_open(&signals, puppets.scheduler, &set), -EINVAL);
    sigdelset(&set, SIGHUP);
    sigaddset(&set, SIGKILL);

    ck_assert_int_eq(ex_signal_open(&signals, puppets.scheduler, &set), -EINVAL);

    ck_assert_int_eq(descriptor_count(), before);
    puppets_stop();
}
END_TEST

/* Counts the signals that it gets; tells the sender by what it counted. */
struct listener {
    struct ex_frame frame;
    struct ex_signal_next next;
    uint32_t wanted;
};

static uint32_t heard_count;

EX_RESUME(listener) {
    EX_BEGIN(listener);
    while (self->wanted-- > 0) {
        EX_AWAIT(ex_signal_next(&self->next, signals, NULL));
        ck_assert_int_eq(value, SIGRTMIN);
        __atomic_fetch_add(&heard_count, 1, __ATOMIC_RELAXED);
    }
    EX_END();
}

START_TEST(signals_reach_tasks_on_any_number_of_workers) {
    enum { SIGNALS = 200 };
    block();
    heard_count = 0;
    struct ex_scheduler *scheduler = start_workers(_i);
    ck_assert_int_eq(ex_signal_open(&signals, scheduler, &set), 0);
    struct listener *self = ex_task_new(scheduler, sizeof *self);
    self->wanted = SIGNALS;
    ex_task_detach(ex_task_spawn(EX_FRAME(self, listener)));

    for (int i = 0; i < SIGNALS; i++) { /* realtime ones are queued, each of them */
        ck_assert_int_eq(kill(getpid(), SIGRTMIN), 0);
    }
    run_to_end(scheduler);

    ck_assert_uint_eq(heard_count, SIGNALS);
    ex_scheduler_destroy(scheduler);
}
END_TEST

SUITE(signal) {
    SUITE_TEST(a_signal_wakes_who_waits_for_it);
    SUITE_TEST(what_is_pending_is_taken_once_lowest_first);
    SUITE_TEST(a_cancel_leaves_the_signal_to_the_next);
    SUITE_TEST(what_is_not_blocked_is_refused);
    SUITE_LOOP(signals_reach_tasks_on_any_number_of_workers, 0, 5);
}
