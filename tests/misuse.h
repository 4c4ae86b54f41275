/* Wrong use, tried in a process of its own, and what the library says to it.
 *
 *   {"a task that waits for itself", wait_for_itself, "ex_task_join: a task waits for itself"}
 *   misuse_try(&rows[_i]);            // the function panics, in these words
 *
 *   misuse_spawn(begin);              // a task that awaits what begin() gives; NULL: nothing
 *
 * What hangs, is silent, or dies of anything but the panic is told with the row's name.
 */
#ifndef TESTS_MISUSE_H
#define TESTS_MISUSE_H

#include "tests/suite.h"

#include <errno.h>
#include <ex/blocking.h>
#include <ex/channel.h>
#include <ex/fiber.h>
#include <ex/io.h>
#include <ex/join.h>
#include <ex/mutex.h>
#include <ex/scheduler.h>
#include <ex/scope.h>
#include <ex/select.h>
#include <ex/timer.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MISUSE_TIME_MAX_S = 60 };

struct misuse_row {
    const char *name;
    void (*act)(void);
    const char *sentence; /* what it panics with begins so */
};

static struct ex_scheduler *scheduler;

struct misuse {
    struct ex_frame frame;
    struct ex_frame *(*begin)(struct misuse *self, struct ex_strand *strand);
    struct ex_frame *child;
    void *argument;
    struct ex_branch branches[2];
    struct ex_scope scope;
    union {
        struct ex_task_join join;
        struct ex_sleep sleep;
        struct ex_channel_recv recv;
        struct ex_channel_send send;
        struct ex_io_read read;
        struct ex_blocking_call call;
        struct ex_fiber fiber;
        struct ex_mutex_lock lock;
    } as;
    struct ex_join all;
    struct ex_select select;
    struct ex_deadline deadline;
};

EX_RESUME(misuse) {
    EX_BEGIN(misuse);
    self->child = self->begin(self, strand);
    if (self->child != NULL) {
        EX_AWAIT(self->child);
        EX_RETURN(value);
    }
    EX_END();
}

static inline struct ex_task *
misuse_spawn(struct ex_frame *(*begin)(struct misuse *, struct ex_strand *), void *argument) {
    struct misuse *self = ex_task_new(scheduler, sizeof *self);

    ck_assert_ptr_nonnull(self);
    self->begin = begin;
    self->argument = argument;
    return ex_task_spawn(EX_FRAME(self, misuse));
}

/* The same, run until it has returned or waits. */
static inline struct ex_task *
misuse_poll(struct ex_frame *(*begin)(struct misuse *, struct ex_strand *), void *argument) {
    struct ex_task *const task = misuse_spawn(begin, argument);

    ex_scheduler_poll(scheduler);
    return task;
}

/* For a task's whole life: it waits, and nobody wakes it. */
static inline struct ex_frame *misuse_sleep(struct misuse *self, struct ex_strand *strand) {
    (void)strand;
    return ex_sleep_until(&self->as.sleep, EX_TIMER_NEVER);
}

static inline struct ex_frame *misuse_nothing(struct misuse *self, struct ex_strand *strand) {
    (void)self;
    (void)strand;
    return NULL;
}

static inline void *misuse_call(void *act) {
    void (*const function)(void) = *(void (**)(void))act;

    function();
    return NULL;
}

/* On a thread of its own, to its end. */
static inline void misuse_elsewhere(void (*act)(void)) {
    pthread_t thread;

    if (pthread_create(&thread, NULL, misuse_call, (void *)&act) == 0) {
        pthread_join(thread, NULL);
    }
}

static inline void misuse_child(const struct misuse_row *row, int told) {
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL);
    alarm(MISUSE_TIME_MAX_S);
    dup2(told, STDERR_FILENO);
    if (ex_scheduler_create(&scheduler, NULL) == 0) {
        row->act();
    }
    _exit(EXIT_SUCCESS);
}

static inline void misuse_try(const struct misuse_row *row) {
    char told[4096] = "";
    size_t size = 0;
    ssize_t more;
    int ends[2], status;

    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        misuse_child(row, ends[1]);
    }
    close(ends[1]);
    while ((more = read(ends[0], told + size, sizeof told - 1 - size)) > 0) {
        size += (size_t)more;
    }
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
                  "%s: status %#x, and it said: %s",
                  row->name,
                  (unsigned)status,
                  told);
    ck_assert_msg(strstr(told, row->sentence) != NULL, "%s: it said: %s", row->name, told);
}

#endif
