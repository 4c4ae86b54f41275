#include "executor/crew.h"

#include <ex/panic.h>

/* On a small machine there is one thread, and nothing to lock. */
#ifdef EX_SMALL
#define LOCK(scheduler) ((void)(scheduler))
#define UNLOCK(scheduler) ((void)(scheduler))
#else
#define LOCK(scheduler) pthread_mutex_lock(&(scheduler)->lock)
#define UNLOCK(scheduler) pthread_mutex_unlock(&(scheduler)->lock)
#endif

void ex_crew_init(struct ex_scheduler *scheduler) {
    ex_slab_init(&scheduler->foreign, scheduler->foreign_free, &scheduler->memory, NULL, scheduler);
    scheduler->foreign.has_times = scheduler->keeps_times;
    scheduler->foreign.local = EX_WORKER_NOT_LOCAL;
    scheduler->injected_tail = &scheduler->injected;
#ifndef EX_SMALL
    pthread_mutex_init(&scheduler->lock, NULL);
    ex_park_init(&scheduler->park);
#endif
}

void ex_crew_deinit(struct ex_scheduler *scheduler) {
    ex_slab_deinit(&scheduler->foreign);
#ifndef EX_SMALL
    ex_park_deinit(&scheduler->park);
    pthread_mutex_destroy(&scheduler->lock);
#endif
}

struct ex_strand *ex_crew_allocate(struct ex_scheduler *scheduler, size_t size) {
    EX_REQUIRE(__atomic_load_n(&scheduler->life, __ATOMIC_RELAXED) == EX_CREW_ALIVE,
               "ex_task_new: the scheduler was destroyed, or never created");
    LOCK(scheduler);
    struct ex_strand *const slot = ex_slab_allocate(&scheduler->foreign, size);
    UNLOCK(scheduler);
    return slot;
}

/* ---- wakes ---- */

/* True when the root, whose owner was none, is without one still: it is queued, and who takes it
 * sees what its waker did; or no task uses it. */
static bool is_without_owner(struct ex_strand *root) {
    struct ex_scheduler *const scheduler = ex_slab_of(root)->home;

    LOCK(scheduler);
    const bool is = __atomic_load_n(&root->owner, __ATOMIC_RELAXED) == EX_STRAND_OWNER_NONE;
    UNLOCK(scheduler);
    return is;
}

void ex_crew_list(struct ex_worker *worker, struct ex_strand *root) {
    root->link = __atomic_load_n(&worker->remote, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&worker->remote,
                                        &root->link,
                                        root,
                                        true,
                                        __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
    }
    if (__atomic_load_n(&worker->is_asleep, __ATOMIC_SEQ_CST) != EX_WORKER_AWAKE) {
        ex_worker_notify(worker);
    }
}

static struct ex_worker *worker_of(uint16_t id) {
    struct ex_worker *const worker = __atomic_load_n(&ex_worker_of[id], __ATOMIC_ACQUIRE);

    EX_REQUIRE(worker != NULL,
               "ex_waker_wake: the scheduler of its task was destroyed; drop wakers before that");
    return worker;
}

void ex_crew_wake(struct ex_strand *root, uint8_t requests) {
    if (requests != 0) {
        __atomic_fetch_or(&root->requests, requests, __ATOMIC_RELAXED);
    }
    for (;;) {
        if (__atomic_load_n(&root->owner, __ATOMIC_RELAXED) == EX_STRAND_OWNER_NONE) {
            if (is_without_owner(root)) {
                return;
            }
            continue;
        }
        if (__atomic_fetch_or(&root->signal, EX_STRAND_SIGNAL_LISTED, __ATOMIC_ACQ_REL) != 0) {
            return; /* it stands in a list, and is taken off it after this */
        }
        const uint16_t owner = __atomic_load_n(&root->owner, __ATOMIC_RELAXED);
        if (owner != EX_STRAND_OWNER_NONE) {
            ex_crew_list(worker_of(owner), root);
            return;
        }
        /* It lost its owner meanwhile: it was queued for all, or its task ended. */
        if ((__atomic_exchange_n(&root->signal, 0, __ATOMIC_ACQ_REL) & EX_STRAND_SIGNAL_FREED) !=
            0) {
            ex_crew_free(root);
            return;
        }
    }
}

