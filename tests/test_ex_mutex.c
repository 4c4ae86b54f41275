#include "tests/permit_twin.h"

#include <ex/budget.h>
#include <ex/mutex.h>
#include <signal.h>

static struct ex_mutex mutex;

static struct ex_frame *lock(struct puppet *self) {
    return ex_mutex_lock((struct ex_mutex_lock *)(void *)self->leaf, &mutex);
}

/* Loop tests go through the kinds. */
static void start(int count, int kind) {
    puppets_start(count);
    ex_mutex_init(&mutex, (enum ex_wait_kind)kind);
}

static void stop(void) {
    puppets_stop();
    ex_mutex_deinit(&mutex);
}

START_TEST(it_passes_to_who_waited_longest) {
    start(4, _i);
    for (int id = 0; id < 4; id++) {
        puppet_do(id, lock);
    }
    puppets_run();
    ck_assert_str_eq(puppets.log, "0");

    ex_mutex_unlock(&mutex);
    puppets_run();
    ck_assert_str_eq(puppets.log, "01");
    puppet_do(0, lock);
    puppets_run();
    for (int i = 0; i < 3; i++) {
        ex_mutex_unlock(&mutex);
        puppets_run();
    }

    ck_assert_str_eq(puppets.log, "01230");
    ex_mutex_unlock(&mutex);
    stop();
}
END_TEST

START_TEST(who_comes_between_the_unlock_and_the_wake_does_not_get_it) {
    start(2, _i);
    ck_assert(ex_mutex_try_lock(&mutex));
    puppet_do(0, lock);
    puppets_run();

    ex_mutex_unlock(&mutex);
    ck_assert(!ex_mutex_try_lock(&mutex));
    puppet_do(1, lock);
    puppets_run();

    ck_assert_str_eq(puppets.log, "0");
    ex_mutex_unlock(&mutex);
    puppets_run();
    ex_mutex_unlock(&mutex);
    ck_assert(ex_mutex_try_lock(&mutex));
    ex_mutex_unlock(&mutex);
    stop();
}
END_TEST

START_TEST(one_that_is_cancelled_leaves_the_queue_wherever_it_stands) {
    for (int victim = 0; victim < 3; victim++) {
        start(3, _i);
        ck_assert(ex_mutex_try_lock(&mutex));
        for (int id = 0; id < 3; id++) {
            puppet_do(id, lock);
        }
        puppets_run();

        puppet_abort(victim);
        puppets_run();
        ck_assert_int_eq(puppet_result(victim), -ECANCELED);
        puppets_log_clear();
        for (int i = 0; i < 3; i++) {
            ex_mutex_unlock(&mutex);
            puppets_run();
        }

        const char *const left[] = {"12", "02", "01"};
        ck_assert_str_eq(puppets.log, left[victim]);
        stop();
    }
}
END_TEST

START_TEST(one_that_is_cancelled_when_it_was_given_the_lock_keeps_it) {
    start(1, _i);
    ck_assert(ex_mutex_try_lock(&mutex));
    puppet_do(0, lock);
    puppets_run();

    ex_mutex_unlock(&mutex);
    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    ex_mutex_unlock(&mutex);
    puppet_do(0, lock); /* the next await is told of the cancel */
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    puppet_do(0, lock);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 0);
    ex_mutex_unlock(&mutex);
    stop();
}
END_TEST

/* ---- twin ---- */

static void acquire(int id, uint32_t count) {
    ck_assert_uint_eq(count, 1);
    puppet_do(id, lock);
}

static bool try_acquire(uint32_t count) {
    (void)count;
    return ex_mutex_try_lock(&mutex);
}

static void release(uint32_t count) {
    (void)count;
    ex_mutex_unlock(&mutex);
}

START_TEST(it_does_as_its_naive_twin) {
    const uint32_t wishes[] = {1, 0};
    const struct twin_real real = {acquire, try_acquire, release, wishes};
    start(TWIN_PUPPETS, _i % 2);

    twin_race(1, &real, (uint64_t)_i);

    puppets_stop();
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, TASKS = 4, ROUNDS = 2000 };

static int64_t sum; /* plain: the mutex is what keeps it whole */

struct adder {
    struct ex_frame frame;
    int left;
    int64_t seen;
    struct ex_mutex_lock lock;
};

EX_RESUME(adder) {
    EX_BEGIN(adder);
    while (self->left-- > 0) {
        EX_AWAIT(ex_mutex_lock(&self->lock, &mutex));
        ck_assert_int_eq(value, 0);
        self->seen = sum;
        EX_YIELD(); /* held while others run */
        sum = self->seen + 1;
        ex_mutex_unlock(&mutex);
    }
    EX_END();
}

static struct ex_frame *make_adder(void *frame, int number) {
    struct adder *self = frame;
    (void)number;
    self->left = ROUNDS;
    return EX_FRAME(self, adder);
}

/* Half of the threads run tasks, the others block. */
static void *add(void *number) {
    if (*(int *)number % 2 == 0) {
        puppets_crowd(*(int *)number, TASKS, sizeof(struct adder), make_adder);
        return NULL;
    }
    for (int i = 0; i < TASKS * ROUNDS; i++) {
        ex_mutex_lock_blocking(&mutex);
        sum++;
        ex_mutex_unlock(&mutex);
    }
    return NULL;
}

