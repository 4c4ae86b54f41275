/* The reactor: where a scheduler learns that descriptors became ready.
 *
 *   a worker with nothing to do ──seat free──► epoll_wait ──► ex_source_tell ──► wakes
 *                └──seat taken──► its park                      ▲
 *   a worker with much to do ──every n-th turn, seat free──► epoll_wait, without waiting
 *
 * One reactor for each scheduler, made when its first descriptor is opened. At most one worker sits
 * in epoll_wait; the others wait in their parks. Whoever leaves the seat either comes back to it,
 * or begins to work: then one of those that idle is, or becomes, the watcher (executor/idle.h),
 * which takes the seat at its next look. So events wait for a task that does not give way no longer
 * than EX_IDLE_LOOK_NS while anybody idles.
 *
 * To end the wait of a worker one leaves a notice in its park and then, if it has a bell, rings it;
 * a worker that sits down takes the bell and then looks for a notice, before it waits.
 * Counterexample for the other order: (1) the worker finds no notice; (2) the notifier finds no
 * bell, and leaves one; (3) the worker takes the bell, and waits for ever.
 *
 * A bell may ring for whoever sat there before: (1) the notifier finds that A has the bell; (2) an
 * event ends A's wait, and B sits down; (3) the notifier rings. B gets up for nothing; A finds the
 * notice in its park. The bell is an eventfd that nobody reads: edge-triggered, each ring ends one
 * wait.
 *
 * Two in epoll_wait at one time would not be wrong, since events are hints (executor/source.h), but
 * both would get up for one event or one bell. The seat is given up only after the events were
 * told.
 *
 * Memory:  a page of the scheduler's for the sources, another for itself.
 * Errors:  negative errno values.
 * Threads: each function says.
 */
#ifndef EXECUTOR_REACTOR_H
#define EXECUTOR_REACTOR_H

#include "executor/crew.h"
#include "executor/source.h"

enum {
    EX_REACTOR_EVENTS_MAX = 64, /* fetched at one time */
    EX_REACTOR_TURNS = 4,       /* of a worker that is busy, between two looks at events */
};

struct ex_reactor {
    struct ex_source_pool sources;
    int epoll;
    int bell;
    uint8_t is_taken; /* the seat */
};

/* The scheduler's, made if it has none yet. From any thread for which a descriptor may be opened.
 * -ENOMEM, -EMFILE, -ENFILE. */
int ex_reactor_of(struct ex_scheduler *scheduler, struct ex_reactor **reactor);

/* Closes what is open still. No worker runs any more. */
void ex_reactor_destroy(struct ex_scheduler *scheduler);

/* Tells what became ready, without waiting; true when something did. By the worker's thread. */
bool ex_reactor_look_now(struct ex_reactor *reactor);

static inline bool ex_reactor_look(const struct ex_worker *worker) {
    struct ex_reactor *const reactor =
        __atomic_load_n(&worker->scheduler->reactor, __ATOMIC_ACQUIRE);

    return __builtin_expect(reactor != NULL, 0) && ex_reactor_look_now(reactor);
}

/* The same once in a few turns. */
static inline bool ex_reactor_turn(struct ex_worker *worker) {
    return ++worker->turn_count % EX_REACTOR_TURNS == 0 && ex_reactor_look(worker);
}

#endif
