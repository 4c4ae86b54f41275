/* Something that is to be done once, by whoever comes first; the others wait until it is.
 *
 *   EX_AWAIT(ex_once_enter(&self->enter, once));
 *   if (value == EX_ONCE_YOURS) {
 *       … with awaits …
 *       is_good ? ex_once_complete(once) : ex_once_give_up(once);
 *   }
 *
 *     new ──enter──► begun ──complete──► done: every enter returns 0 at once
 *      ▲               └──give_up──► the first that waits gets EX_ONCE_YOURS
 *      └───────────────────── nobody waits ──┘
 *
 * Memory:  it is its user's; nothing is allocated.
 * Errors:  -ECANCELED from ex_once_enter: it is not the caller's to do.
 * Threads: ex/wait.h. What was written before complete is seen after an enter that returned 0.
 */
#ifndef EXECUTOR_INCLUDE_EX_ONCE_H
#define EXECUTOR_INCLUDE_EX_ONCE_H

#include <ex/wait.h>

enum { EX_ONCE_YOURS = 1 };

enum ex_once_state { EX_ONCE_NEW, EX_ONCE_BEGUN, EX_ONCE_DONE };

struct ex_once {
    struct ex_wait_queue queue; /* only while EX_ONCE_BEGUN */
    uint32_t state;             /* enum ex_once_state */
    struct ex_wait_guard guard;
};

EX_PUBLIC void ex_once_init(struct ex_once *once, enum ex_wait_kind kind);

/* Panics while it is begun. */
EX_PUBLIC void ex_once_deinit(struct ex_once *once);

/* Awaitable: 0, it is done; EX_ONCE_YOURS, the caller is to do it; -ECANCELED. */
struct ex_once_enter {
    struct ex_frame frame;
    struct ex_once *once;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *ex_once_enter(struct ex_once_enter *self, struct ex_once *once);

/* Both by whom it was given to; panic when it is not begun. */
EX_PUBLIC void ex_once_complete(struct ex_once *once);
EX_PUBLIC void ex_once_give_up(struct ex_once *once);

/* One load. */
EX_PUBLIC bool ex_once_is_done(const struct ex_once *once);

#ifndef EX_SMALL
/* 0 or EX_ONCE_YOURS. */
EX_PUBLIC int ex_once_enter_blocking(struct ex_once *once);
#endif

#endif