START_TEST(tasks_and_threads_share_one) {
    ex_mutex_init(&mutex, EX_WAIT_SHARED);

    puppets_threads(THREADS, add);

    ck_assert_int_eq(sum, THREADS * TASKS * ROUNDS);
    ex_mutex_deinit(&mutex);
}
END_TEST

/* ---- budget ---- */

static int turns;

struct hog {
    struct ex_frame frame;
    int left;
    struct ex_mutex_lock lock;
};

EX_RESUME(hog) {
    EX_BEGIN(hog);
    while (self->left-- > 0) {
        EX_AWAIT(ex_mutex_lock(&self->lock, &mutex));
        ex_mutex_unlock(&mutex);
    }
    EX_END();
}

struct looper {
    struct ex_frame frame;
    int left;
};

EX_RESUME(looper) {
    EX_BEGIN(looper);
    while (self->left-- > 0) {
        EX_BUDGET();
    }
    EX_END();
}

struct onlooker {
    struct ex_frame frame;
};

EX_RESUME(onlooker) {
    EX_BEGIN(onlooker);
    (void)self;
    while (ex_scheduler_live_count(ex_scheduler_current()) > 1) {
        turns++;
        EX_YIELD();
    }
    EX_END();
}

static struct ex_frame *make_hog_or_onlooker(void *frame, int number) {
    struct hog *hog = frame;
    struct onlooker *onlooker = frame;
    if (number == 1) {
        return EX_FRAME(onlooker, onlooker);
    }
    hog->left = 1280;
    return EX_FRAME(hog, hog);
}

static struct ex_frame *make_looper_or_onlooker(void *frame, int number) {
    struct looper *looper = frame;
    struct onlooker *onlooker = frame;
    if (number == 1) {
        return EX_FRAME(onlooker, onlooker);
    }
    looper->left = 1280;
    return EX_FRAME(looper, looper);
}

START_TEST(one_that_never_waits_gives_way_and_is_not_lost) {
    ex_mutex_init(&mutex, EX_WAIT_LOCAL);

    puppets_crowd(1, 2, sizeof(struct hog), make_hog_or_onlooker);
    ck_assert_int_eq(turns, 9); /* 1280 / 128, the first one before the onlooker came */
    puppets_crowd(1, 2, sizeof(struct looper), make_looper_or_onlooker);
    ck_assert_int_eq(turns, 18);

    ex_mutex_deinit(&mutex);
}
END_TEST

/* ---- wrong use ---- */

START_TEST(a_second_unlock_panics) {
    ex_mutex_init(&mutex, (enum ex_wait_kind)_i);
    ck_assert(ex_mutex_try_lock(&mutex));
    ex_mutex_unlock(&mutex);
    ex_mutex_unlock(&mutex);
}
END_TEST

START_TEST(one_that_is_held_is_not_destroyed) {
    ex_mutex_init(&mutex, (enum ex_wait_kind)_i);
    ck_assert(ex_mutex_try_lock(&mutex));
    ex_mutex_deinit(&mutex);
}
END_TEST

static void *try_elsewhere(void *number) {
    (void)number;
    ex_mutex_try_lock(&mutex);
    return NULL;
}

START_TEST(a_local_one_of_another_thread_panics) {
    ex_mutex_init(&mutex, EX_WAIT_LOCAL);
    puppets_threads(1, try_elsewhere);
}
END_TEST

START_TEST(blocking_on_a_local_one_panics) {
    ex_mutex_init(&mutex, EX_WAIT_LOCAL);
    ex_mutex_lock_blocking(&mutex);
}
END_TEST

static struct ex_frame *block(struct puppet *self) {
    ex_mutex_lock_blocking(&mutex);
    return lock(self);
}

START_TEST(blocking_inside_a_task_panics) {
    start(1, EX_WAIT_SHARED);
    puppet_do(0, block);
    puppets_run();
}
END_TEST

SUITE(ex_mutex) {
    SUITE_LOOP(it_passes_to_who_waited_longest, 0, 2);
    SUITE_LOOP(who_comes_between_the_unlock_and_the_wake_does_not_get_it, 0, 2);
    SUITE_LOOP(one_that_is_cancelled_leaves_the_queue_wherever_it_stands, 0, 2);
    SUITE_LOOP(one_that_is_cancelled_when_it_was_given_the_lock_keeps_it, 0, 2);
    SUITE_LOOP(it_does_as_its_naive_twin, 0, 20);
    SUITE_TEST(tasks_and_threads_share_one);
    SUITE_TEST(one_that_never_waits_gives_way_and_is_not_lost);
    tcase_add_loop_test_raise_signal(tcase, a_second_unlock_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, one_that_is_held_is_not_destroyed, SIGABRT, 0, 2);
    tcase_add_test_raise_signal(tcase, a_local_one_of_another_thread_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, blocking_on_a_local_one_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, blocking_inside_a_task_panics, SIGABRT);
}
