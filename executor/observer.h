/* Calls the observer of a watched scheduler (ex/observer.h).
 *
 * Threads: as the observer's functions say.
 */
#ifndef EXECUTOR_OBSERVER_H
#define EXECUTOR_OBSERVER_H

#include <ex/observer.h>
#include <stddef.h>

struct ex_strand;

static inline const struct ex_task *ex_observer_task(const struct ex_strand *root) {
    return (const struct ex_task *)(const void *)root;
}

/* ex_observer_tell(observer, observer->resumed, root): nothing when nobody observes that. */
static inline void ex_observer_tell(const struct ex_observer *observer,
                                    void (*told)(void *context, const struct ex_task *task),
                                    const struct ex_strand *root) {
    if (told != NULL) {
        told(observer->context, ex_observer_task(root));
    }
}

/* EX_OBSERVER_TELL(worker->observer, resumed, root): also nothing when nobody observes at all. */
#define EX_OBSERVER_TELL(observer, event, root)                                                    \
    do {                                                                                           \
        if ((observer) != NULL) {                                                                  \
            ex_observer_tell((observer), (observer)->event, (root));                               \
        }                                                                                          \
    } while (0)

#endif
