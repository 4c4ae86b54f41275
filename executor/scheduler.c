#include <ex/scheduler.h>

#ifndef EX_SMALL
#include "executor/asymmetric.h"
#endif
#include "executor/crew.h"
#ifndef EX_SMALL
#include "executor/fiber.h"
#include "executor/idle.h"
#endif
#include "executor/loop.h"
#ifndef EX_SMALL
#include "executor/reactor.h"
#endif
#include "executor/task.h"
#include "executor/wait.h"

#include <errno.h>
#include <string.h>

/* ---- life ---- */

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
    scheduler->fiber_stack_size = options->fiber_stack_size;
    scheduler->keeps_times = options->keeps_times;
    scheduler->thread = ex_wait_thread();
    scheduler->life = EX_CREW_ALIVE;
    if (options->observer != NULL) {
        scheduler->observer = *options->observer;
        scheduler->is_watched = true;
    }
#ifndef EX_SMALL
    ex_pool_init(&scheduler->pool, options->blocking_thread_count_max);
#endif
    return scheduler;
}

/* ---- worker threads ---- */

#ifndef EX_SMALL
static void *serve(void *argument) {
    struct ex_worker *const worker = argument;

    ex_worker_become(worker);
    ex_loop_serve(worker);
    ex_worker_become(NULL);
    return NULL;
}

static void notify_all(struct ex_scheduler *scheduler) {
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        ex_worker_notify(&scheduler->workers[i]);
    }
}

static void stop_threads(struct ex_scheduler *scheduler, uint32_t started_count) {
    __atomic_store_n(&scheduler->is_closing, 1, __ATOMIC_SEQ_CST);
    notify_all(scheduler);
    for (uint32_t i = 0; i < started_count; i++) {
        pthread_join(scheduler->workers[i].thread, NULL);
    }
}

static int start_threads(struct ex_scheduler *scheduler) {
    const bool needs_fence = !ex_asymmetric_prepare();

    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        scheduler->workers[i].needs_fence = needs_fence;
    }
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        struct ex_worker *const worker = &scheduler->workers[i];
        if (pthread_create(&worker->thread, NULL, serve, worker) != 0) {
            stop_threads(scheduler, i);
            return -EAGAIN;
        }
    }
    return 0;
}
#else
static void stop_threads(struct ex_scheduler *scheduler, uint32_t started_count) {
    (void)scheduler;
    (void)started_count;
}

static int start_threads(struct ex_scheduler *scheduler) {
    (void)scheduler;
    return -EINVAL;
}
#endif

/* ---- life ---- */

static int init(struct ex_scheduler *scheduler, uint32_t worker_count) {
    int status = 0;

    ex_crew_init(scheduler);
    while (scheduler->worker_count < worker_count && status == 0) {
        status = ex_worker_init(&scheduler->workers[scheduler->worker_count],
                                scheduler,
                                &scheduler->memory,
                                scheduler->is_watched ? &scheduler->observer : NULL,
                                scheduler->keeps_times,
                                !scheduler->is_local);
        scheduler->worker_count += status == 0;
    }
    return status != 0 || scheduler->is_local ? status : start_threads(scheduler);
}

static void deinit(struct ex_scheduler *scheduler) {
    struct ex_memory memory = scheduler->memory;

    __atomic_store_n(&scheduler->life, 0, __ATOMIC_RELAXED); /* atomic: compilers keep it */
#ifndef EX_SMALL
    ex_pool_deinit(&scheduler->pool); /* its threads may wake to the last */
    ex_reactor_destroy(scheduler);
#endif
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        ex_worker_deinit(&scheduler->workers[i]);
    }
    ex_crew_deinit(scheduler);
    ex_memory_release(&memory, scheduler);
}

int ex_scheduler_create(struct ex_scheduler **scheduler,
                        const struct ex_scheduler_options *options) {
    static const struct ex_scheduler_options defaults;

    EX_REQUIRE(scheduler != NULL, "ex_scheduler_create: NULL where it is to write the scheduler");
    options = options == NULL ? &defaults : options;
    if ((options->memory == NULL) != (options->memory_size == 0) ||
        (options->memory != NULL && options->worker_count != 0) ||
        options->fiber_stack_size > EX_STACK_SIZE_MAX ||
        options->worker_count > EX_WORKER_COUNT_MAX) {
        return -EINVAL;
    }
    struct ex_scheduler *const created = allocate(options);
    if (created == NULL) {
        return -ENOMEM;
    }
    const int status = init(created, options->worker_count == 0 ? 1 : options->worker_count);
    if (status != 0) {
        deinit(created);
        return status;
    }
    *scheduler = created;
    return 0;
}

