#include "executor/ready.h"

void ex_ready_enter_slowly(struct ex_worker *worker) {
#ifdef EX_SMALL
    (void)worker;
#else
    do {
        __atomic_store_n(&worker->busy, 0, __ATOMIC_RELEASE);
        pthread_mutex_lock(&worker->theft); /* the thief holds it as long as its flag is up */
        __atomic_store_n(&worker->busy, 1, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&worker->theft);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    } while (__atomic_load_n(&worker->thief, __ATOMIC_ACQUIRE) != 0);
#endif
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

static void deliver(struct ex_worker *worker, struct ex_strand *root) {
    const uint8_t requests = __atomic_exchange_n(&root->requests, 0, __ATOMIC_RELAXED);

    if (!ex_strand_is(root, EX_STRAND_LIVE)) {
        return; /* the wake came too late */
    }
    if ((requests & EX_STRAND_REQUEST_CANCEL) != 0) {
        ex_strand_set(root, EX_STRAND_CANCEL);
    }
    if ((requests & EX_STRAND_REQUEST_WAKE_ALL) != 0) {
        ex_strand_set(root, EX_STRAND_WAKE_ALL);
    }
    ex_ready_wake(worker, root);
}

bool ex_ready_drain(struct ex_worker *worker) {
    if (__atomic_load_n(&worker->remote, __ATOMIC_RELAXED) == NULL) {
        return false;
    }
    /* First woken, first ready. */
    struct ex_strand *list = reversed(__atomic_exchange_n(&worker->remote, NULL, __ATOMIC_ACQUIRE));
    while (list != NULL) {
        struct ex_strand *const root = list;
        list = root->link;
        __atomic_exchange_n(&root->signal, 0, __ATOMIC_ACQ_REL);
        deliver(worker, root);
    }
    return true;
}
