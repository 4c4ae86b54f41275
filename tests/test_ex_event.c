#include "tests/puppets.h"

#include <errno.h>
#include <ex/event.h>
#include <signal.h>

static struct ex_event event;

static struct ex_frame *wait_for_it(struct puppet *self) {
    return ex_event_wait((struct ex_event_wait *)(void *)self->leaf, &event);
}

static void start(int count, int kind) {
    puppets_start(count);
    ex_event_init(&event, (enum ex_wait_kind)kind);
}

static void stop(void) {
    puppets_stop();
    ex_event_deinit(&event);
}

START_TEST(all_that_wait_go_on_when_it_is_set_and_later_ones_do_not_wait) {
    start(3, _i);
    puppet_do(1, wait_for_it);
    puppet_do(0, wait_for_it);
    puppets_run();
    ck_assert_str_eq(puppets.log, "");

    ex_event_set(&event);
    ck_assert(ex_event_is_set(&event));
    puppet_do(2, wait_for_it);
    puppets_run();

    ck_assert_str_eq(puppets.log, "102");
    stop();
}
END_TEST

START_TEST(one_that_waited_goes_on_though_it_was_cleared_again_at_once) {
    start(2, _i);
    puppet_do(0, wait_for_it);
    puppets_run();

    ex_event_set(&event);
    ex_event_clear(&event);
    puppet_do(1, wait_for_it);
    puppets_run();

    ck_assert_str_eq(puppets.log, "0");
    ck_assert_int_eq(puppet_result(1), EX_PENDING);
    stop();
}
END_TEST

START_TEST(a_cancelled_wait_ends_unless_it_was_set_before) {
    start(2, _i);
    puppet_do(0, wait_for_it);
    puppet_do(1, wait_for_it);
    puppets_run();

    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ex_event_set(&event);
    puppet_abort(1);
    puppets_run();

    ck_assert_int_eq(puppet_result(1), 0);
    puppet_do(1, wait_for_it);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), -ECANCELED);
    stop();
}
END_TEST

/* ---- threads: a round begins when its event is set, and ends when all came ------------------- */

enum { THREADS = 5, TASKS = 4, ROUNDS = 300 };

static struct ex_event begun[ROUNDS];
static int arrived[ROUNDS]; /* atomics */
static int values[ROUNDS];  /* plain, written before the event is set */

struct follower {
    struct ex_frame frame;
    int round;
    struct ex_event_wait wait;
};

EX_RESUME(follower) {
    EX_BEGIN(follower);
    for (self->round = 0; self->round < ROUNDS; self->round++) {
        EX_AWAIT(ex_event_wait(&self->wait, &begun[self->round]));
        ck_assert_int_eq(values[self->round], self->round);
        __atomic_add_fetch(&arrived[self->round], 1, __ATOMIC_RELAXED);
    }
    EX_END();
}

static struct ex_frame *make_follower(void *frame, int number) {
    struct follower *self = frame;
    (void)number;
    return EX_FRAME(self, follower);
}

static void *follow_or_lead(void *number) {
    const int role = *(int *)number;

    if (role % 2 == 0) {
        puppets_crowd(*(int *)number, TASKS, sizeof(struct follower), make_follower);
    }
    for (int round = 0; role == 1 && round < ROUNDS; round++) {
        values[round] = round;
        ex_event_set(&begun[round]);
    }
    for (int round = 0; role % 2 == 1 && round < ROUNDS; round++) {
        ex_event_wait_blocking(&begun[round]);
        ck_assert_int_eq(values[round], round);
        __atomic_add_fetch(&arrived[round], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

START_TEST(everybody_sees_what_was_written_before_it_was_set) {
    for (int round = 0; round < ROUNDS; round++) {
        ex_event_init(&begun[round], EX_WAIT_SHARED);
    }

    puppets_threads(THREADS, follow_or_lead);

    for (int round = 0; round < ROUNDS; round++) {
        ck_assert_int_eq(arrived[round], 2 + 3 * TASKS);
        ex_event_deinit(&begun[round]);
    }
}
END_TEST

START_TEST(one_that_somebody_waits_for_is_not_destroyed) {
    start(1, _i);
    puppet_do(0, wait_for_it);
    puppets_run();
    ex_event_deinit(&event);
}
END_TEST

SUITE(ex_event) {
    SUITE_LOOP(all_that_wait_go_on_when_it_is_set_and_later_ones_do_not_wait, 0, 2);
    SUITE_LOOP(one_that_waited_goes_on_though_it_was_cleared_again_at_once, 0, 2);
    SUITE_LOOP(a_cancelled_wait_ends_unless_it_was_set_before, 0, 2);
    SUITE_TEST(everybody_sees_what_was_written_before_it_was_set);
    tcase_add_loop_test_raise_signal(tcase,
                                     one_that_somebody_waits_for_is_not_destroyed,
                                     SIGABRT,
                                     0,
                                     2);
}
