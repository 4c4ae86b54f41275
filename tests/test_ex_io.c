/* Descriptors in general, by pipes, socket pairs and counters. Nothing is timed. */
#include "tests/io_fixture.h"

#include <ex/counter.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

static struct ex_io ends[2];
static char bytes[64];
static char *big;
#define BIG ((size_t)4 << 20) /* more than a pipe or a socket holds */

/* ---- operations of puppets ---- */

static struct ex_frame *read_some(struct puppet *self) {
    return ex_io_read((struct ex_io_read *)(void *)self->leaf, ends[0], bytes, sizeof bytes);
}

static struct ex_frame *read_all(struct puppet *self) {
    return ex_io_read_all((struct ex_io_read_all *)(void *)self->leaf, ends[0], bytes, 10);
}

static struct ex_frame *write_ping(struct puppet *self) {
    return ex_io_write((struct ex_io_write *)(void *)self->leaf, ends[1], "ping", 4);
}

static struct ex_frame *write_big(struct puppet *self) {
    return ex_io_write((struct ex_io_write *)(void *)self->leaf, ends[1], big, BIG);
}

static struct ex_frame *wait_readable(struct puppet *self) {
    return ex_io_wait_readable((struct ex_io_wait *)(void *)self->leaf, ends[0]);
}

static struct ex_frame *wait_writable(struct puppet *self) {
    return ex_io_wait_writable((struct ex_io_wait *)(void *)self->leaf, ends[1]);
}

static struct ex_frame *take_count(struct puppet *self) {
    return ex_counter_take((struct ex_counter_take *)(void *)self->leaf, ends[0]);
}

struct limited {
    struct ex_deadline deadline;
    struct ex_io_read read;
};
_Static_assert(sizeof(struct limited) <= sizeof((struct puppet *)0)->leaf, "it has room");

static struct ex_frame *read_for_a_while(struct puppet *self) {
    struct limited *leaf = (struct limited *)(void *)self->leaf;

    return ex_deadline(&leaf->deadline,
                       ex_io_read(&leaf->read, ends[0], bytes, sizeof bytes),
                       ex_timer_now() + (uint64_t)self->argument);
}

/* ---- */

/* Loop tests go through a pipe and a socket pair. */
static void start(int count, int kind) {
    int pair[2];

    signal(SIGPIPE, SIG_IGN);
    puppets_start(count);
    memset(bytes, 0, sizeof bytes);
    if (kind == 0) {
        ck_assert_int_eq(ex_io_pipe(ends, puppets.scheduler), 0);
    } else {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        ck_assert_int_eq(ex_io_open(&ends[0], puppets.scheduler, pair[0]), 0);
        ck_assert_int_eq(ex_io_open(&ends[1], puppets.scheduler, pair[1]), 0);
    }
}

static void stop(void) {
    puppets_stop();
    free(big);
    big = NULL;
}

START_TEST(a_read_waits_for_bytes_and_a_write_does_not) {
    start(2, _i);
    puppet_do(0, read_some);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);

    puppet_do(1, write_ping);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 4);
    ck_assert_int_eq(puppet_result(1), 4);
    ck_assert_str_eq(bytes, "ping");
    ck_assert_str_eq(puppets.log, "10");
    stop();
}
END_TEST

/* Resumes an operation by itself, as whoever awaits it would. */
struct caller {
    struct ex_frame frame;
    struct ex_io_read read;
};

EX_RESUME(caller) {
    EX_BEGIN(caller);
    struct ex_frame *child = ex_io_read(&self->read, ends[0], bytes, sizeof bytes);
    EX_RETURN(child->resume(child, strand, 0));
    EX_END();
}

START_TEST(an_operation_that_need_not_wait_is_a_plain_call) {
    start(1, _i);
    puppet_do(0, write_ping);
    puppets_run();
    struct caller *self = ex_task_new(puppets.scheduler, sizeof *self);
    struct ex_task *task = ex_task_spawn(EX_FRAME(self, caller));

    puppets_run();

    ck_assert_int_eq(ex_task_take(task), 4);
    stop();
}
END_TEST

