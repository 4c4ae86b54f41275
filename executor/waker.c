#include <ex/waker.h>

#include "executor/crew.h"
#include "executor/ready.h"

/* The strand's root is the calling worker's own: plain words. */
static inline bool is_own(const struct ex_strand *root) {
    const struct ex_worker *const worker = ex_worker_self;

    return worker != NULL && __atomic_load_n(&root->owner, __ATOMIC_RELAXED) == worker->id;
}

bool ex_waker_wake(struct ex_waker waker) {
    struct ex_strand *const root = waker.root;

    if (__atomic_load_n(&root->generation, __ATOMIC_RELAXED) != waker.generation) {
        return false;
    }
    struct ex_worker *const worker = ex_worker_self;
    if (worker != NULL) {
        ex_ready_enter(worker);
        if (is_own(root)) {
            if (waker.is_branch) {
                ex_strand_set(root, EX_STRAND_WAKE_ALL);
            }
            ex_ready_wake(worker, root);
            ex_ready_leave(worker);
            return true;
        }
        ex_ready_leave(worker);
    }
    ex_crew_wake(root, waker.is_branch ? EX_STRAND_REQUEST_WAKE_ALL : 0);
    return true;
}

void ex_waker_wake_strand(struct ex_strand *strand) {
    struct ex_strand *const root = ex_strand_root(strand);
    struct ex_worker *const worker = ex_worker_self;

    if (worker != NULL) {
        ex_ready_enter(worker);
        if (is_own(root)) {
            ex_ready_wake(worker, strand);
            ex_ready_leave(worker);
            return;
        }
        ex_ready_leave(worker);
    }
    ex_crew_wake(root, root != strand ? EX_STRAND_REQUEST_WAKE_ALL : 0);
}
