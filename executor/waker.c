#include <ex/waker.h>

#include "executor/crew.h"
#include "executor/ready.h"

/* The calling thread's worker, inside its bracket, if it owns the root; else NULL. */
static struct ex_worker *enter_as_owner(const struct ex_strand *root) {
    struct ex_worker *const worker = ex_worker_self;

    if (worker == NULL) {
        return NULL;
    }
    ex_ready_enter(worker);
    if (__atomic_load_n(&root->owner, __ATOMIC_ACQUIRE) == worker->id) {
        return worker;
    }
    ex_ready_leave(worker);
    return NULL;
}

bool ex_waker_wake_slowly(ex_local_word passed_root, ex_local_word passed_life) {
    struct ex_strand *const root = (struct ex_strand *)ex_local_passed(passed_root);
    const uint32_t life = (uint32_t)ex_local_passed(passed_life);
    const bool is_branch = (uint16_t)life == EX_WAKER_BRANCH;

    if (__atomic_load_n(&root->generation, __ATOMIC_RELAXED) != life >> 16) {
        return false;
    }
    struct ex_worker *const worker = enter_as_owner(root);
    if (worker == NULL) {
        ex_crew_wake(root, is_branch ? EX_STRAND_REQUEST_WAKE_ALL : 0);
        return true;
    }
    if (is_branch) {
        ex_strand_set(root, EX_STRAND_WAKE_ALL);
    }
    ex_ready_wake(worker, root);
    ex_ready_leave(worker);
    return true;
}

void ex_waker_wake_strand_slowly(ex_local_word passed) {
    struct ex_strand *const strand = (struct ex_strand *)ex_local_passed(passed);
    struct ex_strand *const root = ex_strand_root(strand);
    struct ex_worker *const worker = enter_as_owner(root);

    if (worker == NULL) {
        ex_crew_wake(root, root != strand ? EX_STRAND_REQUEST_WAKE_ALL : 0);
        return;
    }
    ex_ready_wake(worker, strand);
    ex_ready_leave(worker);
}
