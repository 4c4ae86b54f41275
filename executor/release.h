/* The end of a task: its memory becomes free for another.
 *
 *   local                                  ──► free: plain words
 *   at home (spawned, run and ended here)  ──► free: its own words alone, no locked instruction
 *   else                                   ──► its slab's worker owns it ─► free, or, if it stands
 *                                              in a list, freed by who takes it off
 *
 * No worker but the one at home finds a task that ended at home to be its own, whatever lists it
 * stands in: for it was that one's when it ended, and stays so. That worker finds no task there, or
 * another one of its own, which may be woken. Elsewhere an owner changes, and a list may have been
 * chosen by the one before; executor/crew.h says what follows.
 *
 * Threads: any, if the task has returned and nobody else has its handle.
 */
#ifndef EXECUTOR_RELEASE_H
#define EXECUTOR_RELEASE_H

#include "executor/slot.h"

/* Of a task that only its own thread handles. */
static inline void ex_release_plain(struct ex_strand *root) {
    ex_worker_add_identity(&root->identity, EX_STRAND_IDENTITY(1, 0));
    root->state = EX_STRAND_RETURNED;
    ex_slab_free(root);
}

/* A task whose last worker, whose slot's, and the calling one are the same. */
static inline bool ex_release_is_at_home(const struct ex_strand *root) {
    const struct ex_worker *const worker = ex_worker_self;

    return worker != NULL && worker->is_shared && ex_slab_of(root)->owner == worker &&
           __atomic_load_n(&root->owner, __ATOMIC_RELAXED) == worker->id;
}

/* The task is gone: wakes that come from now on do nothing. From any thread. `state` stays: a drain
 * may be reading it. */
static inline void ex_release_end(struct ex_strand *root) {
    struct ex_frame **const up = ex_slot_word(root);
    const uintptr_t shared = (uintptr_t)__atomic_load_n(up, __ATOMIC_RELAXED) & EX_TASK_UP_SHARED;

    __atomic_store_n(up, ex_slot_up_of(EX_TASK_UP_RELEASED | shared), __ATOMIC_RELAXED);
    __atomic_store_n(&root->generation, (uint16_t)(root->generation + 1), __ATOMIC_RELAXED);
}

static inline void ex_release_at_home(struct ex_strand *root) {
    ex_release_end(root);
    ex_slab_free(root);
}

void ex_release_slowly(struct ex_strand *root);

static inline void ex_release(struct ex_strand *root) {
    if (__builtin_expect(ex_slot_is_local(root), 1)) {
        ex_release_plain(root);
    } else if (ex_release_is_at_home(root) && ex_worker_self->observer == NULL) {
        ex_release_at_home(root);
    } else {
        ex_release_slowly(root);
    }
}

#endif
