/* Memory of what has ended is used again: where there is little memory, many more tasks run than
 * fit in there, however they end. The linker wraps aligned_alloc, which gives it. */
#include <pthread.h>
#include <sched.h>

#include <ex/scheduler.h>

#include "tests/suite.h"

enum { TASK_SIZE = 2000, TASK_COUNT = 3000 }; /* three times of what fits */

static size_t left = (size_t)2 << 20; /* bytes that are given still */

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    if (__atomic_load_n(&left, __ATOMIC_RELAXED) < size) {
        return NULL;
    }
    __atomic_fetch_sub(&left, size, __ATOMIC_RELAXED);
    return __real_aligned_alloc(alignment, size);
}

static const struct ex_observer deaf;
static const struct ex_scheduler_options kinds[] = {
    {0},
    {.observer = &deaf},
    {.keeps_times = true},
    {.worker_count = 2},
    {.worker_count = 2, .observer = &deaf},
    {.worker_count = 2, .keeps_times = true},
};
#define KIND_COUNT ((int)(sizeof kinds / sizeof kinds[0]))

static struct ex_scheduler *scheduler;
static int ended_count;

static void start(int kind) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &kinds[kind]), 0);
}

static int ended(void) {
    return __atomic_load_n(&ended_count, __ATOMIC_ACQUIRE);
}

struct big {
    struct ex_frame frame;
    char filling[TASK_SIZE];
};

EX_RESUME(big) {
    EX_BEGIN(big);
    EX_YIELD();
    __atomic_fetch_add(&ended_count, 1, __ATOMIC_RELEASE);
    EX_RETURN(5);
    EX_END();
}

/* In the memory of the scheduler, or of the calling task's worker: NULL. */
static struct ex_frame *big(struct ex_scheduler *where) {
    struct big *const self = ex_task_new(where, sizeof *self);
    ck_assert_ptr_nonnull(self);
    return EX_FRAME(self, big);
}

struct parent {
    struct ex_frame frame;
    struct ex_task *task;
    struct ex_task_join join;
    int count;
};

/* One task after the other: detached from the start, while it is alive, when it has returned; or
 * joined. */
EX_RESUME(parent) {
    EX_BEGIN(parent);
    for (self->count = 0; self->count < TASK_COUNT; self->count++) {
        if (self->count % 4 == 0) {
            ex_task_spawn_detached(big(NULL));
        } else {
            self->task = ex_task_spawn(big(NULL));
        }
        if (self->count % 4 == 1) {
            ex_task_detach(self->task);
        }
        if (self->count % 4 == 2) {
            while (!ex_task_is_done(self->task)) {
                EX_YIELD();
            }
            ex_task_detach(self->task);
        }
        if (self->count % 4 == 3) {
            EX_AWAIT(ex_task_join(&self->join, self->task));
            ck_assert_int_eq(value, 5);
        }
        while (ended() <= self->count) {
            EX_YIELD();
        }
    }
    EX_END();
}

START_TEST(memory_of_tasks_that_a_task_spawned_is_used_again) {
    start(_i);
    struct parent *const self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn_detached(EX_FRAME(self, parent));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ended(), TASK_COUNT);
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(memory_of_tasks_that_a_thread_spawned_is_used_again) {
    start(_i);
    while (ended() < TASK_COUNT) {
        for (int i = 0; i < 50; i++) {
            ex_task_detach(ex_task_spawn(big(scheduler)));
            ex_task_spawn_detached(big(scheduler));
        }
        struct ex_task *const task = ex_task_spawn(big(scheduler));

        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

        ck_assert_int_eq(ex_task_take(task), 5);
    }
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* ---- what another thread has listed when it ends ---- */

static struct ex_task *wanted; /* to be aborted */
static bool is_over;

static void *abort_what_is_wanted(void *unused) {
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        struct ex_task *const task = __atomic_load_n(&wanted, __ATOMIC_ACQUIRE);
        if (task == NULL) {
            sched_yield();
            continue;
        }
        ex_task_abort(task);
        __atomic_store_n(&wanted, NULL, __ATOMIC_RELEASE);
    }
    return unused;
}

/* Is aborted while it runs, and returns. */
struct listed {
    struct ex_frame frame;
    char filling[TASK_SIZE];
};

EX_RESUME(listed) {
    EX_BEGIN(listed);
    __atomic_store_n(&wanted, ex_task_current(), __ATOMIC_RELEASE);
    while (__atomic_load_n(&wanted, __ATOMIC_ACQUIRE) != NULL) {
        sched_yield();
    }
    __atomic_fetch_add(&ended_count, 1, __ATOMIC_RELEASE);
    EX_END();
}

struct parent_of_listed {
    struct ex_frame frame;
    struct ex_task_join join;
    int count;
};

EX_RESUME(parent_of_listed) {
    EX_BEGIN(parent_of_listed);
    for (self->count = 0; self->count < TASK_COUNT; self->count++) {
        struct listed *const listed = ex_task_new(NULL, sizeof *listed);
        ck_assert_ptr_nonnull(listed);
        EX_AWAIT(ex_task_join(&self->join, ex_task_spawn(EX_FRAME(listed, listed))));
    }
    EX_END();
}

START_TEST(memory_of_what_was_aborted_as_it_ended_is_used_again) {
    pthread_t thread;
    start(_i);
    is_over = false;
    ck_assert_int_eq(pthread_create(&thread, NULL, abort_what_is_wanted, NULL), 0);
    struct parent_of_listed *const self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn_detached(EX_FRAME(self, parent_of_listed));

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    __atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(ended(), TASK_COUNT);
    ex_scheduler_destroy(scheduler);
}
END_TEST

SUITE(task_memory) {
    SUITE_LOOP(memory_of_tasks_that_a_task_spawned_is_used_again, 0, KIND_COUNT);
    SUITE_LOOP(memory_of_tasks_that_a_thread_spawned_is_used_again, 0, KIND_COUNT);
    SUITE_LOOP(memory_of_what_was_aborted_as_it_ended_is_used_again, 3, KIND_COUNT);
}
