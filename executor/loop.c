#include "executor/loop.h"

#include "executor/crew.h"
#ifndef EX_SMALL
#include "executor/idle.h"
#include "executor/reactor.h"
#endif
#include "executor/ready.h"
#include "executor/timer.h"
#include "executor/turn.h"

#include <errno.h>

static bool is_stopped(const struct ex_scheduler *scheduler) {
    return __atomic_load_n(&scheduler->is_stopped, __ATOMIC_ACQUIRE) != 0;
}

static bool is_over(const struct ex_scheduler *scheduler) {
    return is_stopped(scheduler) || ex_crew_live_count(scheduler) == 0;
}

#ifdef EX_SMALL
#define LOOK_AT_EVENTS(worker) false
#define LOOK_AT_EVENTS_NOW_AND_THEN(worker) false
#else
#define LOOK_AT_EVENTS(worker) ex_reactor_look(worker)
#define LOOK_AT_EVENTS_NOW_AND_THEN(worker) ex_reactor_turn(worker)
#endif

/* One turn, what others woke, what is due, and what became ready outside; true when something is
 * ready. */
static inline __attribute__((always_inline)) bool step(struct ex_worker *worker) {
    bool is_ready = ex_turn_run(worker);

    is_ready = LOOK_AT_EVENTS_NOW_AND_THEN(worker) || is_ready;
    is_ready = ex_ready_drain(worker) || is_ready;
    return ex_timer_fire(worker) || is_ready;
}

static void sleep_until(struct ex_worker *worker, uint64_t deadline_ns) {
    __atomic_store_n(&worker->is_asleep, EX_WORKER_ASLEEP, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&worker->remote, __ATOMIC_SEQ_CST) == NULL &&
        __atomic_load_n(&worker->scheduler->is_stopped, __ATOMIC_SEQ_CST) == 0) {
        ex_worker_add(&worker->counters.sleep_count, 1);
        ex_worker_sleep(worker, deadline_ns);
    }
    __atomic_store_n(&worker->is_asleep, EX_WORKER_AWAKE, __ATOMIC_RELAXED);
}

int ex_loop_run(struct ex_worker *worker) {
    int status = 0;

    while (!is_over(worker->scheduler)) {
        bool is_ready = step(worker);
        while (is_ready && !is_stopped(worker->scheduler)) { /* what is ready is alive */
            is_ready = step(worker);
        }
        if (is_over(worker->scheduler)) {
            break;
        }
        if (worker->waits == NULL) {
            status = -EDEADLK;
            break;
        }
        sleep_until(worker, ex_timer_next(worker));
    }
    return status;
}

void ex_loop_poll(struct ex_worker *worker) {
    while (step(worker) || LOOK_AT_EVENTS(worker)) {
    }
}

#ifndef EX_SMALL
/* Tasks that another worker owns now are told there; memory without a task hears nothing. */
static void abort_all(struct ex_worker *worker) {
    const struct ex_slab *const slab = &worker->slab;

    __atomic_store_n(&worker->shall_abort, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&worker->local.spawn_state,
                     EX_WORKER_SPAWN | EX_STRAND_CANCEL,
                     __ATOMIC_RELAXED);
    for (struct ex_strand *root = ex_slab_next(slab, NULL); root != NULL;
         root = ex_slab_next(slab, root)) {
        ex_crew_wake(root, EX_STRAND_REQUEST_CANCEL);
    }
}

/* Whoever begins to work while others idle sees to it that one of those looks after the rest. */
static void leave_watch(struct ex_scheduler *scheduler) {
    if (__atomic_load_n(&scheduler->idle_count, __ATOMIC_RELAXED) != 0 &&
        __atomic_load_n(&scheduler->has_watcher, __ATOMIC_RELAXED) == 0) {
        ex_crew_notify_one(scheduler);
    }
}

void ex_loop_serve(struct ex_worker *worker) {
    struct ex_scheduler *const scheduler = worker->scheduler;
    bool has_slept = false;

    for (;;) {
        if (__atomic_load_n(&worker->shall_abort, __ATOMIC_ACQUIRE) != 0) {
            abort_all(worker);
        }
        bool is_ready = step(worker);
        if (__atomic_load_n(&scheduler->injected_count, __ATOMIC_RELAXED) != 0 || !is_ready) {
            is_ready = ex_idle_search(worker) || is_ready;
        }
        if (is_ready) {
            if (has_slept) {
                leave_watch(scheduler);
            }
            has_slept = false;
            continue;
        }
        if (__atomic_load_n(&scheduler->is_closing, __ATOMIC_ACQUIRE) != 0) {
            return;
        }
        ex_idle_sleep(worker, ex_timer_next(worker));
        has_slept = true;
    }
}
#endif
