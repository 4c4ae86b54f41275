#include <ex/mutex.h>
#include <ex/scheduler.h>
#include <ex/semaphore.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

static uint64_t spent;

/* ---- a mutex that nobody else wants ---- */

struct lock {
    struct ex_frame frame;
    struct ex_mutex mutex;
    struct ex_mutex_lock lock;
    uint64_t left;
    uint64_t before;
};

EX_RESUME(lock) {
    EX_BEGIN(lock);
    self->before = row_cpu_ns();
    for (; self->left != 0; self->left--) {
        EX_AWAIT(ex_mutex_lock(&self->lock, &self->mutex));
        ex_mutex_unlock(&self->mutex);
    }
    spent = row_cpu_ns() - self->before;
    ex_mutex_deinit(&self->mutex);
    EX_END();
}

static uint64_t lock_mutex(uint64_t count, enum ex_wait_kind kind) {
    struct ex_scheduler *scheduler = own_begin();
    struct lock *self = ex_task_new(scheduler, sizeof *self);

    row_expect(self != NULL, "there is memory for a task");
    self->left = count;
    ex_mutex_init(&self->mutex, kind);
    ex_task_detach(ex_task_spawn(EX_FRAME(self, lock)));
    own_end(scheduler);
    return spent;
}

uint64_t own_mutex_local(uint64_t count) {
    return lock_mutex(count, EX_WAIT_LOCAL);
}

uint64_t own_mutex_shared(uint64_t count) {
    return lock_mutex(count, EX_WAIT_SHARED);
}

/* ---- a permit that nobody else wants ---- */

struct borrow {
    struct ex_frame frame;
    struct ex_semaphore semaphore;
    struct ex_semaphore_acquire acquire;
    uint64_t left;
    uint64_t before;
};

EX_RESUME(borrow) {
    EX_BEGIN(borrow);
    self->before = row_cpu_ns();
    for (; self->left != 0; self->left--) {
        EX_AWAIT(ex_semaphore_acquire(&self->acquire, &self->semaphore, 1));
        ex_semaphore_release(&self->semaphore, 1);
    }
    spent = row_cpu_ns() - self->before;
    ex_semaphore_deinit(&self->semaphore);
    EX_END();
}

static uint64_t borrow_permit(uint64_t count, enum ex_wait_kind kind) {
    struct ex_scheduler *scheduler = own_begin();
    struct borrow *self = ex_task_new(scheduler, sizeof *self);

    row_expect(self != NULL, "there is memory for a task");
    self->left = count;
    ex_semaphore_init(&self->semaphore, kind, 2);
    ex_task_detach(ex_task_spawn(EX_FRAME(self, borrow)));
    own_end(scheduler);
    return spent;
}

uint64_t own_semaphore_local(uint64_t count) {
    return borrow_permit(count, EX_WAIT_LOCAL);
}

uint64_t own_semaphore_shared(uint64_t count) {
    return borrow_permit(count, EX_WAIT_SHARED);
}
