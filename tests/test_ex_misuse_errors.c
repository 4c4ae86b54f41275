#include "tests/suite.h"

#include <errno.h>
#include <ex/broadcast.h>
#include <ex/channel.h>
#include <ex/counter.h>
#include <ex/fiber.h>
#include <ex/file.h>
#include <ex/io.h>
#include <ex/oneshot.h>
#include <ex/recycler.h>
#include <ex/scheduler.h>
#include <ex/scope.h>
#include <ex/socket.h>
#include <ex/timer.h>
#include <ex/waker.h>
#include <ex/watch.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

static struct ex_scheduler *scheduler;

static void start(void) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, NULL), 0);
}

static void stop(void) {
    ex_scheduler_destroy(scheduler);
}

/* What a fiber of its own makes of it. */
static int64_t run(ex_fiber_function *function, void *argument) {
    struct ex_task *const task = ex_fiber_spawn(scheduler, function, argument);

    ck_assert_ptr_nonnull(task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    return ex_task_take(task);
}

/* ---- schedulers ---- */

static int create(const struct ex_scheduler_options *options) {
    struct ex_scheduler *created;
    const int status = ex_scheduler_create(&created, options);

    if (status == 0) {
        ex_scheduler_destroy(created);
    }
    return status;
}

START_TEST(options_that_cannot_be_are_refused) {
    static _Alignas(64) char memory[64];
    const struct ex_scheduler_options nowhere = {.memory_size = 4096};
    const struct ex_scheduler_options sizeless = {.memory = memory};
    const struct ex_scheduler_options threaded = {.memory = memory,
                                                  .memory_size = sizeof memory,
                                                  .worker_count = 1};
    const struct ex_scheduler_options small = {.memory = memory, .memory_size = sizeof memory};
    const struct ex_scheduler_options deep = {.fiber_stack_size = SIZE_MAX};
    const struct ex_scheduler_options crowded = {.worker_count = 10000};
    const struct ex_scheduler_options most = {.worker_count = UINT32_MAX};

    ck_assert_int_eq(create(&nowhere), -EINVAL);
    ck_assert_int_eq(create(&sizeless), -EINVAL);
    ck_assert_int_eq(create(&threaded), -EINVAL);
    ck_assert_int_eq(create(&small), -ENOMEM);
    ck_assert_int_eq(create(&deep), -EINVAL);
    ck_assert_int_eq(create(&crowded), -EINVAL);
    ck_assert_int_eq(create(&most), -EINVAL);
}
END_TEST

static int64_t seven(void *argument) {
    (void)argument;
    return 7;
}

START_TEST(a_stack_of_a_byte_is_rounded_up) {
    const struct ex_scheduler_options options = {.fiber_stack_size = 1};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);

    ck_assert_int_eq(run(seven, NULL), 7);

    stop();
}
END_TEST

START_TEST(a_stop_while_nobody_runs_ends_the_next_run_and_no_other) {
    start();
    struct ex_task *const task = ex_fiber_spawn(scheduler, seven, NULL);
    ex_scheduler_stop(scheduler);

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ck_assert(!ex_task_is_done(task));
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 7);
    stop();
}
END_TEST

/* ---- tasks ---- */

START_TEST(an_abort_of_what_has_returned_does_nothing) {
    start();
    struct ex_task *const task = ex_fiber_spawn(scheduler, seven, NULL);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ex_task_abort(task);
    ex_task_abort(task);

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ck_assert_int_eq(ex_task_take(task), 7);
    stop();
}
END_TEST

static int64_t keep_waker(void *argument) {
    *(struct ex_waker *)argument = ex_waker_of(ex_fiber_strand());
    return 0;
}

START_TEST(a_wake_of_what_is_gone_says_so) {
    struct ex_waker waker;
    start();
    ck_assert_int_eq(run(keep_waker, &waker), 0);

    ck_assert(!ex_waker_wake(waker));
    ck_assert_int_eq(run(seven, NULL), 7);
    ck_assert(!ex_waker_wake(waker));

    stop();
}
END_TEST