/* Best effort, for what was destroyed is not the scheduler's to read any more. */
static void require_alive(const struct ex_scheduler *scheduler) {
    EX_REQUIRE(scheduler != NULL,
               "ex_scheduler_*: NULL; look at what ex_scheduler_create returned");
    EX_REQUIRE(__atomic_load_n(&scheduler->life, __ATOMIC_RELAXED) == EX_CREW_ALIVE,
               "ex_scheduler_*: the scheduler was destroyed, or never created");
}

/* By the thread that made it. */
static void require_own(const struct ex_scheduler *scheduler) {
    require_alive(scheduler);
    EX_REQUIRE(scheduler->thread == ex_wait_thread(),
               "ex_scheduler_run, _poll, _abort or _destroy: on another thread than created the "
               "scheduler; any thread may spawn, wake, abort tasks and ex_scheduler_stop");
}

void ex_scheduler_destroy(struct ex_scheduler *scheduler) {
    EX_REQUIRE(ex_worker_self == NULL,
               "ex_scheduler_destroy: inside a task; call it when ex_scheduler_run has returned");
    require_own(scheduler);
    __atomic_store_n(&scheduler->is_stopped, 0, __ATOMIC_RELEASE);
    ex_scheduler_abort(scheduler);
    const int status = ex_scheduler_run(scheduler);
    EX_REQUIRE(status == 0,
               "ex_scheduler_destroy: a task that was told to cancel waits all the same, and "
               "nothing can wake it; it has to return");
    if (!scheduler->is_local) {
        stop_threads(scheduler, scheduler->worker_count);
    }
    deinit(scheduler);
}

/* ---- running ---- */

#define RUN_TWICE "ex_scheduler_run or _poll: inside one of its own tasks; await instead"

/* Makes the calling thread the local worker's; gives what it was before. */
static struct ex_worker *enter(struct ex_scheduler *scheduler) {
    struct ex_worker *const before = ex_worker_self;

    EX_REQUIRE(!scheduler->is_run, RUN_TWICE);
    scheduler->is_run = true;
#ifndef EX_SMALL
    scheduler->workers[0].hides_fiber = ex_fiber_hide();
#endif
    ex_worker_become(&scheduler->workers[0]);
    return before;
}

static void leave(struct ex_scheduler *scheduler, struct ex_worker *before) {
    ex_worker_become(before);
#ifndef EX_SMALL
    if (scheduler->workers[0].hides_fiber) {
        ex_fiber_unhide();
    }
#endif
    scheduler->is_run = false;
}

#ifndef EX_SMALL
static void wait_for_workers(struct ex_scheduler *scheduler) {
    EX_REQUIRE(ex_worker_self == NULL || ex_worker_self->scheduler != scheduler, RUN_TWICE);
    while (__atomic_load_n(&scheduler->is_stopped, __ATOMIC_ACQUIRE) == 0 &&
           !ex_idle_is_over(scheduler)) {
        ex_park_wait(&scheduler->park, UINT64_MAX);
    }
}
#endif

/* What was aborted has returned; what is spawned from now on lives. */
static void forget_abort(struct ex_scheduler *scheduler) {
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        __atomic_store_n(&scheduler->workers[i].local.spawn_state,
                         EX_WORKER_SPAWN,
                         __ATOMIC_RELAXED);
    }
}

int ex_scheduler_run(struct ex_scheduler *scheduler) {
    int status = 0;

    require_own(scheduler);
    if (scheduler->is_local) {
        struct ex_worker *const before = enter(scheduler);
        status = ex_loop_run(ex_worker_self);
        leave(scheduler, before);
    } else {
#ifndef EX_SMALL
        wait_for_workers(scheduler);
#endif
    }
    if (ex_crew_live_count(scheduler) == 0) {
        forget_abort(scheduler);
    }
    __atomic_store_n(&scheduler->is_stopped, 0, __ATOMIC_RELAXED);
    return status;
}

