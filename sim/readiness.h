/* Who is told when a file becomes ready: epoll, and threads in poll() (sim/poll.h).
 *
 *   readiness_notify(file, events) ─┬─► poll: the thread wakes and looks again
 *                                   └─► epoll item: appended to its instance's ready list; one
 *                                       thread in epoll_wait wakes, and whoever watches the
 *                                       instance itself
 *
 * Epoll is Linux's (fs/eventpoll.c): an item is bound to (open file, number) and goes with the
 * file, not with the number; epoll_wait looks at each item of the ready list again, keeps level-
 * triggered ones at its end, and what was not looked at stays at its front. Differs: no limit on
 * the number of wake-up paths.
 *
 * Memory:      watches and instances in the world's arena, linked by index.
 * Limits:      WATCHES_MAX, READINESS_INSTANCES_MAX; nesting as in Linux (-ELOOP).
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a file's watches are told newest first, exclusive ones last and in order of arrival.
 */
#ifndef SIM_READINESS_H
#define SIM_READINESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "sim/arena.h"
#include "sim/descriptor.h"
#include "sim/file.h"
#include "sim/schedule.h"
#include "sim/watch.h"

#define READINESS_INSTANCES_MAX 65536u

struct readiness {
    struct watches watches;
    struct pool instances;
    struct files *files;
    struct descriptors *descriptors;
    struct schedule *schedule;
};

uint64_t readiness_arena_size(void);

/* Once. Registers FILE_EPOLL. */
void readiness_init(struct readiness *readiness,
                    struct arena *arena,
                    struct descriptors *descriptors);

/* Starts a run. */
void readiness_begin(struct readiness *readiness);

/* What poll() would see of a file may have changed in these events. */
void readiness_notify(struct readiness *readiness, uint32_t file, uint32_t events);

/* epoll_create1(): a number, -ENFILE, -EMFILE. */
int64_t readiness_open(struct readiness *readiness, uint64_t limit, bool close_on_exec);

/* epoll_ctl() on the files behind two numbers; event is NULL for EPOLL_CTL_DEL. */
int64_t readiness_control(struct readiness *readiness,
                          uint32_t epoll,
                          int operation,
                          int32_t number,
                          uint32_t target,
                          const struct epoll_event *event);

/* epoll_wait(): how many events were stored; 0 at the deadline; -EINTR. */
int64_t readiness_wait(struct readiness *readiness,
                       uint32_t epoll,
                       struct epoll_event *events,
                       int count_max,
                       uint64_t deadline_ns,
                       const void *site);

#endif
