#include "executor/idle.h"

#include "executor/asymmetric.h"
#include "executor/crew.h"
#include "executor/ready.h"
#include "executor/steal.h"
#include "executor/timer.h"

enum { TAKE_MAX = 32 }; /* of what is queued for all, at one time */

/* ---- searching ---- */

static bool begin_search(struct ex_scheduler *scheduler) {
    const uint32_t before = __atomic_fetch_add(&scheduler->searching_count, 1, __ATOMIC_SEQ_CST);

    if (2 * before <= scheduler->worker_count) {
        return true;
    }
    __atomic_fetch_sub(&scheduler->searching_count, 1, __ATOMIC_SEQ_CST);
    return false;
}

static bool take_injected(struct ex_worker *worker) {
    struct ex_scheduler *const scheduler = worker->scheduler;
    const uint32_t all = __atomic_load_n(&scheduler->injected_count, __ATOMIC_SEQ_CST);
    const uint32_t share = all / scheduler->worker_count + 1;
    struct ex_strand *taken;

    if (all == 0) {
        return false;
    }
    const uint32_t count =
        ex_crew_take(scheduler, worker, share < TAKE_MAX ? share : TAKE_MAX, &taken);
    ex_ready_enter(worker);
    while (taken != NULL) {
        struct ex_strand *const root = taken;
        taken = root->next;
        ex_ready_hear(root);
        ex_ready_queue(worker, root);
    }
    ex_ready_leave(worker);
    ex_worker_add(&worker->counters.injected_count, count);
    return count != 0;
}

/* Victims in the order of a circle that begins one further
 * each time: no chance, and no favourite. */
static bool steal(struct ex_worker *worker) {
    struct ex_scheduler *const scheduler = worker->scheduler;
    const uint32_t begin = worker->search_next++;

    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        struct ex_worker *const victim = &scheduler->workers[(begin + i) % scheduler->worker_count];
        if (victim != worker && ex_steal_is_worth(victim, false) &&
            ex_steal_take(worker, victim, false) != 0) {
            return true;
        }
    }
    return false;
}

bool ex_idle_search(struct ex_worker *worker) {
    struct ex_scheduler *const scheduler = worker->scheduler;

    if (!begin_search(scheduler)) {
        return false;
    }
    const bool is_found = take_injected(worker) || steal(worker);
    const uint32_t before = __atomic_fetch_sub(&scheduler->searching_count, 1, __ATOMIC_SEQ_CST);
    if (is_found && before == 1) {
        ex_crew_notify_one(scheduler);
    }
    return is_found;
}

/* ---- sleeping ---- */

bool ex_idle_is_over(const struct ex_scheduler *scheduler) {
    return __atomic_load_n(&scheduler->idle_count, __ATOMIC_SEQ_CST) == scheduler->worker_count &&
           ex_crew_live_count(scheduler) == 0;
}

/* Counterexample that a look at the own queue answers: (1) another thread wakes a pinned task, and
 * the owner is awake, so that nobody notifies it. (2) A thief that finds the owner stuck delivers
 * the wake to the owner's queue. (3) The owner sees no wake, goes to sleep, and nobody else may run
 * the task. */
static bool has_pinned(struct ex_worker *worker) {
    ex_ready_enter(worker);
    const bool has = !ex_queue_is_empty(worker);
    ex_ready_leave(worker);
    return has;
}

static bool is_something_ready(struct ex_worker *worker) {
    const struct ex_scheduler *const scheduler = worker->scheduler;

    if (__atomic_load_n(&worker->remote, __ATOMIC_SEQ_CST) != NULL || has_pinned(worker) ||
        __atomic_load_n(&scheduler->injected_count, __ATOMIC_SEQ_CST) != 0 ||
        __atomic_load_n(&scheduler->is_closing, __ATOMIC_SEQ_CST) != 0) {
        return true;
    }
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        if (ex_steal_is_worth(&scheduler->workers[i], false)) {
            return true;
        }
    }
    return false;
}

/* One look at the others: who is where it was at the last look, with something ready or due behind
 * it? (Or idles, with nothing behind it.) */
static void watch(struct ex_worker *worker) {
    struct ex_scheduler *const scheduler = worker->scheduler;

    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        struct ex_worker *const victim = &scheduler->workers[i];
        const uint64_t resumes = __atomic_load_n(&victim->counters.resume_count, __ATOMIC_RELAXED);
        if (victim != worker && resumes == victim->resumes_seen) {
            ex_timer_fire(victim);
            if (ex_steal_is_worth(victim, true)) {
                ex_steal_take(worker, victim, true);
            }
        }
        victim->resumes_seen = resumes;
    }
}

/* True when the caller is the watcher now; somebody has to work, or there is nobody to watch. */
static bool become_watcher(struct ex_scheduler *scheduler, uint32_t idle_count) {
    return idle_count < scheduler->worker_count &&
           __atomic_exchange_n(&scheduler->has_watcher, 1, __ATOMIC_ACQ_REL) == 0;
}

static void wait(struct ex_worker *worker, uint64_t deadline_ns, uint32_t idle_count) {
    struct ex_scheduler *const scheduler = worker->scheduler;

    if (!become_watcher(scheduler, idle_count)) {
        ex_worker_sleep(worker, deadline_ns);
        return;
    }
    const uint64_t look_ns = ex_timer_now() + EX_IDLE_LOOK_NS;
    ex_worker_sleep(worker, look_ns < deadline_ns ? look_ns : deadline_ns);
    watch(worker);
    __atomic_store_n(&scheduler->has_watcher, 0, __ATOMIC_RELEASE);
}

void ex_idle_sleep(struct ex_worker *worker, uint64_t deadline_ns) {
    struct ex_scheduler *const scheduler = worker->scheduler;

    __atomic_store_n(&worker->is_asleep, EX_WORKER_ASLEEP, __ATOMIC_SEQ_CST);
    const uint32_t idle_count = __atomic_add_fetch(&scheduler->idle_count, 1, __ATOMIC_SEQ_CST);
    if (!worker->needs_fence) {
        ex_asymmetric_barrier();
    }
    if (!is_something_ready(worker)) {
        if (ex_idle_is_over(scheduler)) {
            ex_park_notify(&scheduler->park);
        }
        ex_worker_add(&worker->counters.sleep_count, 1);
        wait(worker, deadline_ns, idle_count);
    }
    __atomic_fetch_sub(&scheduler->idle_count, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&worker->is_asleep, EX_WORKER_AWAKE, __ATOMIC_RELAXED);
}
