/* An event: set or not. While it is set nobody waits; who waits when it is set goes on.
 *
 *   clear ──set──► set ──clear──► clear           a wait that began before a set ends, also when
 *                                                 the event is cleared before the waiter runs
 *
 * Memory:  it is its user's; nothing is allocated.
 * Errors:  -ECANCELED from ex_event_wait.
 * Threads: ex/wait.h.
 */
#ifndef EXECUTOR_INCLUDE_EX_EVENT_H
#define EXECUTOR_INCLUDE_EX_EVENT_H

#include <ex/wait.h>

struct ex_event {
    struct ex_wait_queue queue;
    bool is_set; /* then nobody waits */
    struct ex_wait_guard guard;
};

/* Clear at first. */
EX_PUBLIC void ex_event_init(struct ex_event *event, enum ex_wait_kind kind);

/* Panics when somebody waits. */
EX_PUBLIC void ex_event_deinit(struct ex_event *event);

/* Awaitable: 0, it is or was set; -ECANCELED. */
struct ex_event_wait {
    struct ex_frame frame;
    struct ex_event *event;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *ex_event_wait(struct ex_event_wait *self, struct ex_event *event);

EX_PUBLIC void ex_event_set(struct ex_event *event);
EX_PUBLIC void ex_event_clear(struct ex_event *event);
EX_PUBLIC bool ex_event_is_set(struct ex_event *event);

#ifndef EX_SMALL
EX_PUBLIC void ex_event_wait_blocking(struct ex_event *event);
#endif

#endif
