/* Wakes: how somebody tells a strand that what it waits for may have happened.
 *
 *   the one who waits                              the one who wakes
 *   1. put a waker where the other finds it        1. make the condition true
 *   2. look at the condition once more             2. take the waker, wake it
 *   3. EX_SUSPEND(), and look again when resumed
 *
 * Memory:  a waker is two words and owns nothing; copy it freely. It may outlive its task.
 * Threads: any; a wake from another thread is one exchange, and if that found the strand not woken
 *          yet, a push to its worker's list.
 */
#ifndef EXECUTOR_INCLUDE_EX_WAKER_H
#define EXECUTOR_INCLUDE_EX_WAKER_H

#include <ex/strand.h>

struct ex_waker {
    struct ex_strand *root;
    uint32_t life; /* the root's generation, and EX_WAKER_BRANCH */
};

/* Beside a generation: the root resumes each of its branches, since which it was may be gone. */
#define EX_WAKER_BRANCH (UINT32_C(1) << 16)

static inline struct ex_waker ex_waker_of(struct ex_strand *strand) {
    if (__builtin_expect(ex_strand_is_branch(strand), 0)) {
        struct ex_strand *const root = ex_strand_root(strand);
        return (struct ex_waker){root, root->generation | EX_WAKER_BRANCH};
    }
    return (struct ex_waker){strand, strand->generation};
}

/* False, and nothing happens, when the task had ended. */
EX_PUBLIC bool ex_waker_wake(struct ex_waker waker);

/* Wakes just this strand. It must be alive until the call returns: its leaf has to wait for the
 * caller before it can return, as when it must take a lock that the caller holds, or lives on this
 * thread. */
EX_PUBLIC void ex_waker_wake_strand(struct ex_strand *strand);

#endif
