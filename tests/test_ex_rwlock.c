#include "tests/permit_twin.h"

#include <ex/rwlock.h>
#include <signal.h>

static struct ex_rwlock rwlock;

static struct ex_frame *read_it(struct puppet *self) {
    return ex_rwlock_read((struct ex_rwlock_read *)(void *)self->leaf, &rwlock);
}

static struct ex_frame *write_it(struct puppet *self) {
    return ex_rwlock_write((struct ex_rwlock_write *)(void *)self->leaf, &rwlock);
}

static void start(int count, int kind) {
    puppets_start(count);
    ex_rwlock_init(&rwlock, (enum ex_wait_kind)kind);
}

START_TEST(readers_share_writers_do_not_and_none_is_passed) {
    start(6, _i);
    puppet_do(0, read_it);
    puppet_do(1, read_it);
    puppet_do(2, write_it);
    puppet_do(3, read_it);
    puppet_do(4, read_it);
    puppet_do(5, write_it);
    puppets_run();
    ck_assert_str_eq(puppets.log, "01");
    ck_assert(!ex_rwlock_try_read(&rwlock));

    ex_rwlock_read_unlock(&rwlock);
    puppets_run();
    ck_assert_str_eq(puppets.log, "01");
    ex_rwlock_read_unlock(&rwlock);
    puppets_run();
    ck_assert_str_eq(puppets.log, "012");
    ex_rwlock_write_unlock(&rwlock);
    puppets_run();
    ck_assert_str_eq(puppets.log, "01234");
    ex_rwlock_read_unlock(&rwlock);
    ex_rwlock_read_unlock(&rwlock);
    puppets_run();

    ck_assert_str_eq(puppets.log, "012345");
    ex_rwlock_write_unlock(&rwlock);
    puppets_stop();
    ex_rwlock_deinit(&rwlock);
}
END_TEST

START_TEST(readers_go_on_when_the_writer_before_them_is_cancelled) {
    start(3, _i);
    ck_assert(ex_rwlock_try_read(&rwlock));
    puppet_do(0, write_it);
    puppet_do(1, read_it);
    puppet_do(2, read_it);
    puppets_run();

    puppet_abort(0);
    puppets_run();

    ck_assert_str_eq(puppets.log, "012");
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ck_assert_int_eq(puppet_result(2), 0);
    puppets_stop();
}
END_TEST

START_TEST(a_downgrade_lets_readers_in_and_no_writer) {
    start(3, _i);
    ck_assert(ex_rwlock_try_write(&rwlock));
    puppet_do(0, read_it);
    puppet_do(1, write_it);
    puppet_do(2, read_it);
    puppets_run();

    ex_rwlock_downgrade(&rwlock);
    puppets_run();
    ck_assert_str_eq(puppets.log, "0");
    ex_rwlock_read_unlock(&rwlock);
    ex_rwlock_read_unlock(&rwlock);
    puppets_run();

    ck_assert_str_eq(puppets.log, "01");
    ex_rwlock_write_unlock(&rwlock);
    puppets_stop();
}
END_TEST

/* ---- twin: a writer wants all permits ---- */

enum { ALL = 15 };

static void acquire(int id, uint32_t count) {
    puppet_do(id, count == ALL ? write_it : read_it);
}

static bool try_acquire(uint32_t count) {
    return count == ALL ? ex_rwlock_try_write(&rwlock) : ex_rwlock_try_read(&rwlock);
}

static void release(uint32_t count) {
    if (count == ALL) {
        ex_rwlock_write_unlock(&rwlock);
    } else {
        ex_rwlock_read_unlock(&rwlock);
    }
}

START_TEST(it_does_as_its_naive_twin) {
    const uint32_t wishes[] = {1, ALL, 0};
    const struct twin_real real = {acquire, try_acquire, release, wishes};
    start(TWIN_PUPPETS, _i % 2);

    twin_race(ALL, &real, (uint64_t)_i);

    puppets_stop();
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, TASKS = 4, ROUNDS = 1000 };

static int64_t first, second; /* plain, equal outside of a writer */

static void change(void) {
    first++;
    second++;
}

