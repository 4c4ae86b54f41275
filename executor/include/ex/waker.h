/* Wakes: how somebody tells a strand that what it waits for may have happened.
 *
 *   the one who waits                              the one who wakes
 *   1. put a waker where the other finds it        1. make the condition true
 *   2. look at the condition once more             2. take the waker, wake it
 *   3. EX_SUSPEND(), and look again when resumed
 *
 * Memory:  a waker is two words and owns nothing; copy it freely. It may outlive its task, but must
 *          not be woken after its scheduler's end, nor when it is all zero.
 * Threads: any; a wake from another thread is one exchange, and if that found the strand not woken
 *          yet, a push to its worker's list.
 */
#ifndef EXECUTOR_INCLUDE_EX_WAKER_H
#define EXECUTOR_INCLUDE_EX_WAKER_H

#include <ex/local.h>

struct ex_waker {
    struct ex_strand *root;
    uint32_t life; /* the root's identity, then; or its generation with EX_WAKER_BRANCH */
};

/* Beside a generation, where no root has an owner: the root resumes each of its branches, since
 * which it was may be gone. */
#define EX_WAKER_BRANCH EX_STRAND_OWNER_BRANCH

static inline __attribute__((always_inline)) struct ex_waker ex_waker_of(struct ex_strand *strand) {
    if (EX_LOCAL_SELDOM(strand->owner == EX_STRAND_OWNER_BRANCH)) {
        struct ex_strand *const root = ((struct ex_branch *)(void *)strand)->root;
        return (struct ex_waker){root, EX_STRAND_IDENTITY(root->generation, EX_WAKER_BRANCH)};
    }
    return (struct ex_waker){strand, strand->identity};
}

/* The same, put there: for who waits has the strand in a register, and needs it once more. */
static inline __attribute__((always_inline)) void ex_waker_put(struct ex_waker *waker,
                                                               struct ex_strand *strand) {
    waker->root = strand;
    waker->life = strand->identity;
    if (EX_LOCAL_SELDOM((uint16_t)waker->life == EX_STRAND_OWNER_BRANCH)) {
        *waker = ex_waker_of(strand);
    }
}

/* The root's identity is another by now. */
static inline bool ex_waker_is_late(struct ex_waker waker) {
#ifdef EX_LOCAL_PLAIN_LOOKS
    bool is_late;

    __asm__ volatile("cmpl %2, %1"
                     : "=@ccne"(is_late)
                     : "m"(waker.root->identity), "r"(waker.life)
                     : "memory");
    return is_late;
#else
    return __atomic_load_n(&waker.root->identity, __ATOMIC_ACQUIRE) != waker.life;
#endif
}

/* Both for any strand and thread, whatever the calling one is. */
EX_PUBLIC bool ex_waker_wake_slowly(ex_local_word root, ex_local_word life);
EX_PUBLIC void ex_waker_wake_strand_slowly(ex_local_word strand);

/* False, and nothing happens, when the task had ended. */
static inline bool ex_waker_wake(struct ex_waker waker) {
    struct ex_local *const local = ex_local_self;

    if (EX_LOCAL_SELDOM(ex_waker_is_late(waker) || (uint16_t)waker.life != local->owner)) {
        return ex_waker_wake_slowly(ex_local_pass((uintptr_t)waker.root),
                                    ex_local_pass(waker.life));
    }
    ex_local_wake(local, waker.root);
    return true;
}

/* Wakes just this strand. It must be alive until the call returns: its leaf has to wait for the
 * caller before it can return, as when it must take a lock that the caller holds, or lives on this
 * thread. */
static inline void ex_waker_wake_strand(struct ex_strand *strand) {
    struct ex_local *const local = ex_local_self;

    if (EX_LOCAL_SELDOM(__atomic_load_n(&strand->owner, __ATOMIC_ACQUIRE) != local->owner)) {
        ex_waker_wake_strand_slowly(ex_local_pass((uintptr_t)strand));
    } else {
        ex_local_wake(local, strand);
    }
}

#endif