START_TEST(the_end_is_0_and_a_write_to_nobody_is_epipe) {
    start(2, _i);
    puppet_do(0, read_some);
    puppets_run();
    ck_assert_int_eq(ex_io_close(ends[1]), 0);
    ck_assert_int_eq(puppet_await(0), 0);
    puppets_stop();

    start(2, _i);
    signal(SIGPIPE, _i == 0 ? SIG_IGN : SIG_DFL); /* sockets need no such thing */
    ck_assert_int_eq(ex_io_close(ends[0]), 0);
    puppet_do(0, write_ping);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -EPIPE);
    stop();
}
END_TEST

START_TEST(a_read_of_all_gathers_and_ends_short_at_the_end) {
    start(2, _i);
    puppet_do(0, read_all);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(puppet_result(0), EX_PENDING);
        puppet_do(1, write_ping);
        puppets_run();
    }
    ck_assert_int_eq(puppet_result(0), 10);
    ck_assert_str_eq(bytes, "pingpingpi");

    puppet_do(0, read_all);
    puppets_run();
    ex_io_close(ends[1]);

    ck_assert_int_eq(puppet_await(0), 2);
    ck_assert_mem_eq(bytes, "ng", 2);
    stop();
}
END_TEST

START_TEST(a_second_reader_panics) {
    start(2, _i);
    puppet_do(0, read_some);
    puppet_do(1, read_all);
    puppets_run();
}
END_TEST

START_TEST(a_second_writer_panics) {
    start(2, _i);
    big = calloc(1, BIG);
    puppet_do(0, write_big);
    puppet_do(1, write_ping);
    puppets_run();
}
END_TEST

START_TEST(a_close_ends_what_waits_and_the_handle_for_good) {
    start(3, _i);
    big = calloc(1, BIG);
    puppet_do(0, read_some);
    puppets_run();
    const int number = ex_io_descriptor(ends[0]);

    ck_assert_int_eq(ex_io_close(ends[0]), 0);
    ck_assert_int_eq(ex_io_close(ends[0]), -EBADF);
    ck_assert_int_eq(ex_io_descriptor(ends[0]), -EBADF);
    struct ex_io other; /* in its memory, under its number */
    ck_assert_int_eq(ex_counter_open(&other, puppets.scheduler, 3), 0);
    ck_assert_int_eq(ex_io_descriptor(other), number);
    puppets_run();
    puppet_do(1, read_some);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -EBADF);
    ck_assert_int_eq(puppet_result(1), -EBADF);
    ck_assert_int_eq(ex_counter_add(ends[0], 1), -EBADF);
    ends[0] = other;
    puppet_do(2, take_count);
    puppets_run();
    ck_assert_int_eq(puppet_result(2), 3);
    stop();
}
END_TEST

START_TEST(a_close_after_some_bytes_reports_the_bytes) {
    start(1, _i);
    big = calloc(1, BIG);
    puppet_do(0, write_big);
    puppets_run();

    ex_io_close(ends[1]);
    puppets_run();

    ck_assert_int_gt(puppet_result(0), 0);
    ck_assert_int_lt(puppet_result(0), (int64_t)BIG);
    stop();
}
END_TEST

START_TEST(a_cancel_ends_the_wait_and_drops_nothing) {
    start(2, _i);
    puppet_do(0, read_some);
    puppets_run();

    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    puppet_do(1, write_ping);
    puppet_do(0, read_some);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 4);
    stop();
}
END_TEST

START_TEST(a_cancel_before_the_first_await_prevents_it) {
    start(2, _i);
    puppet_do(1, write_ping);
    puppets_run();
    puppet_abort(0);
    puppet_do(0, read_some);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    stop();
}
END_TEST

START_TEST(a_cancel_after_some_bytes_reports_them_and_tells_the_next_await) {
    start(1, _i);
    big = calloc(1, BIG);
    puppet_do(0, write_big);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);

    puppet_abort(0);
    puppets_run();
    ck_assert_int_gt(puppet_result(0), 0);
    ck_assert_int_lt(puppet_result(0), (int64_t)BIG);
    puppet_do(0, read_some);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    stop();
}
END_TEST