struct user {
    struct ex_frame frame;
    int left;
    bool is_writer;
    int64_t seen;
    union {
        struct ex_rwlock_read read;
        struct ex_rwlock_write write;
    } lock;
};

EX_RESUME(user) {
    EX_BEGIN(user);
    while (self->left-- > 0) {
        if (self->is_writer) {
            EX_AWAIT(ex_rwlock_write(&self->lock.write, &rwlock));
            first++;
            EX_YIELD();
            second++;
            ex_rwlock_write_unlock(&rwlock);
        } else {
            EX_AWAIT(ex_rwlock_read(&self->lock.read, &rwlock));
            self->seen = first;
            EX_YIELD();
            ck_assert_int_eq(second, self->seen);
            ex_rwlock_read_unlock(&rwlock);
        }
    }
    EX_END();
}

static struct ex_frame *make_user(void *frame, int number) {
    struct user *self = frame;
    self->left = ROUNDS;
    self->is_writer = number % 2 == 0;
    return EX_FRAME(self, user);
}

static void *use(void *number) {
    if (*(int *)number % 2 == 0) {
        puppets_crowd(*(int *)number, TASKS, sizeof(struct user), make_user);
        return NULL;
    }
    for (int i = 0; i < ROUNDS; i++) {
        ex_rwlock_write_blocking(&rwlock);
        change();
        ex_rwlock_write_unlock(&rwlock);
        ex_rwlock_read_blocking(&rwlock);
        ck_assert_int_eq(first, second);
        ex_rwlock_read_unlock(&rwlock);
    }
    return NULL;
}

START_TEST(a_reader_never_sees_half_of_a_write) {
    ex_rwlock_init(&rwlock, EX_WAIT_SHARED);

    puppets_threads(THREADS, use);

    ck_assert_int_eq(first, THREADS / 2 * (TASKS / 2 + 1) * ROUNDS);
    ex_rwlock_deinit(&rwlock);
}
END_TEST

/* ---- wrong use ---- */

START_TEST(a_reader_that_unlocks_as_a_writer_panics) {
    ex_rwlock_init(&rwlock, (enum ex_wait_kind)_i);
    ck_assert(ex_rwlock_try_read(&rwlock));
    ex_rwlock_write_unlock(&rwlock);
}
END_TEST

START_TEST(a_writer_that_unlocks_as_a_reader_panics) {
    ex_rwlock_init(&rwlock, (enum ex_wait_kind)_i);
    ck_assert(ex_rwlock_try_write(&rwlock));
    ex_rwlock_read_unlock(&rwlock);
}
END_TEST

START_TEST(a_reader_that_downgrades_panics) {
    ex_rwlock_init(&rwlock, (enum ex_wait_kind)_i);
    ck_assert(ex_rwlock_try_read(&rwlock));
    ex_rwlock_downgrade(&rwlock);
}
END_TEST

START_TEST(one_that_is_held_is_not_destroyed) {
    ex_rwlock_init(&rwlock, (enum ex_wait_kind)_i);
    ck_assert(ex_rwlock_try_read(&rwlock));
    ex_rwlock_deinit(&rwlock);
}
END_TEST

SUITE(ex_rwlock) {
    SUITE_LOOP(readers_share_writers_do_not_and_none_is_passed, 0, 2);
    SUITE_LOOP(readers_go_on_when_the_writer_before_them_is_cancelled, 0, 2);
    SUITE_LOOP(a_downgrade_lets_readers_in_and_no_writer, 0, 2);
    SUITE_LOOP(it_does_as_its_naive_twin, 0, 20);
    SUITE_TEST(a_reader_never_sees_half_of_a_write);
    tcase_add_loop_test_raise_signal(tcase,
                                     a_reader_that_unlocks_as_a_writer_panics,
                                     SIGABRT,
                                     0,
                                     2);
    tcase_add_loop_test_raise_signal(tcase,
                                     a_writer_that_unlocks_as_a_reader_panics,
                                     SIGABRT,
                                     0,
                                     2);
    tcase_add_loop_test_raise_signal(tcase, a_reader_that_downgrades_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, one_that_is_held_is_not_destroyed, SIGABRT, 0, 2);
}
