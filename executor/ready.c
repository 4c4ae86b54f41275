#include "executor/ready.h"

#include "executor/crew.h"
#include "executor/observer.h"
#include "executor/slot.h"

/* ---- the bracket ---- */

void ex_ready_enter_slowly(struct ex_worker *worker) {
#ifdef EX_SMALL
    (void)worker;
#else
    do {
        __atomic_store_n(&worker->busy, 0, __ATOMIC_RELEASE);
        pthread_mutex_lock(&worker->theft); /* the thief holds it as long as its flag is up */
        __atomic_exchange_n(&worker->busy, 1, __ATOMIC_SEQ_CST);
        pthread_mutex_unlock(&worker->theft);
    } while (__atomic_load_n(&worker->thief, __ATOMIC_SEQ_CST) != 0);
#endif
}

/* Whoever idles executed a barrier after it was counted and before it looked at this queue: either
 * it saw what was queued, or it is seen here. */
void ex_ready_announce(struct ex_worker *worker) {
    struct ex_scheduler *const scheduler = worker->scheduler;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    const uint32_t idle_count =
        worker->needs_fence ? __atomic_fetch_add(&scheduler->idle_count, 0, __ATOMIC_SEQ_CST)
                            : __atomic_load_n(&scheduler->idle_count, __ATOMIC_RELAXED);
    if (idle_count != 0) {
        ex_crew_notify_one(scheduler);
    }
}

/* ---- the queue of a shared worker ---- */

/* Others look at the count to guess whether a theft is worth it: what is pinned does not count. */
static inline void count(struct ex_worker *worker, const struct ex_strand *root, uint32_t more) {
    if (!ex_strand_is(root, EX_STRAND_PINNED)) {
        __atomic_store_n(&worker->ready_count, worker->ready_count + more, __ATOMIC_RELAXED);
    }
}

static inline void set_lifo(struct ex_worker *worker, struct ex_strand *strand) {
    __atomic_store_n(&worker->lifo, strand, __ATOMIC_RELAXED);
}

uint32_t ex_ready_split(struct ex_worker *worker, uint32_t wanted, struct ex_strand **taken) {
    struct ex_strand *before = &worker->local.queue;
    uint32_t taken_count = 0;

    while (before != worker->local.tail && taken_count < wanted) {
        struct ex_strand *const root = before->next;
        if (ex_strand_is(root, EX_STRAND_PINNED)) {
            before = root;
            continue;
        }
        if (root == worker->local.tail) {
            worker->local.tail = before;
        } else {
            before->next = root->next;
        }
        ex_slot_share(root);
        *taken = root;
        taken = &root->next;
        taken_count++;
    }
    *taken = NULL;
    __atomic_store_n(&worker->ready_count, worker->ready_count - taken_count, __ATOMIC_RELAXED);
    return taken_count;
}

void ex_ready_overflow(struct ex_worker *worker) {
    struct ex_strand *taken;
    const uint32_t taken_count = ex_ready_split(worker, worker->ready_count / 2, &taken);

    ex_worker_add(&worker->counters.overflow_count, 1);
    ex_crew_inject(worker->scheduler, taken, taken_count);
}

void ex_ready_queue_again(struct ex_worker *worker, struct ex_strand *strand) {
    ex_queue_push(worker, strand);
    count(worker, strand, 1);
    if (worker->ready_count > EX_READY_COUNT_MAX) {
        ex_ready_overflow(worker);
    }
}

void ex_ready_queue(struct ex_worker *worker, struct ex_strand *strand) {
    worker->has_surplus = true;
    ex_ready_queue_again(worker, strand);
}

void ex_ready_offer(struct ex_worker *worker, struct ex_strand *strand) {
    EX_OBSERVER_TELL(worker->observer, woken, strand);
    if (strand == worker->local.running) {
        return; /* queued when it has to wait */
    }
    if (!worker->is_shared) {
        ex_queue_push(worker, strand);
        return;
    }
    if (worker->local.running != NULL && !ex_strand_is(strand, EX_STRAND_PINNED)) {
        struct ex_strand *const before = worker->lifo;
        set_lifo(worker, strand);
        if (before == NULL) {
            return;
        }
        strand = before;
    }
    ex_ready_queue(worker, strand);
}

