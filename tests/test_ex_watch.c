#include "tests/puppets.h"
#include "tests/short_memory.h"

#include <errno.h>
#include <ex/watch.h>
#include <signal.h>

static struct ex_watch *watch;
static struct ex_watch_receiver receivers[PUPPETS_MAX];

static struct ex_frame *changed(struct puppet *self) {
    return ex_watch_changed((struct ex_watch_changed *)(void *)self->leaf,
                            &receivers[self->id],
                            &self->element);
}

static void start(int count, int kind) {
    puppets_start(count);
    watch = ex_watch_create((enum ex_wait_kind)kind, sizeof(int64_t), &(int64_t){100});
    ck_assert_ptr_nonnull(watch);
    for (int id = 0; id < count; id++) {
        ex_watch_subscribe(watch, &receivers[id]);
    }
}

static void stop(void) {
    puppets_stop();
    for (int id = 0; id < puppets.count; id++) {
        ex_watch_unsubscribe(&receivers[id]);
    }
    ex_watch_destroy(watch);
}

static void send(int64_t value) {
    ck_assert_int_eq(ex_watch_send(watch, &value), 0);
}

START_TEST(all_that_wait_see_the_latest_once) {
    start(3, _i);
    for (int id = 2; id >= 0; id--) {
        puppet_do(id, changed);
    }
    puppets_run();
    ck_assert_str_eq(puppets.log, "");

    send(1);
    send(2);
    puppets_run();
    ck_assert_str_eq(puppets.log, "210");
    ck_assert_int_eq(puppets.all[0]->element, 2);
    puppet_do(0, changed);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    stop();
}
END_TEST

START_TEST(what_changed_before_is_seen_at_once) {
    start(1, _i);
    int64_t value = 0;
    ck_assert(!ex_watch_get(&receivers[0], &value));
    ck_assert_int_eq(value, 100);
    send(1);
    send(2);

    puppet_do(0, changed);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(puppets.all[0]->element, 2);
    send(3);

    ck_assert(ex_watch_get(&receivers[0], &value));
    ck_assert_int_eq(value, 3);
    ck_assert(!ex_watch_get(&receivers[0], &value));
    stop();
}
END_TEST

START_TEST(a_cancelled_one_has_seen_nothing_unless_it_returned_it) {
    start(2, _i);
    puppet_do(0, changed);
    puppet_do(1, changed);
    puppets_run();

    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    send(1);
    puppet_abort(1);
    puppets_run();

    ck_assert_int_eq(puppet_result(1), 0);
    ck_assert_int_eq(puppets.all[1]->element, 1);
    puppet_do(0, changed);
    puppet_do(1, changed);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(puppet_result(1), -ECANCELED);
    stop();
}
END_TEST

START_TEST(after_a_close_the_latest_is_still_seen) {
    start(2, _i);
    int64_t value = 0;
    puppet_do(0, changed);
    puppets_run();
    send(1);
    ex_watch_close(watch);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(ex_watch_send(watch, &value), -EPIPE);

    puppet_do(0, changed);
    puppet_do(1, changed);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -EPIPE);
    ck_assert_int_eq(puppet_result(1), 0);
    ck_assert(!ex_watch_get(&receivers[1], &value));
    ck_assert_int_eq(value, 1);
    stop();
}
END_TEST

START_TEST(a_close_ends_those_that_wait) {
    start(1, _i);
    puppet_do(0, changed);
    puppets_run();

    ex_watch_close(watch);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -EPIPE);
    stop();
}
END_TEST

START_TEST(memory_of_the_callers_is_used) {
    char memory[20] = "initial", seen[20];
    struct ex_watch own;
    struct ex_watch_receiver receiver;
    ex_watch_init_mem(&own, EX_WAIT_LOCAL, sizeof memory, memory);
    ex_watch_subscribe(&own, &receiver);

    ck_assert(!ex_watch_get(&receiver, seen));
    ck_assert_str_eq(seen, "initial");
    ck_assert_int_eq(ex_watch_send(&own, "nineteen characters"), 0);
    ck_assert(ex_watch_get(&receiver, seen));

    ck_assert_str_eq(seen, "nineteen characters");
    ex_watch_unsubscribe(&receiver);
    ex_watch_deinit(&own);
}
END_TEST

START_TEST(without_memory_there_is_none) {
    WITH_ALLOCATIONS(0, watch, ex_watch_create(EX_WAIT_LOCAL, 8, &(int64_t){0}));
    ck_assert_ptr_null(watch);
    ck_assert_ptr_null(ex_watch_create(EX_WAIT_LOCAL, SIZE_MAX - 1, NULL));
}
END_TEST

