#include "tests/puppets.h"

#include <errno.h>
#include <ex/once.h>
#include <signal.h>

static struct ex_once once;

static struct ex_frame *enter(struct puppet *self) {
    return ex_once_enter((struct ex_once_enter *)(void *)self->leaf, &once);
}

static void start(int count, int kind) {
    puppets_start(count);
    ex_once_init(&once, (enum ex_wait_kind)kind);
}

static void stop(void) {
    puppets_stop();
    ex_once_deinit(&once);
}

static void all_enter(int count) {
    for (int id = 0; id < count; id++) {
        puppet_do(id, enter);
    }
    puppets_run();
}

START_TEST(the_first_does_it_and_the_others_wait_until_it_is_done) {
    start(3, _i);
    all_enter(3);
    ck_assert_str_eq(puppets.log, "0");
    ck_assert_int_eq(puppet_result(0), EX_ONCE_YOURS);
    ck_assert(!ex_once_is_done(&once));

    ex_once_complete(&once);
    puppet_do(0, enter);
    puppets_run();

    ck_assert(ex_once_is_done(&once));
    ck_assert_str_eq(puppets.log, "0120");
    for (int id = 0; id < 3; id++) {
        ck_assert_int_eq(puppet_result(id), 0);
    }
    stop();
}
END_TEST

START_TEST(what_one_gives_up_is_the_next_ones_to_do) {
    start(3, _i);
    all_enter(2);

    ex_once_give_up(&once);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), EX_ONCE_YOURS);
    ex_once_give_up(&once); /* nobody waits */
    puppet_do(2, enter);
    puppets_run();

    ck_assert_int_eq(puppet_result(2), EX_ONCE_YOURS);
    ex_once_complete(&once);
    stop();
}
END_TEST

START_TEST(one_that_is_cancelled_does_not_do_it_unless_it_was_given_to_it) {
    start(3, _i);
    all_enter(3);

    puppet_abort(1);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), -ECANCELED);
    ex_once_give_up(&once);
    puppet_abort(2);
    puppets_run();

    ck_assert_int_eq(puppet_result(2), EX_ONCE_YOURS);
    ex_once_complete(&once);
    puppet_do(2, enter);
    puppets_run();
    ck_assert_int_eq(puppet_result(2), -ECANCELED);
    stop();
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, TASKS = 4, ROUNDS = 500, TRIES = 3 };

static struct ex_once onces[ROUNDS];
static int tries[ROUNDS], made[ROUNDS]; /* plain: who is at it is alone */
static int seen;                        /* atomic */

/* The first ones give up. */
static void do_it(int round) {
    if (++tries[round] < TRIES) {
        ex_once_give_up(&onces[round]);
        return;
    }
    made[round]++;
    ex_once_complete(&onces[round]);
}

static void look(int round) {
    ck_assert_int_eq(made[round], 1);
    __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED);
}

struct seeker {
    struct ex_frame frame;
    int round;
    struct ex_once_enter enter;
};

EX_RESUME(seeker) {
    EX_BEGIN(seeker);
    for (self->round = 0; self->round < ROUNDS; self->round++) {
        do {
            EX_AWAIT(ex_once_enter(&self->enter, &onces[self->round]));
            if (value == EX_ONCE_YOURS) {
                EX_YIELD();
                do_it(self->round);
            }
        } while (!ex_once_is_done(&onces[self->round]));
        look(self->round);
    }
    EX_END();
}

static struct ex_frame *make_seeker(void *frame, int number) {
    struct seeker *self = frame;
    (void)number;
    return EX_FRAME(self, seeker);
}

static void *seek(void *number) {
    if (*(int *)number % 2 == 0) {
        puppets_crowd(*(int *)number, TASKS, sizeof(struct seeker), make_seeker);
        return NULL;
    }
    for (int round = 0; round < ROUNDS; round++) {
        while (ex_once_enter_blocking(&onces[round]) == EX_ONCE_YOURS) {
            do_it(round);
        }
        look(round);
    }
    return NULL;
}

START_TEST(it_is_done_once_by_one_of_all) {
    for (int round = 0; round < ROUNDS; round++) {
        ex_once_init(&onces[round], EX_WAIT_SHARED);
    }

    puppets_threads(THREADS, seek);

    ck_assert_int_eq(seen, ROUNDS * THREADS / 2 * (TASKS + 1));
    for (int round = 0; round < ROUNDS; round++) {
        ck_assert_int_eq(tries[round], TRIES);
        ex_once_deinit(&onces[round]);
    }
}
END_TEST

/* ---- wrong use ---- */

START_TEST(completing_what_nobody_began_panics) {
    ex_once_init(&once, (enum ex_wait_kind)_i);
    ex_once_complete(&once);
}
END_TEST

START_TEST(giving_up_what_is_done_panics) {
    start(1, _i);
    all_enter(1);
    ex_once_complete(&once);
    ex_once_give_up(&once);
}
END_TEST

START_TEST(one_that_somebody_is_at_is_not_destroyed) {
    start(1, _i);
    all_enter(1);
    ex_once_deinit(&once);
}
END_TEST

SUITE(ex_once) {
    SUITE_LOOP(the_first_does_it_and_the_others_wait_until_it_is_done, 0, 2);
    SUITE_LOOP(what_one_gives_up_is_the_next_ones_to_do, 0, 2);
    SUITE_LOOP(one_that_is_cancelled_does_not_do_it_unless_it_was_given_to_it, 0, 2);
    SUITE_TEST(it_is_done_once_by_one_of_all);
    tcase_add_loop_test_raise_signal(tcase, completing_what_nobody_began_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, giving_up_what_is_done_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase,
                                     one_that_somebody_is_at_is_not_destroyed,
                                     SIGABRT,
                                     0,
                                     2);
}
