/* Functions that block, and what stands on them: files, names of hosts. Nothing is timed. */
#include "tests/io_fixture.h"

#include "executor/crew.h"

#include <ex/file.h>
#include <ex/resolve.h>
#include <signal.h>
#include <stdio.h>

#ifdef __SANITIZE_THREAD__
enum { COUNTS_THREADS = false }; /* it has more of its own at some times than at others */
#else
enum { COUNTS_THREADS = true };
#endif

/* Threads of this process. */
static int thread_count(void) {
    int count = -2; /* . and .. */
    DIR *folder = opendir("/proc/self/task");

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static void expect_threads(int count) {
    if (COUNTS_THREADS) {
        ck_assert_int_eq(thread_count(), count);
    }
}

/* One that was joined may be listed for a moment still. */
static void await_one_thread(void) {
    do {
        usleep(100);
    } while (COUNTS_THREADS && thread_count() > 1);
}

static uint32_t load(const uint32_t *word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* ---- operations of puppets ---- */

#define LEAF(self, type) ((struct type *)(void *)(self)->leaf)

static uint32_t is_open; /* the gate that functions wait at */
static uint32_t begun_count;
static uint32_t at_once_count;
static uint32_t at_once_max;

static int64_t pass_gate(void *argument) {
    (void)argument;
    const uint32_t at_once = __atomic_add_fetch(&at_once_count, 1, __ATOMIC_ACQ_REL);
    uint32_t most = load(&at_once_max);
    while (most < at_once && !__atomic_compare_exchange_n(&at_once_max,
                                                          &most,
                                                          at_once,
                                                          false,
                                                          __ATOMIC_ACQ_REL,
                                                          __ATOMIC_RELAXED)) {
    }
    __atomic_fetch_add(&begun_count, 1, __ATOMIC_ACQ_REL);
    while (load(&is_open) == 0) {
        usleep(100);
    }
    __atomic_fetch_sub(&at_once_count, 1, __ATOMIC_ACQ_REL);
    return 7;
}

static struct ex_frame *call_gate(struct puppet *self) {
    return ex_blocking_call(LEAF(self, ex_blocking_call), pass_gate, NULL);
}

static struct ex_frame *call_gate_for_a_while(struct puppet *self) {
    struct {
        struct ex_deadline deadline;
        struct ex_blocking_call call;
    } *leaf = (void *)self->leaf;
    _Static_assert(sizeof *leaf <= sizeof self->leaf, "it has room");

    return ex_deadline(&leaf->deadline,
                       ex_blocking_call(&leaf->call, pass_gate, NULL),
                       ex_timer_now() + EX_TIMER_MS);
}

static pthread_t caller;

static int64_t look_around(void *argument) {
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    *(int *)argument = sigismember(&blocked, SIGTERM) && !pthread_equal(pthread_self(), caller) &&
                       ex_scheduler_current() == NULL;
    return -EXDEV;
}

static int has_looked;

static struct ex_frame *call_look(struct puppet *self) {
    return ex_blocking_call(LEAF(self, ex_blocking_call), look_around, &has_looked);
}

static void start(int count, uint32_t thread_count_max) {
    puppets_start(count);
    puppets.scheduler->pool.thread_count_max = thread_count_max;
    expect_threads(1);
    is_open = 0;
    begun_count = 0;
    at_once_count = 0;
    at_once_max = 0;
}

START_TEST(a_function_runs_elsewhere_and_its_result_comes_back) {
    start(1, 4);
    caller = pthread_self();

    puppet_do(0, call_look);

    ck_assert_int_eq(puppet_await(0), -EXDEV);
    ck_assert_int_eq(has_looked, 1);
    puppets_stop();
    await_one_thread();
}
END_TEST

START_TEST(no_more_threads_than_allowed_and_no_fewer_than_useful) {
    start(12, (uint32_t)_i);
    for (int id = 0; id < 12; id++) {
        puppet_do(id, call_gate);
    }
    puppets_run();
    while (load(&begun_count) < (uint32_t)_i) {
        usleep(100);
    }
    expect_threads(1 + _i);

    store(&is_open, 1);
    for (int id = 0; id < 12; id++) {
        ck_assert_int_eq(puppet_await(id), 7);
    }

    ck_assert_uint_eq(at_once_max, (uint32_t)_i);
    ck_assert_uint_eq(begun_count, 12);
    puppets_stop();
}
END_TEST

START_TEST(one_that_waits_for_a_thread_can_be_cancelled_and_never_runs) {
    start(4, 1);
    puppet_do(0, call_gate);
    puppets_run();
    for (int id = 1; id < 4; id++) {
        puppet_do(id, call_gate);
    }
    puppets_run();

    puppet_abort(2);
    puppets_run();
    ck_assert_int_eq(puppet_result(2), -ECANCELED);
    store(&is_open, 1);

    ck_assert_int_eq(puppet_await(0), 7);
    ck_assert_int_eq(puppet_await(1), 7);
    ck_assert_int_eq(puppet_await(3), 7);
    ck_assert_uint_eq(begun_count, 3);
    puppets_stop();
}
END_TEST

START_TEST(one_that_runs_is_waited_for_and_the_next_await_is_told) {
    start(1, 4);
    puppet_do(0, call_gate);
    puppets_run();
    while (load(&begun_count) == 0) {
        usleep(100);
    }

    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    store(&is_open, 1);
    ck_assert_int_eq(puppet_await(0), 7);
    puppet_do(0, call_gate);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ck_assert_uint_eq(begun_count, 1);
    puppets_stop();
}
END_TEST

START_TEST(a_deadline_passes_over_one_that_runs_and_stops_one_that_does_not) {
    start(2, 1);
    puppet_do(0, call_gate_for_a_while);
    puppets_run();
    while (load(&begun_count) == 0) {
        if (puppet_result(0) == -ETIMEDOUT) { /* the thread came too late */
            puppet_do(0, call_gate_for_a_while);
        }
        puppets_run();
        usleep(100);
    }
    puppet_do(1, call_gate_for_a_while);

    ck_assert_int_eq(puppet_await(1), -ETIMEDOUT);
    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    store(&is_open, 1);

    ck_assert_int_eq(puppet_await(0), 7);
    puppets_stop();
}
END_TEST

START_TEST(threads_that_idle_end_and_others_are_started) {
    start(2, 4);
    puppets.scheduler->pool.idle_ns = EX_TIMER_MS;
    store(&is_open, 1);

    for (int round = 0; round < 5; round++) {
        puppet_do(0, call_gate);
        puppet_do(1, call_gate);
        ck_assert_int_eq(puppet_await(0), 7);
        ck_assert_int_eq(puppet_await(1), 7);
        await_one_thread();
    }

    ck_assert_uint_eq(begun_count, 10);
    puppets_stop();
}
END_TEST

START_TEST(without_a_thread_a_call_fails_and_leaves_nothing_behind) {
    pthread_attr_t usual;
    pthread_attr_t vast; /* a stack that there is no room for */
    start(1, 4);
    store(&is_open, 1);
    pthread_getattr_default_np(&usual);
    pthread_getattr_default_np(&vast);
    pthread_attr_setstacksize(&vast, (size_t)1 << 46);

    puppet_do(0, call_gate);
    ck_assert_int_eq(pthread_setattr_default_np(&vast), 0);
    puppets_run();
    ck_assert_int_eq(pthread_setattr_default_np(&usual), 0);
    ck_assert_int_eq(puppet_result(0), -EAGAIN);
    puppet_do(0, call_gate);

    ck_assert_int_eq(puppet_await(0), 7);
    ck_assert_uint_eq(begun_count, 1);
    puppets_stop();
}
END_TEST

/* ---- any number of workers ---- */

struct sum {
    struct ex_frame frame;
    struct ex_blocking_call call;
    int64_t number;
    int64_t sum;
    int round;
};

static int64_t give_number(void *argument) {
    return ((struct sum *)argument)->number;
}

static int64_t total;
static uint32_t ended_count;

EX_RESUME(sum) {
    EX_BEGIN(sum);
    for (self->round = 0; self->round < 10; self->round++) {
        EX_AWAIT(ex_blocking_call(&self->call, give_number, self));
        self->sum += value;
    }
    __atomic_fetch_add(&total, self->sum, __ATOMIC_RELAXED);
    __atomic_fetch_add(&ended_count, 1, __ATOMIC_RELAXED);
    EX_END();
}

START_TEST(many_calls_from_any_number_of_workers) {
    const struct ex_scheduler_options options = {.worker_count = (uint32_t)_i,
                                                 .blocking_thread_count_max = 5};
    struct ex_scheduler *scheduler;
    await_one_thread();
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    total = 0;

    for (int64_t number = 1; number <= 100; number++) {
        struct sum *self = ex_task_new(scheduler, sizeof *self);
        *self = (struct sum){.number = number};
        ex_task_detach(ex_task_spawn(EX_FRAME(self, sum)));
    }
    run_to_end(scheduler);

    ck_assert_int_eq(total, 10 * 5050);
    ck_assert_uint_le(scheduler->pool.thread_count, 5);
    ex_scheduler_destroy(scheduler);
    await_one_thread();
}
END_TEST

START_TEST(destroy_waits_for_what_runs_and_drops_what_is_queued) {
    for (int round = 0; round < 30; round++) {
        const struct ex_scheduler_options options = {.worker_count = (uint32_t)_i,
                                                     .blocking_thread_count_max = 2};
        struct ex_scheduler *scheduler;
        ended_count = 0;
        await_one_thread();
        ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
        for (int i = 0; i < 50; i++) {
            struct sum *self = ex_task_new(scheduler, sizeof *self);
            *self = (struct sum){.number = i};
            ex_task_detach(ex_task_spawn(EX_FRAME(self, sum)));
        }
        if (_i == 0) {
            ex_scheduler_poll(scheduler);
        } else {
            usleep((useconds_t)round * 20);
        }

        ex_scheduler_destroy(scheduler);

        ck_assert_uint_eq(ended_count, 50);
    }
}
END_TEST

/* ---- files ---- */

static char path[64];
static char bytes[32];
static int file;

static struct ex_frame *open_it(struct puppet *self) {
    return ex_file_open(LEAF(self, ex_file_open), path, (int)self->argument, 0600);
}

static struct ex_frame *write_it(struct puppet *self) {
    return ex_file_write(LEAF(self, ex_file_write), file, "0123456789", 10, self->argument);
}

static struct ex_frame *read_it(struct puppet *self) {
    return ex_file_read(LEAF(self, ex_file_read), file, bytes, sizeof bytes, self->argument);
}

static struct ex_frame *sync_it(struct puppet *self) {
    return ex_file_sync(LEAF(self, ex_file_sync), file);
}

static int64_t do_and_await(puppet_operation *operation, int64_t argument) {
    puppet_do_with(0, operation, argument);
    return puppet_await(0);
}

START_TEST(files_are_written_and_read_where_one_says_or_where_they_stand) {
    start(1, 4);
    snprintf(path, sizeof path, "/tmp/test_ex_blocking.%d", (int)getpid());
    unlink(path);
    ck_assert_int_eq(do_and_await(open_it, O_RDWR), -ENOENT);
    file = (int)do_and_await(open_it, O_RDWR | O_CREAT | O_EXCL);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(fcntl(file, F_GETFD), FD_CLOEXEC);

    ck_assert_int_eq(do_and_await(write_it, EX_FILE_HERE), 10);
    ck_assert_int_eq(do_and_await(write_it, 5), 10);
    ck_assert_int_eq(do_and_await(sync_it, 0), 0);

    ck_assert_int_eq(do_and_await(read_it, 3), 12);
    ck_assert_mem_eq(bytes, "340123456789", 12);
    ck_assert_int_eq(do_and_await(read_it, EX_FILE_HERE), 5);
    ck_assert_mem_eq(bytes, "56789", 5);
    ck_assert_int_eq(do_and_await(read_it, EX_FILE_HERE), 0);
    ck_assert_int_eq(close(file), 0);
    ck_assert_int_eq(do_and_await(read_it, 0), -EBADF);
    ck_assert_int_eq(do_and_await(write_it, 0), -EBADF);
    ck_assert_int_eq(do_and_await(sync_it, 0), -EBADF);
    unlink(path);
    puppets_stop();
}
END_TEST

/* ---- names ---- */

static struct ex_address addresses[4];
static const char *name;

static struct ex_frame *resolve(struct puppet *self) {
    return ex_resolve_host(LEAF(self, ex_resolve_host),
                           name,
                           8080,
                           addresses,
                           (size_t)self->argument);
}

START_TEST(names_become_addresses_with_the_port) {
    char text[EX_ADDRESS_TEXT_SIZE];
    start(1, 4);

    name = "127.0.0.1";
    ck_assert_int_eq(do_and_await(resolve, 4), 1);
    ck_assert_str_eq(ex_address_print(&addresses[0], text), "127.0.0.1:8080");
    name = "::1";
    ck_assert_int_eq(do_and_await(resolve, 4), 1);
    ck_assert_str_eq(ex_address_print(&addresses[0], text), "[::1]:8080");
    addresses[0].size = 0;
    ck_assert_int_eq(do_and_await(resolve, 0), 1);
    ck_assert_uint_eq(addresses[0].size, 0);
    name = "no such host";
    ck_assert_int_lt(do_and_await(resolve, 4), 0);

    puppets_stop();
}
END_TEST

SUITE(blocking) {
    SUITE_TEST(a_function_runs_elsewhere_and_its_result_comes_back);
    SUITE_LOOP(no_more_threads_than_allowed_and_no_fewer_than_useful, 1, 5);
    SUITE_TEST(one_that_waits_for_a_thread_can_be_cancelled_and_never_runs);
    SUITE_TEST(one_that_runs_is_waited_for_and_the_next_await_is_told);
    SUITE_TEST(a_deadline_passes_over_one_that_runs_and_stops_one_that_does_not);
    SUITE_TEST(threads_that_idle_end_and_others_are_started);
    SUITE_TEST(without_a_thread_a_call_fails_and_leaves_nothing_behind);
    SUITE_LOOP(many_calls_from_any_number_of_workers, 0, 5);
    SUITE_LOOP(destroy_waits_for_what_runs_and_drops_what_is_queued, 0, 4);
    SUITE_TEST(files_are_written_and_read_where_one_says_or_where_they_stand);
    SUITE_TEST(names_become_addresses_with_the_port);
}