START_TEST(a_deadline_ends_a_read_and_leaves_the_descriptor_as_it_was) {
    start(2, _i);
    puppet_do_with(0, read_for_a_while, EX_TIMER_MS);
    ck_assert_int_eq(puppet_await(0), -ETIMEDOUT);

    puppet_do_with(0, read_for_a_while, (int64_t)HOUR);
    puppet_do(1, write_ping);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 4);
    stop();
}
END_TEST

START_TEST(readiness_can_be_awaited_by_itself) {
    start(3, _i);
    big = calloc(1, BIG);
    puppet_do(0, wait_readable);
    puppet_do(1, wait_writable);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    ck_assert_int_eq(puppet_result(1), 0);

    ck_assert_int_eq(write(ex_io_descriptor(ends[1]), big, BIG) > 0, 1);
    puppet_do(1, wait_writable);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(puppet_result(1), EX_PENDING);
    while (read(ex_io_descriptor(ends[0]), big, BIG) > 0) {
    }

    ck_assert_int_eq(puppet_await(1), 0);
    stop();
}
END_TEST

/* ---- several buffers ---- */

enum { VECTOR_COUNT = 40 };
static struct iovec out[VECTOR_COUNT];
static struct iovec in[VECTOR_COUNT];

static struct ex_frame *write_vector(struct puppet *self) {
    return ex_io_writev((struct ex_io_writev *)(void *)self->leaf, ends[1], out, VECTOR_COUNT);
}

static struct ex_frame *read_vector(struct puppet *self) {
    return ex_io_readv((struct ex_io_readv *)(void *)self->leaf,
                       ends[0],
                       in,
                       (size_t)self->argument);
}

START_TEST(many_buffers_of_all_sizes_arrive_in_their_order) {
    static char sent[1 << 20];
    static char received[1 << 20];
    size_t size = 0;
    size_t received_size = 0;
    start(2, _i);
    for (size_t i = 0; i < VECTOR_COUNT; i++) { /* every third is empty */
        out[i] = (struct iovec){sent + size, i % 3 == 0 ? 0 : i * i * 23};
        size += out[i].iov_len;
    }
    for (size_t i = 0; i < size; i++) {
        sent[i] = (char)(i * 31 >> 3);
    }

    puppet_do(1, write_vector);
    while (received_size < size) {
        in[0] = (struct iovec){received + received_size, 100};
        in[1] = (struct iovec){received, 0};
        in[2] = (struct iovec){received + received_size + 100, 7000};
        puppet_do_with(0, read_vector, 3);
        ck_assert_int_gt(puppet_await(0), 0);
        received_size += (size_t)puppet_result(0);
    }

    ck_assert_int_eq(puppet_await(1), (int64_t)size);
    ck_assert_uint_eq(received_size, size);
    ck_assert_int_eq(memcmp(sent, received, size), 0);
    puppet_do_with(0, read_vector, 0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 0);
    stop();
}
END_TEST

/* ---- counters ---- */

static void *add_three(void *argument) {
    (void)argument;
    for (uint64_t i = 1; i <= 3; i++) {
        ck_assert_int_eq(write(ex_io_descriptor(ends[0]), &i, sizeof i), (ssize_t)sizeof i);
    }
    return NULL;
}

START_TEST(a_counter_gives_all_that_was_added) {
    puppets_start(1);
    ck_assert_int_eq(ex_counter_open(&ends[0], puppets.scheduler, 0), 0);
    puppet_do(0, take_count);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);

    ck_assert_int_eq(ex_counter_add(ends[0], 2), 0);
    ck_assert_int_eq(ex_counter_add(ends[0], UINT64_MAX - 1), -EAGAIN);
    add_three(NULL);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), 8);
    ck_assert_int_eq(ex_counter_add(ends[0], UINT64_MAX - 1), 0);
    puppet_do(0, take_count);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), INT64_MAX);
    puppets_stop();
}
END_TEST

/* ---- opening and closing ---- */