void ex_ready_wake_first(struct ex_worker *worker, struct ex_strand *root) {
    EX_ASSERT(!worker->is_shared && root != worker->local.running);
    if (!ex_strand_is(root, EX_STRAND_READY | EX_STRAND_RETURNED)) {
        ex_strand_set(root, EX_STRAND_READY);
        EX_OBSERVER_TELL(worker->observer, woken, root);
        ex_queue_push_first(worker, root);
    }
}

struct ex_strand *ex_ready_next(struct ex_worker *worker) {
    struct ex_strand *strand = worker->lifo;

    set_lifo(worker, NULL);
    if (strand != NULL && worker->lifo_streak < EX_READY_LIFO_MAX) {
        worker->lifo_streak++;
        return strand;
    }
    if (strand != NULL) {
        ex_worker_add(&worker->counters.lifo_cap_count, 1);
        ex_queue_push(worker, strand);
        count(worker, strand, 1);
    }
    worker->lifo_streak = 0;
    strand = ex_queue_pop(worker);
    if (strand != NULL) {
        count(worker, strand, (uint32_t)-1);
    }
    return strand;
}

/* ---- what others woke ---- */

void ex_ready_hear(struct ex_strand *root) {
    const uint8_t requests = __atomic_exchange_n(&root->requests, 0, __ATOMIC_RELAXED);

    if ((requests & EX_STRAND_REQUEST_CANCEL) != 0) {
        ex_strand_set(root, EX_STRAND_CANCEL);
    }
    if ((requests & EX_STRAND_REQUEST_CANCEL_ONCE) != 0 &&
        !ex_strand_is(root, EX_STRAND_CANCELED)) {
        ex_strand_set(root, EX_STRAND_CANCEL);
    }
    if ((requests & EX_STRAND_REQUEST_WAKE_ALL) != 0) {
        ex_strand_set(root, EX_STRAND_WAKE_ALL);
    }
}

static struct ex_strand *reversed(struct ex_strand *list) {
    struct ex_strand *result = NULL;

    while (list != NULL) {
        struct ex_strand *const rest = list->link;
        list->link = result;
        result = list;
        list = rest;
    }
    return result;
}

/* Inside the bracket it is not resumed elsewhere between becoming ready and the end of its signal:
 * a wake that finds the signal set is still seen by a resume. What is requested of it is heard
 * after that end, for who finds the signal set requests nothing more. */
void ex_ready_deliver(struct ex_worker *worker, struct ex_strand *root) {
    const bool is_own = __atomic_load_n(&root->owner, __ATOMIC_ACQUIRE) == worker->id;
    /* What has returned may be free memory by now, which its worker spawns from outside the
     * bracket. */
    const bool is_alive =
        is_own && (root->state & (EX_STRAND_LIVE | EX_STRAND_RETURNED)) == EX_STRAND_LIVE;

    if (is_alive) {
        ex_worker_add(&worker->counters.remote_count, 1);
        ex_ready_wake(worker, root);
    }
    const uint8_t signal = __atomic_exchange_n(&root->signal, 0, __ATOMIC_ACQ_REL);
    if ((signal & EX_STRAND_SIGNAL_FREED) != 0) {
        ex_crew_free(root);
    } else if (!is_own) {
        ex_crew_wake(root, 0);
    } else if (is_alive) {
        ex_ready_hear(root);
    }
}

bool ex_ready_drain_slowly(struct ex_worker *worker) {
    ex_ready_enter(worker);
    /* First woken, first ready. */
    struct ex_strand *list = reversed(__atomic_exchange_n(&worker->remote, NULL, __ATOMIC_ACQUIRE));
    while (list != NULL) {
        struct ex_strand *const root = list;
        list = root->link;
        ex_ready_deliver(worker, root);
    }
    ex_ready_leave(worker);
    return true;
}
