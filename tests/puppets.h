/* Tasks that do one operation when they are told to, for tests of what tasks wait for.
 *
 *   puppets_start(3);
 *   puppet_do(0, lock); puppet_do(1, lock);      // builders of the operations
 *   puppets_run();                               // until nothing is ready
 *   ck_assert_str_eq(puppets.log, "0");          // whose operations ended, in this order
 *   ck_assert_int_eq(puppet_result(1), EX_PENDING);
 *
 * A test may do several things between two runs: what they do then meets.
 */
#ifndef TESTS_PUPPETS_H
#define TESTS_PUPPETS_H

#include "tests/suite.h"

#include <ex/scheduler.h>
#include <ex/waker.h>
#include <pthread.h>
#include <string.h>

#define PUPPETS_MAX 16
#define PUPPET_IDLE (EX_PENDING + 1) /* it was told nothing yet */

struct puppet;
typedef struct ex_frame *puppet_operation(struct puppet *self);

struct puppet {
    struct ex_frame frame;
    int id;
    struct ex_task *task;
    puppet_operation *operation; /* NULL: none */
    int64_t argument;            /* for the operation */
    int64_t element;             /* what it sends or receives */
    int64_t result;              /* EX_PENDING: it is at it */
    bool is_to_end;
    _Alignas(16) unsigned char leaf[256];
};

static struct {
    struct ex_scheduler *scheduler;
    struct puppet *all[PUPPETS_MAX];
    int count;
    char log[4096];
    size_t log_length;
} puppets;

static struct ex_frame *puppet_begin(struct puppet *self) {
    puppet_operation *const operation = self->operation;

    self->operation = NULL;
    return operation(self);
}

EX_RESUME(puppet) {
    EX_BEGIN(puppet);
    for (;;) {
        while (self->operation == NULL && !self->is_to_end) {
            EX_SUSPEND();
        }
        if (self->operation == NULL) {
            EX_RETURN(0);
        }
        EX_AWAIT(puppet_begin(self));
        self->result = value;
        puppets.log[puppets.log_length++ % (sizeof puppets.log - 1)] = (char)('0' + self->id);
    }
    EX_END();
}

static inline void puppets_start(int count) {
    ck_assert_int_le(count, PUPPETS_MAX);
    memset(&puppets, 0, sizeof puppets);
    ck_assert_int_eq(ex_scheduler_create(&puppets.scheduler, NULL), 0);
    for (int id = 0; id < count; id++) {
        struct puppet *self = ex_task_new(puppets.scheduler, sizeof *self);
        ck_assert_ptr_nonnull(self);
        *self = (struct puppet){.id = id, .result = PUPPET_IDLE};
        self->task = ex_task_spawn(EX_FRAME(self, puppet));
        puppets.all[id] = self;
    }
    puppets.count = count;
    ex_scheduler_poll(puppets.scheduler);
}

static inline void puppets_run(void) {
    ex_scheduler_poll(puppets.scheduler);
}

static inline struct puppet *puppet_do_with(int id, puppet_operation *operation, int64_t argument) {
    struct puppet *self = puppets.all[id];

    ck_assert_int_ne(self->result, EX_PENDING);
    self->result = EX_PENDING;
    self->operation = operation;
    self->argument = argument;
    ex_waker_wake(ex_waker_of((struct ex_strand *)(void *)self->task));
    return self;
}

static inline void puppet_do(int id, puppet_operation *operation) {
    puppet_do_with(id, operation, 0);
}

static inline int64_t puppet_result(int id) {
    return puppets.all[id]->result;
}

static inline void puppet_abort(int id) {
    ex_task_abort(puppets.all[id]->task);
}

/* Forgets who ended so far. */
static inline void puppets_log_clear(void) {
    memset(puppets.log, 0, sizeof puppets.log);
    puppets.log_length = 0;
}

/* Ends them all, also those that are at it, and the scheduler. */
static inline void puppets_stop(void) {
    for (int id = 0; id < puppets.count; id++) {
        puppets.all[id]->is_to_end = true;
    }
    ex_scheduler_destroy(puppets.scheduler);
}

/* ---- chance, the same on every run ---- */

static inline uint32_t puppets_random(uint64_t *state, uint32_t below) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % below);
}

/* ---- threads ---- */

/* Runs `count` threads of one function to their ends; each is given its number. */
static inline void puppets_threads(int count, void *(*function)(void *)) {
    pthread_t threads[PUPPETS_MAX];
    static int numbers[PUPPETS_MAX];

    ck_assert_int_le(count, PUPPETS_MAX);
    for (int i = 0; i < count; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, function, &numbers[i]), 0);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* Runs `count` tasks, each of `frame_size` bytes and made by `make`, to their ends on a scheduler
 * of the calling thread: a local one, for thread 0 one with two worker threads. */
static inline void puppets_crowd(int thread,
                                 int count,
                                 size_t frame_size,
                                 struct ex_frame *(*make)(void *frame, int number)) {
    const struct ex_scheduler_options options = {.worker_count = thread == 0 ? 2 : 0};
    struct ex_scheduler *scheduler;

    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    for (int i = 0; i < count; i++) {
        void *frame = ex_task_new(scheduler, frame_size);
        ck_assert_ptr_nonnull(frame);
        ex_task_detach(ex_task_spawn(make(frame, i)));
    }
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ex_scheduler_destroy(scheduler);
}

#endif
