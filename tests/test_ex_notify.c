#include "tests/puppets.h"

#include <errno.h>
#include <ex/notify.h>
#include <signal.h>

static struct ex_notify notify;

static struct ex_frame *wait_for_it(struct puppet *self) {
    return ex_notify_wait((struct ex_notify_wait *)(void *)self->leaf, &notify);
}

static void start(int count, int kind) {
    puppets_start(count);
    ex_notify_init(&notify, (enum ex_wait_kind)kind);
}

static void stop(void) {
    puppets_stop();
    ex_notify_deinit(&notify);
}

static void all_wait(int count) {
    for (int id = 0; id < count; id++) {
        puppet_do(id, wait_for_it);
    }
    puppets_run();
}

START_TEST(one_goes_on_for_each_notification_in_order) {
    start(3, _i);
    all_wait(3);
    ck_assert_str_eq(puppets.log, "");

    ex_notify_one(&notify);
    puppets_run();
    ck_assert_str_eq(puppets.log, "0");
    ex_notify_one(&notify);
    ex_notify_one(&notify);
    puppets_run();

    ck_assert_str_eq(puppets.log, "012");
    stop();
}
END_TEST

START_TEST(one_notification_for_nobody_is_stored_and_no_more) {
    start(2, _i);
    ex_notify_one(&notify);
    ex_notify_one(&notify);

    all_wait(2);
    ck_assert_str_eq(puppets.log, "0");
    ex_notify_all(&notify);
    puppets_run();
    ck_assert_str_eq(puppets.log, "01");
    ex_notify_all(&notify); /* nobody waits, nothing is stored */
    puppet_do(0, wait_for_it);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    stop();
}
END_TEST

START_TEST(a_notification_to_one_that_is_cancelled_goes_to_the_next) {
    start(2, _i);
    all_wait(2);

    ex_notify_one(&notify);
    puppet_abort(0);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ck_assert_int_eq(puppet_result(1), 0);
    stop();
}
END_TEST

START_TEST(a_notification_to_the_only_one_that_is_cancelled_is_stored) {
    start(2, _i);
    puppet_do(0, wait_for_it);
    puppets_run();

    puppet_abort(0);
    ex_notify_one(&notify);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    puppet_do(1, wait_for_it);
    puppets_run();

    ck_assert_int_eq(puppet_result(1), 0);
    stop();
}
END_TEST

START_TEST(who_was_told_with_all_others_goes_on_and_is_cancelled_later) {
    start(1, _i);
    all_wait(1);

    ex_notify_all(&notify);
    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    puppet_do(0, wait_for_it);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ex_notify_one(&notify); /* not to one that left */
    puppet_do(0, wait_for_it);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    stop();
}
END_TEST

START_TEST(one_that_is_cancelled_leaves_the_queue) {
    start(3, _i);
    all_wait(3);

    puppet_abort(1);
    puppets_run();
    ex_notify_one(&notify);
    ex_notify_one(&notify);
    puppets_run();

    ck_assert_str_eq(puppets.log, "102");
    ck_assert_int_eq(puppet_result(1), -ECANCELED);
    stop();
}
END_TEST

/* ---- threads: tickets that are put down here and picked up there ---- */

enum { THREADS = 4, TASKS = 4, ROUNDS = 2000 };

static int tickets, picked; /* atomics */

static bool pick_up(void) {
    int seen = __atomic_load_n(&tickets, __ATOMIC_ACQUIRE);
    while (seen > 0) {
        if (__atomic_compare_exchange_n(&tickets,
                                        &seen,
                                        seen - 1,
                                        false,
                                        __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            __atomic_add_fetch(&picked, 1, __ATOMIC_RELAXED);
            return true;
        }
    }
    return false;
}

static void put_down(void) {
    __atomic_add_fetch(&tickets, 1, __ATOMIC_RELEASE);
    ex_notify_one(&notify);
}

/* Whoever picks one up tells the next to look, since one stored notification may stand for two. */
struct picker {
    struct ex_frame frame;
    int left;
    struct ex_notify_wait wait;
};

EX_RESUME(picker) {
    EX_BEGIN(picker);
    while (self->left-- > 0) {
        while (!pick_up()) {
            EX_AWAIT(ex_notify_wait(&self->wait, &notify));
        }
        ex_notify_one(&notify);
    }
    EX_END();
}

static struct ex_frame *make_picker(void *frame, int number) {
    struct picker *self = frame;
    (void)number;
    self->left = ROUNDS;
    return EX_FRAME(self, picker);
}

static void *put_and_pick(void *number) {
    const int role = *(int *)number;

    if (role == 0) {
        puppets_crowd(*(int *)number, TASKS, sizeof(struct picker), make_picker);
    }
    for (int i = 0; role == 1 && i < TASKS * ROUNDS; i++) {
        while (!pick_up()) {
            ex_notify_wait_blocking(&notify);
        }
        ex_notify_one(&notify);
    }
    for (int i = 0; role > 1 && i < TASKS * ROUNDS; i++) {
        put_down();
    }
    return NULL;
}

START_TEST(every_ticket_is_picked_up) {
    ex_notify_init(&notify, EX_WAIT_SHARED);

    puppets_threads(THREADS, put_and_pick);

    ck_assert_int_eq(picked, 2 * TASKS * ROUNDS);
    ck_assert_int_eq(tickets, 0);
    ex_notify_deinit(&notify);
}
END_TEST

START_TEST(one_that_somebody_waits_for_is_not_destroyed) {
    start(1, _i);
    all_wait(1);
    ex_notify_deinit(&notify);
}
END_TEST

SUITE(ex_notify) {
    SUITE_LOOP(one_goes_on_for_each_notification_in_order, 0, 2);
    SUITE_LOOP(one_notification_for_nobody_is_stored_and_no_more, 0, 2);
    SUITE_LOOP(a_notification_to_one_that_is_cancelled_goes_to_the_next, 0, 2);
    SUITE_LOOP(a_notification_to_the_only_one_that_is_cancelled_is_stored, 0, 2);
    SUITE_LOOP(who_was_told_with_all_others_goes_on_and_is_cancelled_later, 0, 2);
    SUITE_LOOP(one_that_is_cancelled_leaves_the_queue, 0, 2);
    SUITE_TEST(every_ticket_is_picked_up);
    tcase_add_loop_test_raise_signal(tcase,
                                     one_that_somebody_waits_for_is_not_destroyed,
                                     SIGABRT,
                                     0,
                                     2);
}
