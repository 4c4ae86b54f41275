#include "tests/permit_twin.h"

#include <ex/semaphore.h>
#include <signal.h>

static struct ex_semaphore semaphore;

static struct ex_frame *acquire_argument(struct puppet *self) {
    return ex_semaphore_acquire((struct ex_semaphore_acquire *)(void *)self->leaf,
                                &semaphore,
                                (uint32_t)self->argument);
}

static void acquire(int id, uint32_t count) {
    puppet_do_with(id, acquire_argument, count);
}

static void start(int count, int kind, uint32_t permits) {
    puppets_start(count);
    ex_semaphore_init(&semaphore, (enum ex_wait_kind)kind, permits);
}

static void stop(void) {
    puppets_stop();
    ex_semaphore_deinit(&semaphore);
}

START_TEST(small_wishes_wait_behind_a_big_one) {
    start(4, _i, 2);
    acquire(0, 3);
    acquire(1, 1);
    acquire(2, 2);
    acquire(3, 0);
    puppets_run();
    ck_assert_str_eq(puppets.log, "");
    ck_assert(!ex_semaphore_try_acquire(&semaphore, 1));
    ck_assert_uint_eq(ex_semaphore_permits(&semaphore), 2);

    ex_semaphore_release(&semaphore, 1);
    puppets_run();
    ck_assert_str_eq(puppets.log, "0");
    ex_semaphore_release(&semaphore, 2);
    puppets_run();
    ck_assert_str_eq(puppets.log, "01");
    ex_semaphore_release(&semaphore, 3);
    puppets_run();

    ck_assert_str_eq(puppets.log, "0123");
    ck_assert_uint_eq(ex_semaphore_permits(&semaphore), 2);
    stop();
}
END_TEST

START_TEST(those_behind_a_big_wish_go_on_when_it_is_cancelled) {
    start(3, _i, 2);
    acquire(0, 3);
    acquire(1, 1);
    acquire(2, 1);
    puppets_run();

    puppet_abort(0);
    puppets_run();

    ck_assert_str_eq(puppets.log, "012");
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ck_assert_int_eq(puppet_result(1), 0);
    ck_assert_uint_eq(ex_semaphore_permits(&semaphore), 0);
    stop();
}
END_TEST

START_TEST(permits_given_to_one_that_is_cancelled_stay_its_own) {
    start(1, _i, 0);
    acquire(0, 2);
    puppets_run();

    ex_semaphore_release(&semaphore, 2);
    puppet_abort(0);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_uint_eq(ex_semaphore_permits(&semaphore), 0);
    stop();
}
END_TEST

static bool try_acquire(uint32_t count) {
    return ex_semaphore_try_acquire(&semaphore, count);
}

static void release(uint32_t count) {
    ex_semaphore_release(&semaphore, count);
}

START_TEST(it_does_as_its_naive_twin) {
    const uint32_t wishes[] = {1, 2, 3, 7, 0};
    const struct twin_real real = {acquire, try_acquire, release, wishes};
    start(TWIN_PUPPETS, _i % 2, 7);

    twin_race(7, &real, (uint64_t)_i);

    puppets_stop();
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, TASKS = 4, ROUNDS = 1000, PERMITS = 3 };

static int inside, inside_max, entries; /* atomics */

static void enter(int count) {
    const int now = __atomic_add_fetch(&inside, count, __ATOMIC_RELAXED);
    ck_assert_int_le(now, PERMITS);
    if (now > __atomic_load_n(&inside_max, __ATOMIC_RELAXED)) {
        __atomic_store_n(&inside_max, now, __ATOMIC_RELAXED);
    }
    __atomic_add_fetch(&entries, 1, __ATOMIC_RELAXED);
}

static void leave(int count) {
    __atomic_sub_fetch(&inside, count, __ATOMIC_RELAXED);
    ex_semaphore_release(&semaphore, (uint32_t)count);
}

struct visitor {
    struct ex_frame frame;
    int left;
    int wish;
    struct ex_semaphore_acquire acquire;
};

EX_RESUME(visitor) {
    EX_BEGIN(visitor);
    while (self->left-- > 0) {
        EX_AWAIT(ex_semaphore_acquire(&self->acquire, &semaphore, (uint32_t)self->wish));
        ck_assert_int_eq(value, 0);
        enter(self->wish);
        EX_YIELD();
        leave(self->wish);
    }
    EX_END();
}

static struct ex_frame *make_visitor(void *frame, int number) {
    struct visitor *self = frame;
    self->left = ROUNDS;
    self->wish = 1 + number % PERMITS;
    return EX_FRAME(self, visitor);
}

static void *visit(void *number) {
    if (*(int *)number % 2 == 0) {
        puppets_crowd(*(int *)number, TASKS, sizeof(struct visitor), make_visitor);
        return NULL;
    }
    for (int i = 0; i < TASKS * ROUNDS; i++) {
        const int wish = 1 + i % PERMITS;
        ex_semaphore_acquire_blocking(&semaphore, (uint32_t)wish);
        enter(wish);
        leave(wish);
    }
    return NULL;
}

START_TEST(never_more_are_inside_than_there_are_permits) {
    ex_semaphore_init(&semaphore, EX_WAIT_SHARED, PERMITS);

    puppets_threads(THREADS, visit);

    ck_assert_int_eq(entries, THREADS * TASKS * ROUNDS);
    ck_assert_int_eq(inside_max, PERMITS);
    ck_assert_uint_eq(ex_semaphore_permits(&semaphore), PERMITS);
    ex_semaphore_deinit(&semaphore);
}
END_TEST

/* ---- wrong use ---- */

START_TEST(too_many_permits_panic) {
    ex_semaphore_init(&semaphore, (enum ex_wait_kind)_i, 1);
    ex_semaphore_release(&semaphore, EX_SEMAPHORE_PERMITS_MAX);
}
END_TEST

START_TEST(one_that_somebody_waits_for_is_not_destroyed) {
    start(1, _i, 0);
    acquire(0, 1);
    puppets_run();
    ex_semaphore_deinit(&semaphore);
}
END_TEST

SUITE(ex_semaphore) {
    SUITE_LOOP(small_wishes_wait_behind_a_big_one, 0, 2);
    SUITE_LOOP(those_behind_a_big_wish_go_on_when_it_is_cancelled, 0, 2);
    SUITE_LOOP(permits_given_to_one_that_is_cancelled_stay_its_own, 0, 2);
    SUITE_LOOP(it_does_as_its_naive_twin, 0, 20);
    SUITE_TEST(never_more_are_inside_than_there_are_permits);
    tcase_add_loop_test_raise_signal(tcase, too_many_permits_panic, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase,
                                     one_that_somebody_waits_for_is_not_destroyed,
                                     SIGABRT,
                                     0,
                                     2);
}
