#include "executor/handle.h"

#include "executor/ready.h"
#ifndef EX_SMALL
#include "executor/steal.h"
#endif

uintptr_t ex_handle_return(struct ex_strand *root) {
    struct ex_frame **const up = ex_slot_word(root);
    const struct ex_frame *const before = __atomic_load_n(up, __ATOMIC_ACQUIRE);
    const uintptr_t word = (uintptr_t)before;
    struct ex_frame *const returned = ex_slot_up_of(EX_TASK_UP_RETURNED | EX_TASK_UP_SHARED);

    if (ex_slot_word_of(before) == EX_TASK_UP_DETACHED) {
        return EX_TASK_UP_DETACHED; /* nobody else will ever look at it */
    }
    if ((word & EX_TASK_UP_SHARED) == 0) {
        *up = ex_slot_up_of(EX_TASK_UP_RETURNED);
        return word;
    }
    if ((word & EX_TASK_UP_OWN) != 0) {
        __atomic_store_n(up, returned, __ATOMIC_RELEASE);
        return ex_slot_word_of(before);
    }
    return ex_slot_word_of(__atomic_exchange_n(up, returned, __ATOMIC_ACQ_REL));
}

/* By the one thread that handles the task. */
static uintptr_t replace_plainly(struct ex_frame **up, uintptr_t expected, uintptr_t word) {
    const uintptr_t before = (uintptr_t)*up;

    if (before == expected) {
        *up = ex_slot_up_of(word);
    }
    return before;
}

#ifndef EX_SMALL
/* True when the word was the calling worker's own: what stood there is given. */
static bool replace_own(struct ex_strand *root, uintptr_t *expected, uintptr_t word) {
    struct ex_worker *const worker = ex_worker_self;
    struct ex_frame **const up = ex_slot_word(root);
    bool is_own = false;

    if (worker == NULL || !worker->is_shared) {
        return false;
    }
    ex_ready_enter_shared(worker);
    if (__atomic_load_n(&root->owner, __ATOMIC_ACQUIRE) == worker->id) {
        const struct ex_frame *const before = __atomic_load_n(up, __ATOMIC_RELAXED);
        is_own = ((uintptr_t)before & EX_TASK_UP_OWN) != 0;
        if (is_own && ex_slot_word_of(before) == *expected) {
            word |= EX_TASK_UP_SHARED | EX_TASK_UP_OWN;
            __atomic_store_n(up, ex_slot_up_of(word), __ATOMIC_RELAXED);
        }
        *expected = ex_slot_word_of(before);
    }
    ex_ready_leave_shared(worker);
    return is_own;
}

/* As long as the word is its owner's, the task's owner is a worker, which a thief may change. */
static void share_from_outside(struct ex_strand *root) {
    struct ex_frame **const up = ex_slot_word(root);

    while (((uintptr_t)__atomic_load_n(up, __ATOMIC_ACQUIRE) & EX_TASK_UP_OWN) != 0) {
        const uint16_t id = __atomic_load_n(&root->owner, __ATOMIC_ACQUIRE);
        if (id >= EX_WORKER_COUNT_MAX) {
            continue; /* queued for all since that look */
        }
        struct ex_worker *const owner = __atomic_load_n(&ex_worker_of[id], __ATOMIC_ACQUIRE);
        EX_REQUIRE(owner != NULL, "a task's handle is used after its scheduler was destroyed");
        ex_steal_freeze(owner);
        if (__atomic_load_n(&root->owner, __ATOMIC_RELAXED) == id) {
            ex_slot_share(root);
        }
        ex_steal_thaw(owner);
    }
}

#endif

uintptr_t ex_handle_replace(struct ex_strand *root, uintptr_t expected, uintptr_t word) {
    struct ex_frame **const up = ex_slot_word(root);
    const uintptr_t shared =
        (uintptr_t)__atomic_load_n(up, __ATOMIC_RELAXED) & EX_TASK_UP_SHARED; /* stays */

    if (ex_slot_is_local(root)) {
        return replace_plainly(up, expected, word);
    }
#ifndef EX_SMALL
    uintptr_t seen = expected;
    if (replace_own(root, &seen, word)) {
        return seen;
    }
    if (shared != 0) {
        share_from_outside(root);
    }
#endif
    struct ex_frame *before = ex_slot_up_of(expected | shared);
    __atomic_compare_exchange_n(up,
                                &before,
                                ex_slot_up_of(word | shared),
                                false,
                                __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    return ex_slot_word_of(before);
}