static int64_t abort_oneself(void *argument) {
    struct ex_sleep sleep;
    ex_task_abort(ex_task_current());
    *(int64_t *)argument = ex_fiber_await(ex_sleep_until(&sleep, EX_TIMER_NEVER));
    return 0;
}

START_TEST(a_detached_task_may_abort_itself) {
    int64_t value = 0;
    start();
    ex_task_detach(ex_fiber_spawn(scheduler, abort_oneself, &value));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(value, -ECANCELED);
    stop();
}
END_TEST

struct leaver {
    struct ex_frame frame;
    struct ex_scope scope;
};

EX_RESUME(leaver) {
    EX_BEGIN(leaver);
    ex_scope_open(&self->scope, strand, 0);
    ck_assert_ptr_null(ex_scope_new(&self->scope, SIZE_MAX));
    EX_AWAIT(ex_scope_leave(&self->scope));
    ex_scope_cancel(&self->scope);
    EX_RETURN(ex_scope_error(&self->scope));
    EX_END();
}

START_TEST(a_scope_that_was_left_has_nobody_to_cancel_and_keeps_its_error) {
    start();
    ck_assert_ptr_null(ex_task_new(scheduler, SIZE_MAX));
    struct leaver *const self = ex_task_new(scheduler, sizeof *self);
    struct ex_task *const task = ex_task_spawn(EX_FRAME(self, leaver));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 0);
    stop();
}
END_TEST

/* ---- times ---- */

static int64_t sleep_until_the_past(void *argument) {
    struct ex_sleep sleep;
    (void)argument;
    return ex_fiber_await(ex_sleep_until(&sleep, 0));
}

static int64_t miss_a_deadline(void *argument) {
    struct ex_sleep sleep;
    struct ex_deadline deadline;
    (void)argument;
    return ex_fiber_await(ex_deadline(&deadline, ex_sleep_until(&sleep, EX_TIMER_NEVER), 0));
}

START_TEST(times_of_the_past_are_now) {
    start();

    ck_assert_int_eq(run(sleep_until_the_past, NULL), 0);
    ck_assert_int_eq(run(miss_a_deadline, NULL), -ETIMEDOUT);

    stop();
}
END_TEST

/* ---- sizes ---- */

START_TEST(what_no_memory_could_hold_is_not_made) {
    struct ex_recycler recycler = {.idle = NULL};
    _Alignas(16) char lent[64];

    ck_assert_ptr_null(ex_channel_create(EX_WAIT_LOCAL, 8, SIZE_MAX - 1));
    ck_assert_ptr_null(ex_channel_create(EX_WAIT_LOCAL, SIZE_MAX, EX_CHANNEL_UNBOUNDED));
    ck_assert_ptr_null(ex_channel_create(EX_WAIT_LOCAL, SIZE_MAX, 1));
    ck_assert_ptr_null(ex_broadcast_create(EX_WAIT_LOCAL, 8, SIZE_MAX));
    ck_assert_ptr_null(ex_oneshot_create(EX_WAIT_LOCAL, SIZE_MAX));
    ck_assert_ptr_null(ex_watch_create(EX_WAIT_LOCAL, SIZE_MAX, ""));
    ck_assert_ptr_null(ex_recycler_take(&recycler, SIZE_MAX));
    ck_assert_int_eq(ex_recycler_lend(&recycler, NULL, 64), -EINVAL);
    ck_assert_int_eq(ex_recycler_lend(&recycler, lent + 1, 63), -EINVAL);
    ck_assert_int_eq(ex_recycler_lend(&recycler, lent, 16), -EINVAL);
    ex_recycler_deinit(&recycler);
}
END_TEST

/* ---- descriptors ---- */

START_TEST(numbers_that_are_none_are_refused) {
    int ends[2];
    struct ex_io io = EX_IO_NONE;
    start();
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    close(ends[1]);

    ck_assert_int_eq(ex_io_open(&io, scheduler, -1), -EBADF);
    ck_assert_int_eq(ex_io_open(&io, scheduler, INT32_MIN), -EBADF);
    ck_assert_int_eq(ex_io_open(&io, scheduler, ends[1]), -EBADF);
    ck_assert_ptr_null(io.source);

    stop();
}
END_TEST

