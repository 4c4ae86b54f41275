/* What lies in a slot: a task, and the word where it and who holds its handle meet.
 *
 *   slot: [ struct ex_strand | outermost frame … ]
 *
 *   outermost frame's `up`, with bit 0 set:   1 nobody waits · 9 nobody will · 17 it has returned
 *                                             25 a shared one is gone · else a joiner's strand | 1
 *                            bit 1 as well:   other threads may handle the task, too
 *                            bit 2 alone:     none may; the joiner is a root that waits in a join
 *                            bit 2 beside 1:  but the word is its owner's (executor/handle.h)
 *   its `at`, once it has returned:           the result
 *
 * Words are without the bits that say who may handle the task, where nothing else is said.
 *
 * Threads: each function says.
 */
#ifndef EXECUTOR_SLOT_H
#define EXECUTOR_SLOT_H

#include "executor/worker.h"

struct ex_task {
    struct ex_strand strand;
};

_Static_assert(sizeof(struct ex_task) % 16 == 0, "the frame behind it is aligned to 16");

enum {                        /* beside those of ex/strand.h */
       EX_TASK_UP_SHARED = 2, /* bit 1, beside all else: the word is exchanged, never written */
       EX_TASK_UP_OWN = 4,    /* bit 2, beside bit 1: or by the owner, who writes it */
       EX_TASK_UP_RETURNED = 17,
       EX_TASK_UP_RELEASED = 25,
       EX_TASK_UP_JOINER_MIN = 32,
};

static inline struct ex_frame *ex_task_frame(struct ex_task *task) {
    return (struct ex_frame *)(void *)(task + 1);
}

static inline struct ex_task *ex_task_of(struct ex_strand *root) {
    return (struct ex_task *)(void *)root;
}

static inline struct ex_frame **ex_slot_word(struct ex_strand *root) {
    return &ex_task_frame(ex_task_of(root))->up;
}

static inline struct ex_frame *ex_slot_up_of(uintptr_t word) {
    return (struct ex_frame *)word;
}

static inline uintptr_t ex_slot_word_of(const struct ex_frame *up) {
    const uintptr_t word = (uintptr_t)up;

    return (word & EX_TASK_UP_SHARED) == 0
               ? word
               : word & ~(uintptr_t)(EX_TASK_UP_SHARED | EX_TASK_UP_OWN);
}

/* Only the calling thread handles the task, at any time. */
static inline bool ex_slot_is_local(const struct ex_strand *root) {
    return ex_slab_page_of(root)->local == ex_worker_self;
}

/* From any thread, with the handle. */
static inline uintptr_t ex_slot_load(struct ex_strand *root) {
    return ex_slot_word_of(__atomic_load_n(ex_slot_word(root), __ATOMIC_ACQUIRE));
}

/* The word becomes anybody's. By the owner inside its bracket, or who has frozen it. */
static inline void ex_slot_share(struct ex_strand *root) {
    struct ex_frame **const up = ex_slot_word(root);
    const uintptr_t word = (uintptr_t)__atomic_load_n(up, __ATOMIC_RELAXED);

    if ((word & EX_TASK_UP_OWN) != 0) {
        __atomic_store_n(up, ex_slot_up_of(word - EX_TASK_UP_OWN), __ATOMIC_RELAXED);
    }
}

#endif