size_t ex_scheduler_poll(struct ex_scheduler *scheduler) {
    require_own(scheduler);
    EX_REQUIRE(scheduler->is_local,
               "ex_scheduler_poll: the scheduler has worker threads, which need none; use "
               "ex_scheduler_run");
    struct ex_worker *const before = enter(scheduler);

    ex_loop_poll(ex_worker_self);
    leave(scheduler, before);
    return ex_crew_live_count(scheduler);
}

void ex_scheduler_stop(struct ex_scheduler *scheduler) {
    require_alive(scheduler);
    struct ex_worker *const worker = &scheduler->workers[0];

    __atomic_store_n(&scheduler->is_stopped, 1, __ATOMIC_SEQ_CST);
#ifndef EX_SMALL
    if (!scheduler->is_local) {
        ex_park_notify(&scheduler->park);
        return;
    }
#endif
    if (__atomic_load_n(&worker->is_asleep, __ATOMIC_SEQ_CST) != EX_WORKER_AWAKE) {
        ex_worker_notify(worker);
    }
}

/* ---- aborting ---- */

static void abort_local(struct ex_worker *worker, const struct ex_slab *slab) {
    for (struct ex_strand *root = ex_slab_next(slab, NULL); root != NULL;
         root = ex_slab_next(slab, root)) {
        if (ex_strand_is(root, EX_STRAND_LIVE)) {
            ex_task_cancel(worker, root);
        }
    }
}

#ifndef EX_SMALL
/* The slots that other threads spawned in: each hears it from whoever owns it, or will. */
static void abort_foreign(struct ex_scheduler *scheduler) {
    pthread_mutex_lock(&scheduler->lock);
    struct ex_strand *root = ex_slab_next(&scheduler->foreign, NULL);
    pthread_mutex_unlock(&scheduler->lock);
    while (root != NULL) {
        ex_crew_wake(root, EX_STRAND_REQUEST_CANCEL);
        pthread_mutex_lock(&scheduler->lock);
        root = ex_slab_next(&scheduler->foreign, root);
        pthread_mutex_unlock(&scheduler->lock);
    }
}

static void abort_shared(struct ex_scheduler *scheduler) {
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        struct ex_worker *const worker = &scheduler->workers[i];
        __atomic_store_n(&worker->shall_abort, 1, __ATOMIC_SEQ_CST);
        ex_worker_notify(worker);
    }
    abort_foreign(scheduler);
}
#endif

void ex_scheduler_abort(struct ex_scheduler *scheduler) {
    require_alive(scheduler);
#ifndef EX_SMALL
    if (!scheduler->is_local) {
        abort_shared(scheduler);
        return;
    }
#endif
    require_own(scheduler);
    struct ex_worker *const worker = &scheduler->workers[0];
    worker->local.spawn_state = EX_WORKER_SPAWN | EX_STRAND_CANCEL;
    abort_local(worker, &worker->slab);
    abort_local(worker, &scheduler->foreign);
}

size_t ex_scheduler_live_count(const struct ex_scheduler *scheduler) {
    require_alive(scheduler);
    return ex_crew_live_count(scheduler);
}

static void sum_up(uint64_t *sum, const uint64_t *count) {
    *sum += __atomic_load_n(count, __ATOMIC_RELAXED);
}

void ex_scheduler_counters(const struct ex_scheduler *scheduler, struct ex_counters *counters) {
    require_alive(scheduler);
    *counters = (struct ex_counters){
        .spawn_count = __atomic_load_n(&scheduler->foreign_count, __ATOMIC_RELAXED)};
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        const struct ex_counters *const own = &scheduler->workers[i].counters;
        sum_up(&counters->spawn_count, &scheduler->workers[i].local.spawn_count);
        sum_up(&counters->return_count, &own->return_count);
        sum_up(&counters->resume_count, &own->resume_count);
        sum_up(&counters->remote_count, &own->remote_count);
        sum_up(&counters->timer_count, &own->timer_count);
        sum_up(&counters->sleep_count, &own->sleep_count);
        sum_up(&counters->steal_count, &own->steal_count);
        sum_up(&counters->stolen_count, &own->stolen_count);
        sum_up(&counters->rescue_count, &own->rescue_count);
        sum_up(&counters->overflow_count, &own->overflow_count);
        sum_up(&counters->injected_count, &own->injected_count);
        sum_up(&counters->lifo_cap_count, &own->lifo_cap_count);
    }
}

struct ex_scheduler *ex_scheduler_current(void) {
    return ex_worker_self == NULL ? NULL : ex_worker_self->scheduler;
}
