/* Calls the observer of a watched scheduler (ex/observer.h).
 *
 * Threads: as the observer's functions say.
 */
#ifndef EXECUTOR_WATCH_H
#define EXECUTOR_WATCH_H

#include <ex/observer.h>
#include <stddef.h>

struct ex_strand;

static inline const struct ex_task *ex_watch_task(const struct ex_strand *root) {
    return (const struct ex_task *)(const void *)root;
}

/* ex_watch(observer, observer->resumed, root): nothing when nobody observes that. */
static inline void ex_watch(const struct ex_observer *observer,
                            void (*told)(void *context, const struct ex_task *task),
                            const struct ex_strand *root) {
    if (told != NULL) {
        told(observer->context, ex_watch_task(root));
    }
}

/* EX_WATCH(worker->observer, resumed, root): also nothing when nobody observes at all. */
#define EX_WATCH(observer, event, root)                                                            \
    do {                                                                                           \
        if ((observer) != NULL) {                                                                  \
            ex_watch((observer), (observer)->event, (root));                                       \
        }                                                                                          \
    } while (0)

#endif