static int64_t read_nothing(void *argument) {
    struct ex_io_read self;
    char byte;
    (void)argument;
    return ex_fiber_await(ex_io_read(&self, EX_IO_NONE, &byte, 1));
}

START_TEST(a_handle_that_is_not_open_gives_ebadf) {
    struct ex_address address;
    start();

    ck_assert_int_eq(ex_io_close(EX_IO_NONE), -EBADF);
    ck_assert_int_eq(ex_io_descriptor(EX_IO_NONE), -EBADF);
    ck_assert_int_eq(ex_counter_add(EX_IO_NONE, 1), -EBADF);
    ck_assert_int_eq(ex_socket_shutdown(EX_IO_NONE, SHUT_RD), -EBADF);
    ck_assert_int_eq(ex_socket_address(EX_IO_NONE, &address), -EBADF);
    ck_assert_int_eq(run(read_nothing, NULL), -EBADF);

    stop();
}
END_TEST

static int64_t read_into_null(void *argument) {
    const struct ex_io *const ends = argument;
    struct ex_io_read self;
    return ex_fiber_await(ex_io_read(&self, ends[0], NULL, 1));
}

START_TEST(a_buffer_of_null_gives_efault) {
    struct ex_io ends[2];
    start();
    ck_assert_int_eq(ex_io_pipe(ends, scheduler), 0);
    ck_assert_int_eq(write(ex_io_descriptor(ends[1]), "x", 1), 1);

    ck_assert_int_eq(run(read_into_null, ends), -EFAULT);

    ck_assert_int_eq(ex_io_close(ends[0]), 0);
    ck_assert_int_eq(ex_io_close(ends[0]), -EBADF);
    stop();
}
END_TEST

START_TEST(a_counter_takes_all_but_the_biggest_number) {
    struct ex_io io;
    start();
    ck_assert_int_eq(ex_counter_open(&io, scheduler, 0), 0);

    ck_assert_int_eq(ex_counter_add(io, UINT64_MAX), -EINVAL);
    ck_assert_int_eq(ex_counter_add(io, UINT64_MAX - 1), 0);
    ck_assert_int_eq(ex_counter_add(io, 1), -EAGAIN);

    stop();
}
END_TEST

START_TEST(an_address_of_nothing_is_refused) {
    const struct ex_address none = {.size = 0};
    struct ex_io io;
    start();

    ck_assert_int_lt(ex_socket_listen(&io, scheduler, &none, 0), 0);
    ck_assert_int_lt(ex_socket_bind(&io, scheduler, &none), 0);

    stop();
}
END_TEST

static int64_t read_a_file_that_is_none(void *argument) {
    struct ex_file_read self;
    char byte;
    (void)argument;
    return ex_fiber_await(ex_file_read(&self, -1, &byte, 1, EX_FILE_HERE));
}

START_TEST(a_file_that_is_none_gives_the_systems_error) {
    start();

    ck_assert_int_eq(run(read_a_file_that_is_none, NULL), -EBADF);

    stop();
}
END_TEST

SUITE(ex_misuse_errors) {
    SUITE_TEST(options_that_cannot_be_are_refused);
    SUITE_TEST(a_stack_of_a_byte_is_rounded_up);
    SUITE_TEST(a_stop_while_nobody_runs_ends_the_next_run_and_no_other);
    SUITE_TEST(an_abort_of_what_has_returned_does_nothing);
    SUITE_TEST(a_wake_of_what_is_gone_says_so);
    SUITE_TEST(a_detached_task_may_abort_itself);
    SUITE_TEST(a_scope_that_was_left_has_nobody_to_cancel_and_keeps_its_error);
    SUITE_TEST(times_of_the_past_are_now);
    SUITE_TEST(what_no_memory_could_hold_is_not_made);
    SUITE_TEST(numbers_that_are_none_are_refused);
    SUITE_TEST(a_handle_that_is_not_open_gives_ebadf);
    SUITE_TEST(a_buffer_of_null_gives_efault);
    SUITE_TEST(a_counter_takes_all_but_the_biggest_number);
    SUITE_TEST(an_address_of_nothing_is_refused);
    SUITE_TEST(a_file_that_is_none_gives_the_systems_error);
}
