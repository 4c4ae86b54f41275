#include <ex/scheduler.h>

#include "executor/crew.h"
#include "executor/loop.h"
#include "executor/task.h"

#include <errno.h>
#include <string.h>

/* ---- life -------------------------------------------------------------------------------------
 */

/* The scheduler and its workers lie in the first page of its memory. */
static struct ex_scheduler *allocate(const struct ex_scheduler_options *options) {
    struct ex_memory memory;
    const uint32_t worker_count = options->worker_count == 0 ? 1 : options->worker_count;
    const size_t size = sizeof(struct ex_scheduler) + 64 + worker_count * sizeof(struct ex_worker);

    ex_memory_init(&memory, options->memory, options->memory_size);
    struct ex_scheduler *const scheduler = ex_memory_allocate(&memory, size);
    if (scheduler == NULL) {
        return NULL;
    }
    memset(scheduler, 0, size);
    scheduler->memory = memory;
    scheduler->workers = (struct ex_worker *)(((uintptr_t)(scheduler + 1) + 63) & ~(uintptr_t)63);
    scheduler->is_local = options->worker_count == 0;
    return scheduler;
}

static int init(struct ex_scheduler *scheduler) {
    ex_slab_init(&scheduler->foreign, &scheduler->memory, NULL, scheduler);
    scheduler->foreign.local = EX_WORKER_NOT_LOCAL;
#ifndef EX_SMALL
    pthread_mutex_init(&scheduler->foreign_lock, NULL);
#endif
    const int status = ex_worker_init(&scheduler->workers[0], scheduler, &scheduler->memory, false);
    if (status == 0) {
        scheduler->worker_count = 1;
    }
    return status;
}

static void deinit(struct ex_scheduler *scheduler) {
    struct ex_memory memory = scheduler->memory;

    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        ex_worker_deinit(&scheduler->workers[i]);
    }
    ex_slab_deinit(&scheduler->foreign);
#ifndef EX_SMALL
    pthread_mutex_destroy(&scheduler->foreign_lock);
#endif
    ex_memory_release(&memory, scheduler);
}

int ex_scheduler_create(struct ex_scheduler **scheduler,
                        const struct ex_scheduler_options *options) {
    static const struct ex_scheduler_options defaults;

    options = options == NULL ? &defaults : options;
    if ((options->memory == NULL) != (options->memory_size == 0) || options->worker_count != 0) {
        return -EINVAL;
    }
    struct ex_scheduler *const created = allocate(options);
    if (created == NULL) {
        return -ENOMEM;
    }
    const int status = init(created);
    if (status != 0) {
        deinit(created);
        return status;
    }
    *scheduler = created;
    return 0;
}

void ex_scheduler_destroy(struct ex_scheduler *scheduler) {
    EX_REQUIRE(ex_worker_self == NULL, "a scheduler is destroyed by one of its tasks");
    __atomic_store_n(&scheduler->is_stopped, 0, __ATOMIC_RELEASE);
    ex_scheduler_abort(scheduler);
    ex_scheduler_run(scheduler);
    deinit(scheduler);
}

/* ---- running ----------------------------------------------------------------------------------
 */

/* Makes the calling thread the local worker's; gives what it was before. */
static struct ex_worker *enter(struct ex_scheduler *scheduler) {
    struct ex_worker *const before = ex_worker_self;

    EX_REQUIRE(before != &scheduler->workers[0], "a scheduler is run by one of its own tasks");
    ex_worker_self = &scheduler->workers[0];
    return before;
}

int ex_scheduler_run(struct ex_scheduler *scheduler) {
    struct ex_worker *const before = enter(scheduler);
    const int status = ex_loop_run(ex_worker_self);

    ex_worker_self = before;
    __atomic_store_n(&scheduler->is_stopped, 0, __ATOMIC_RELAXED);
    return status;
}

size_t ex_scheduler_poll(struct ex_scheduler *scheduler) {
    struct ex_worker *const before = enter(scheduler);

    ex_loop_poll(ex_worker_self);
    ex_worker_self = before;
    return ex_crew_live_count(scheduler);
}

void ex_scheduler_stop(struct ex_scheduler *scheduler) {
    struct ex_worker *const worker = &scheduler->workers[0];

    __atomic_store_n(&scheduler->is_stopped, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&worker->is_asleep, __ATOMIC_SEQ_CST) != 0) {
        worker->waits->notify(worker);
    }
}

static void abort_all(struct ex_worker *worker, const struct ex_slab *slab) {
    for (struct ex_strand *root = ex_slab_next(slab, NULL); root != NULL;
         root = ex_slab_next(slab, root)) {
        if (ex_strand_is(root, EX_STRAND_LIVE)) {
            ex_task_cancel(worker, root);
        }
    }
}

void ex_scheduler_abort(struct ex_scheduler *scheduler) {
    abort_all(&scheduler->workers[0], &scheduler->workers[0].slab);
    abort_all(&scheduler->workers[0], &scheduler->foreign);
}

size_t ex_scheduler_live_count(const struct ex_scheduler *scheduler) {
    return ex_crew_live_count(scheduler);
}

struct ex_scheduler *ex_scheduler_current(void) {
    return ex_worker_self == NULL ? NULL : ex_worker_self->scheduler;
}