START_TEST(what_is_never_waited_for_costs_no_descriptor) {
    const int before = descriptor_count();
    struct ex_scheduler *scheduler = start_workers(_i);

    run_to_end(scheduler);

    ck_assert_int_eq(descriptor_count(), before);
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(destroy_closes_what_is_open_still) {
    const int before = descriptor_count();
    struct ex_scheduler *scheduler = start_workers(_i);
    struct ex_io io[2];
    for (int i = 0; i < 300; i++) {
        ck_assert_int_eq(ex_io_pipe(io, scheduler), 0);
        if (i % 2 == 0) {
            ck_assert_int_eq(ex_io_close(io[i % 4 == 0]), 0);
        }
    }

    ck_assert_int_eq(descriptor_count(), before + 2 + 600 - 150);
    ex_scheduler_destroy(scheduler);

    ck_assert_int_eq(descriptor_count(), before);
}
END_TEST

START_TEST(what_cannot_be_waited_for_is_refused_and_remains_the_callers) {
    struct ex_scheduler *scheduler = start_workers(0);
    struct ex_io io;
    const int file = open("/proc/self/exe", O_RDONLY);
    const int event = dup(STDIN_FILENO);
    ck_assert_int_eq(ex_counter_open(&io, scheduler, 0), 0);

    ck_assert_int_eq(ex_io_open(&io, scheduler, file), -EPERM);
    ck_assert_int_eq(ex_io_open(&io, scheduler, ex_io_descriptor(io)), -EEXIST);
    ck_assert_int_eq(close(file), 0);
    ck_assert_int_eq(close(event), 0);
    ck_assert_int_eq(ex_io_open(&io, scheduler, file), -EBADF);
    ck_assert_int_eq(ex_io_close(EX_IO_NONE), -EBADF);

    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(without_a_number_left_an_opening_fails_and_leaks_nothing) {
    struct rlimit limit;
    while (dup(STDIN_FILENO) != descriptor_count() - 1) { /* the numbers have gaps */
    }
    const int before = descriptor_count();
    struct ex_scheduler *scheduler = start_workers(0);
    getrlimit(RLIMIT_NOFILE, &limit);

    for (rlim_t spare = 0; spare <= 5; spare++) { /* epoll, bell, and two ends */
        struct ex_io io[2];
        const struct rlimit tight = {(rlim_t)before + spare, limit.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
        const int status = ex_io_pipe(io, scheduler);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        ck_assert_int_eq(status, spare < 4 ? -EMFILE : 0);
        if (status == 0) {
            ex_io_close(io[0]);
            ex_io_close(io[1]);
        }
        ck_assert_int_le(descriptor_count(), before + 2);
    }

    ex_scheduler_destroy(scheduler);
    ck_assert_int_eq(descriptor_count(), before);
}
END_TEST

SUITE(io) {
    SUITE_LOOP(a_read_waits_for_bytes_and_a_write_does_not, 0, 2);
    SUITE_LOOP(an_operation_that_need_not_wait_is_a_plain_call, 0, 2);
    SUITE_LOOP(the_end_is_0_and_a_write_to_nobody_is_epipe, 0, 2);
    SUITE_LOOP(a_read_of_all_gathers_and_ends_short_at_the_end, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, a_second_reader_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, a_second_writer_panics, SIGABRT, 0, 2);
    SUITE_LOOP(a_close_ends_what_waits_and_the_handle_for_good, 0, 2);
    SUITE_LOOP(a_close_after_some_bytes_reports_the_bytes, 0, 2);
    SUITE_LOOP(a_cancel_ends_the_wait_and_drops_nothing, 0, 2);
    SUITE_LOOP(a_cancel_before_the_first_await_prevents_it, 0, 2);
    SUITE_LOOP(a_cancel_after_some_bytes_reports_them_and_tells_the_next_await, 0, 2);
    SUITE_LOOP(a_deadline_ends_a_read_and_leaves_the_descriptor_as_it_was, 0, 2);
    SUITE_LOOP(readiness_can_be_awaited_by_itself, 0, 2);
    SUITE_LOOP(many_buffers_of_all_sizes_arrive_in_their_order, 0, 2);
    SUITE_TEST(a_counter_gives_all_that_was_added);
    SUITE_LOOP(what_is_never_waited_for_costs_no_descriptor, 0, 3);
    SUITE_LOOP(destroy_closes_what_is_open_still, 0, 3);
    SUITE_TEST(what_cannot_be_waited_for_is_refused_and_remains_the_callers);
    SUITE_TEST(without_a_number_left_an_opening_fails_and_leaks_nothing);
}
