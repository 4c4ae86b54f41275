#include "tests/suite.h"

#include <errno.h>
#include <ex/barrier.h>
#include <ex/channel.h>
#include <ex/join.h>
#include <ex/mutex.h>
#include <ex/notify.h>
#include <ex/recycler.h>
#include <ex/scheduler.h>
#include <ex/scope.h>
#include <ex/select.h>
#include <ex/semaphore.h>
#include <ex/stream.h>
#include <ex/waker.h>

#ifndef EX_SMALL
#error "this is a test of the build for small machines"
#endif

/* The library is built for a machine without malloc: all of its memory is this. */
static _Alignas(4096) unsigned char memory[64 * 4096];
static struct ex_scheduler *scheduler;

static int create(size_t memory_size) {
    return ex_scheduler_create(
        &scheduler,
        &(struct ex_scheduler_options){.memory = memory, .memory_size = memory_size});
}

static void start(void) {
    ck_assert_int_eq(create(sizeof memory), 0);
}

/* ---- tasks and joins ---- */

struct add {
    struct ex_frame frame;
    int64_t a, b;
};

EX_RESUME(add) {
    EX_BEGIN(add);
    EX_YIELD();
    EX_RETURN(self->a + self->b);
    EX_END();
}

static struct ex_frame *add(struct add *self, int64_t a, int64_t b) {
    self->a = a;
    self->b = b;
    return EX_FRAME(self, add);
}

static struct ex_task *spawn_add(int64_t a, int64_t b) {
    struct add *const self = ex_task_new(scheduler, sizeof *self);
    return self == NULL ? NULL : ex_task_spawn(add(self, a, b));
}

/* Sums up what `count` tasks return. */
struct sum {
    struct ex_frame frame;
    struct ex_task_join join;
    struct ex_task *tasks[8];
    int64_t total;
    int i;
};

EX_RESUME(sum) {
    EX_BEGIN(sum);
    for (self->i = 0; self->i < 8; self->i++) {
        self->tasks[self->i] = spawn_add(self->i, 1);
        ck_assert_ptr_nonnull(self->tasks[self->i]);
    }
    for (self->i = 0; self->i < 8; self->i++) {
        EX_AWAIT(ex_task_join(&self->join, self->tasks[self->i]));
        self->total += value;
    }
    EX_RETURN(self->total);
    EX_END();
}

START_TEST(tasks_spawn_tasks_and_join_them) {
    start();
    struct sum *const self = ex_task_new(scheduler, sizeof *self);
    self->total = 0;
    struct ex_task *const task = ex_task_spawn(EX_FRAME(self, sum));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 36);
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(memory_of_the_callers_ends_with_null_and_is_used_again) {
    start();
    int count = 0;

    while (spawn_add(count, 0) != NULL) {
        count++;
    }
    ck_assert_int_ge(count, 1000);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ex_scheduler_destroy(scheduler);

    start();
    for (int i = 0; i < 10 * count; i++) {
        struct ex_task *const task = spawn_add(i, 0);
        ck_assert_ptr_nonnull(task);
        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
        ck_assert_int_eq(ex_task_take(task), i);
    }
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(what_a_small_machine_does_not_have_is_refused) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, NULL), -ENOMEM);
    ck_assert_int_eq(create(256), -ENOMEM);
    ck_assert_int_eq(
        ex_scheduler_create(&scheduler, &(struct ex_scheduler_options){.worker_count = 2}),
        -EINVAL);
    ck_assert_int_eq(
        ex_scheduler_create(&scheduler,
                            &(struct ex_scheduler_options){.memory = memory,
                                                           .memory_size = sizeof memory,
                                                           .worker_count = 1}),
        -EINVAL);
    start();
    struct ex_scheduler *second;
    ck_assert_int_eq(
        ex_scheduler_create(&second,
                            &(struct ex_scheduler_options){.memory = memory + sizeof memory / 2,
                                                           .memory_size = sizeof memory / 2}),
        -EAGAIN);
    struct ex_recycler recycler = {.idle = NULL};
    ck_assert_ptr_null(ex_recycler_take(&recycler, 64));

    ex_scheduler_destroy(scheduler);
}
END_TEST

/* ---- waiting ---- */

