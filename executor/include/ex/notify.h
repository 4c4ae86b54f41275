/* A notification: "look again". Wakes one that waits, or all; one for nobody is remembered.
 *
 *   waiter: while (!condition) { EX_AWAIT(ex_notify_wait(&self->wait, notify)); … }
 *   other:  condition = true; ex_notify_one(notify);
 *
 *     ex_notify_one │ somebody waits: the first of them goes on
 *                   │ nobody does:    one permit is stored, never more; the next wait takes it
 *     ex_notify_all │ all that wait go on; nothing is stored
 *
 * A notification given to one that is cancelled before it went on is passed on: to the next that
 * waits, else it is stored.
 *
 * Memory:  it is its user's; nothing is allocated.
 * Errors:  -ECANCELED from ex_notify_wait.
 * Threads: ex/wait.h.
 */
#ifndef EXECUTOR_INCLUDE_EX_NOTIFY_H
#define EXECUTOR_INCLUDE_EX_NOTIFY_H

#include <ex/wait.h>

struct ex_notify {
    struct ex_wait_queue queue;
    bool is_stored; /* then nobody waits */
    struct ex_wait_guard guard;
};

EX_PUBLIC void ex_notify_init(struct ex_notify *notify, enum ex_wait_kind kind);

/* Panics when somebody waits. */
EX_PUBLIC void ex_notify_deinit(struct ex_notify *notify);

/* Awaitable: 0, notified; -ECANCELED. Stands in the queue from when it is awaited. */
struct ex_notify_wait {
    struct ex_frame frame;
    struct ex_notify *notify;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *ex_notify_wait(struct ex_notify_wait *self, struct ex_notify *notify);

EX_PUBLIC void ex_notify_one(struct ex_notify *notify);
EX_PUBLIC void ex_notify_all(struct ex_notify *notify);

#ifndef EX_SMALL
EX_PUBLIC void ex_notify_wait_blocking(struct ex_notify *notify);
#endif

#endif