/* ---- threads: values only grow, are whole, and the last one is seen -------------------------- */

enum { THREADS = 4, TASKS = 3, COUNT = 20000 };

struct pair {
    int64_t first, second;
};

static int subscribed; /* atomic */

static void check(struct pair *last, const struct pair *seen) {
    ck_assert_int_eq(seen->first, seen->second);
    ck_assert_int_gt(seen->first, last->first);
    *last = *seen;
}

struct follower {
    struct ex_frame frame;
    struct pair last, seen;
    struct ex_watch_receiver receiver;
    struct ex_watch_changed changed;
};

EX_RESUME(follower) {
    EX_BEGIN(follower);
    ex_watch_subscribe(watch, &self->receiver);
    __atomic_add_fetch(&subscribed, 1, __ATOMIC_RELEASE);
    for (;;) {
        EX_AWAIT(ex_watch_changed(&self->changed, &self->receiver, &self->seen));
        if (value == -EPIPE) {
            ck_assert_int_eq(self->last.first, COUNT);
            ex_watch_unsubscribe(&self->receiver);
            EX_RETURN(0);
        }
        check(&self->last, &self->seen);
    }
    EX_END();
}

static struct ex_frame *make_follower(void *frame, int number) {
    struct follower *self = frame;
    (void)number;
    self->last = (struct pair){0, 0};
    return EX_FRAME(self, follower);
}

static void follow_blocking(void) {
    struct ex_watch_receiver receiver;
    struct pair seen, last = {0, 0};

    ex_watch_subscribe(watch, &receiver);
    __atomic_add_fetch(&subscribed, 1, __ATOMIC_RELEASE);
    while (ex_watch_changed_blocking(&receiver, &seen) == 0) {
        check(&last, &seen);
    }
    ck_assert_int_eq(last.first, COUNT);
    ex_watch_unsubscribe(&receiver);
}

static void *take_part(void *number) {
    const int role = *(int *)number;

    if (role == 3) {
        while (__atomic_load_n(&subscribed, __ATOMIC_ACQUIRE) < 2 * TASKS + 1) {
            sched_yield();
        }
        for (int64_t i = 1; i <= COUNT; i++) {
            ck_assert_int_eq(ex_watch_send(watch, &(struct pair){i, i}), 0);
        }
        ex_watch_close(watch);
    } else if (role == 2) {
        follow_blocking();
    } else {
        puppets_crowd(role, TASKS, sizeof(struct follower), make_follower);
    }
    return NULL;
}

START_TEST(everybody_sees_the_last_value_and_none_twice) {
    watch = ex_watch_create(EX_WAIT_SHARED, sizeof(struct pair), &(struct pair){0, 0});

    puppets_threads(THREADS, take_part);

    ck_assert_int_eq(subscribed, 2 * TASKS + 1);
    ex_watch_destroy(watch);
}
END_TEST

/* ---- wrong use ---- */

START_TEST(one_with_receivers_is_not_destroyed) {
    start(1, _i);
    ex_watch_destroy(watch);
}
END_TEST

START_TEST(a_receiver_that_waits_is_not_unsubscribed) {
    start(1, _i);
    puppet_do(0, changed);
    puppets_run();
    ex_watch_unsubscribe(&receivers[0]);
}
END_TEST

START_TEST(two_that_wait_with_one_receiver_panic) {
    start(1, _i);
    puppet_do(0, changed);
    puppets_run();
    ex_watch_get(&receivers[0], &(int64_t){0});
}
END_TEST

SUITE(ex_watch) {
    SUITE_LOOP(all_that_wait_see_the_latest_once, 0, 2);
    SUITE_LOOP(what_changed_before_is_seen_at_once, 0, 2);
    SUITE_LOOP(a_cancelled_one_has_seen_nothing_unless_it_returned_it, 0, 2);
    SUITE_LOOP(after_a_close_the_latest_is_still_seen, 0, 2);
    SUITE_LOOP(a_close_ends_those_that_wait, 0, 2);
    SUITE_TEST(memory_of_the_callers_is_used);
    SUITE_TEST(without_memory_there_is_none);
    SUITE_TEST(everybody_sees_the_last_value_and_none_twice);
    tcase_add_loop_test_raise_signal(tcase, one_with_receivers_is_not_destroyed, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase,
                                     a_receiver_that_waits_is_not_unsubscribed,
                                     SIGABRT,
                                     0,
                                     2);
    tcase_add_loop_test_raise_signal(tcase, two_that_wait_with_one_receiver_panic, SIGABRT, 0, 2);
}