struct sleepless {
    struct ex_frame frame;
    struct ex_waker *waker;
    const bool *is_done;
};

EX_RESUME(sleepless) {
    EX_BEGIN(sleepless);
    *self->waker = ex_waker_of(strand);
    while (!*self->is_done) {
        if (ex_strand_take_cancel(strand)) {
            EX_RETURN(-ECANCELED);
        }
        EX_SUSPEND();
    }
    EX_RETURN(7);
    EX_END();
}

START_TEST(the_main_loop_wakes_tasks_between_polls) {
    start();
    struct ex_waker waker;
    bool is_done = false;
    struct sleepless *const self = ex_task_new(scheduler, sizeof *self);
    self->waker = &waker;
    self->is_done = &is_done;
    struct ex_task *const task = ex_task_spawn(EX_FRAME(self, sleepless));
    ck_assert_uint_eq(ex_scheduler_poll(scheduler), 1);
    ck_assert_int_eq(ex_scheduler_run(scheduler), -EDEADLK);

    is_done = true;
    ck_assert_uint_eq(ex_scheduler_poll(scheduler), 1);
    ck_assert(ex_waker_wake(waker));
    ck_assert_uint_eq(ex_scheduler_poll(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 7);
    ck_assert(!ex_waker_wake(waker));
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(destroy_cancels_what_waits) {
    start();
    struct ex_waker waker;
    bool is_done = false;
    struct sleepless *const self = ex_task_new(scheduler, sizeof *self);
    self->waker = &waker;
    self->is_done = &is_done;
    ex_task_spawn_detached(EX_FRAME(self, sleepless));
    ex_scheduler_poll(scheduler);
    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 1);

    ex_scheduler_destroy(scheduler);
    start();

    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 0);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* Three that take turns at a mutex and a semaphore, meet at a barrier, and send what they saw. */
static struct ex_mutex mutex;
static struct ex_semaphore semaphore;
static struct ex_barrier barrier;
static struct ex_notify notify;
static struct ex_channel channel;
static int ring[2];
static int holding, permitted;

struct worker {
    struct ex_frame frame;
    union {
        struct ex_mutex_lock lock;
        struct ex_semaphore_acquire acquire;
        struct ex_barrier_wait wait;
        struct ex_channel_send send;
    };
    int number;
};

EX_RESUME(worker) {
    EX_BEGIN(worker);
    EX_AWAIT(ex_mutex_lock(&self->lock, &mutex));
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(holding++, 0);
    EX_YIELD();
    ck_assert_int_eq(--holding, 0);
    ex_mutex_unlock(&mutex);
    EX_AWAIT(ex_semaphore_acquire(&self->acquire, &semaphore, 2));
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(permitted++, 0);
    EX_YIELD();
    permitted--;
    ex_semaphore_release(&semaphore, 2);
    EX_AWAIT(ex_barrier_wait(&self->wait, &barrier));
    self->number = value == EX_BARRIER_LEADER ? 100 : self->number;
    EX_AWAIT(ex_channel_send(&self->send, &channel, &self->number));
    ck_assert_int_eq(value, 0);
    ex_channel_sender_drop(&channel);
    EX_END();
}

struct receiver {
    struct ex_frame frame;
    struct ex_channel_recv recv;
    int number, total;
};

EX_RESUME(receiver) {
    EX_BEGIN(receiver);
    for (self->total = 0;; self->total += self->number) {
        EX_AWAIT(ex_channel_recv(&self->recv, &channel, &self->number));
        if (value < 0) {
            EX_RETURN(value == -EPIPE ? self->total : value);
        }
    }
    EX_END();
}

START_TEST(locks_barriers_and_channels_work) {
    start();
    ex_mutex_init(&mutex, EX_WAIT_LOCAL);
    ex_semaphore_init(&semaphore, EX_WAIT_LOCAL, 3);
    ex_barrier_init(&barrier, EX_WAIT_LOCAL, 3);
    ex_channel_init_mem(&channel, EX_WAIT_LOCAL, sizeof(int), ring, sizeof ring);
    for (int i = 1; i <= 3; i++) {
        struct worker *const self = ex_task_new(scheduler, sizeof *self);
        self->number = i;
        if (i > 1) {
            ex_channel_sender_add(&channel);
        }
        ex_task_spawn_detached(EX_FRAME(self, worker));
    }
    struct receiver *const self = ex_task_new(scheduler, sizeof *self);
    struct ex_task *const task = ex_task_spawn(EX_FRAME(self, receiver));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 103); /* the third came last, and led */
    ex_channel_deinit(&channel);
    ex_barrier_deinit(&barrier);
    ex_semaphore_deinit(&semaphore);
    ex_mutex_deinit(&mutex);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* ---- several at one time ---- */

struct numbers {
    struct ex_frame frame;
    struct ex_generator generator;
    int64_t i;
};

EX_RESUME(numbers) {
    EX_BEGIN(numbers);
    for (self->i = 1; self->i <= 4; self->i++) {
        EX_YIELD_ITEM(self->i);
        if (value < 0) {
            EX_RETURN(value);
        }
        EX_YIELD();
    }
    EX_END();
}

struct all {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct ex_join join;
    struct ex_select select;
    struct ex_scope scope;
    struct ex_stream stream;
    struct ex_notify_wait wait;
    struct numbers numbers;
    struct add adds[2];
    int64_t total;
};

EX_RESUME(all) {
    EX_BEGIN(all);
    ex_branch_init(&self->branches[0], add(&self->adds[0], 1, 2));
    ex_branch_init(&self->branches[1], add(&self->adds[1], 3, 4));
    EX_AWAIT(ex_join_all(&self->join, self->branches, 2));
    self->total = self->branches[0].result + self->branches[1].result;
    ex_branch_init(&self->branches[0], ex_notify_wait(&self->wait, &notify));
    ex_branch_init(&self->branches[1], add(&self->adds[1], 5, 6));
    EX_AWAIT(ex_select(&self->select, self->branches, 2));
    ck_assert_int_eq(value, 1);
    ck_assert_int_eq(self->branches[0].result, -ECANCELED);
    ex_scope_open(&self->scope, strand, 0);
    for (int i = 0; i < 3; i++) {
        struct add *const child = ex_scope_new(&self->scope, sizeof *child);
        ck_assert_ptr_nonnull(child);
        ex_scope_spawn(&self->scope, add(child, i, i));
    }
    EX_AWAIT(ex_scope_leave(&self->scope));
    ex_stream_open(&self->stream, EX_FRAME(&self->numbers, numbers));
    for (;;) {
        EX_AWAIT(ex_stream_next(&self->stream));
        if (value <= 0) {
            break;
        }
        self->total += self->stream.item;
    }
    EX_RETURN(self->total);
    EX_END();
}

START_TEST(joins_selects_scopes_and_streams_work) {
    start();
    ex_notify_init(&notify, EX_WAIT_LOCAL);
    struct all *const self = ex_task_new(scheduler, sizeof *self);
    struct ex_task *const task = ex_task_spawn(EX_FRAME(self, all));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 10 + 10);
    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 0);
    ex_notify_deinit(&notify);
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(a_recycler_has_what_was_lent_to_it) {
    static _Alignas(16) unsigned char lent[256];
    struct ex_recycler recycler = {.idle = NULL};
    ck_assert_int_eq(ex_recycler_lend(&recycler, lent, sizeof lent), 0);

    void *const first = ex_recycler_take(&recycler, 100);
    void *const second = ex_recycler_take(&recycler, 100);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(second);
    ex_recycler_give((struct ex_recycler_block *)first - 1);

    ck_assert_ptr_eq(ex_recycler_take(&recycler, 100), first);
}
END_TEST

SUITE(ex_small) {
    SUITE_TEST(tasks_spawn_tasks_and_join_them);
    SUITE_TEST(memory_of_the_callers_ends_with_null_and_is_used_again);
    SUITE_TEST(what_a_small_machine_does_not_have_is_refused);
    SUITE_TEST(the_main_loop_wakes_tasks_between_polls);
    SUITE_TEST(destroy_cancels_what_waits);
    SUITE_TEST(locks_barriers_and_channels_work);
    SUITE_TEST(joins_selects_scopes_and_streams_work);
    SUITE_TEST(a_recycler_has_what_was_lent_to_it);
}