void ex_crew_notify_one(struct ex_scheduler *scheduler) {
    if (__atomic_load_n(&scheduler->searching_count, __ATOMIC_SEQ_CST) != 0) {
        return;
    }
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        struct ex_worker *const worker = &scheduler->workers[i];
        uint8_t asleep = EX_WORKER_ASLEEP;
        if (__atomic_load_n(&worker->is_asleep, __ATOMIC_SEQ_CST) == asleep &&
            __atomic_compare_exchange_n(&worker->is_asleep,
                                        &asleep,
                                        EX_WORKER_NOTIFIED,
                                        false,
                                        __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
            ex_worker_notify(worker);
            return;
        }
    }
}

/* ---- what is queued for all ---- */

void ex_crew_inject(struct ex_scheduler *scheduler, struct ex_strand *first, uint32_t count) {
    EX_ASSERT(count > 0);

    LOCK(scheduler);
    *scheduler->injected_tail = first;
    for (struct ex_strand *root = first; root != NULL; root = root->next) {
        __atomic_store_n(&root->owner, EX_STRAND_OWNER_NONE, __ATOMIC_RELAXED);
        scheduler->injected_tail = &root->next;
    }
    __atomic_store_n(&scheduler->injected_count,
                     scheduler->injected_count + count,
                     __ATOMIC_SEQ_CST);
    UNLOCK(scheduler);
}

uint32_t ex_crew_take(struct ex_scheduler *scheduler,
                      struct ex_worker *worker,
                      uint32_t wanted,
                      struct ex_strand **taken) {
    uint32_t count = 0;

    LOCK(scheduler);
    while (count < wanted && scheduler->injected != NULL) {
        struct ex_strand *const root = scheduler->injected;
        scheduler->injected = root->next;
        __atomic_store_n(&root->owner, worker->id, __ATOMIC_RELAXED);
        *taken = root;
        taken = &root->next;
        count++;
    }
    if (scheduler->injected == NULL) {
        scheduler->injected_tail = &scheduler->injected;
    }
    __atomic_store_n(&scheduler->injected_count,
                     scheduler->injected_count - count,
                     __ATOMIC_RELAXED);
    UNLOCK(scheduler);
    *taken = NULL;
    return count;
}

/* ---- memory ---- */

void ex_crew_free(struct ex_strand *slot) {
    struct ex_slab *const slab = ex_slab_of(slot);

    if (slab->owner != NULL && slab->owner == ex_worker_self) {
        ex_slab_free(slot);
    } else {
        ex_slab_free_remote(slab, slot);
    }
}

/* Returns first, for they follow their spawns: as many of both is nothing alive between the two
 * rounds. Counterexample to one round: (1) A's counts are read, none; (2) B's task, which A stole
 * and runs, spawns another there; (3) B steals that one, and it returns; (4) B's counts are read,
 * one spawned and one returned, and the task that A runs is not seen. */
size_t ex_crew_live_count(const struct ex_scheduler *scheduler) {
    size_t returned = 0;
    size_t spawned = 0;

    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        const struct ex_worker *const worker = &scheduler->workers[i];
        returned += __atomic_load_n(&worker->counters.return_count, __ATOMIC_ACQUIRE);
    }
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        const struct ex_worker *const worker = &scheduler->workers[i];
        spawned += __atomic_load_n(&worker->local.spawn_count, __ATOMIC_RELAXED);
    }
    return spawned + __atomic_load_n(&scheduler->foreign_count, __ATOMIC_RELAXED) - returned;
}
