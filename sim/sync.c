#include "sim/sync.h"

#include <errno.h>
#include <stddef.h>

#include "sim/causal.h"

_Static_assert(offsetof(struct sync_mutex, kind) == 16, "where glibc's initialisers put it");
_Static_assert(offsetof(struct sync_mutex, queue) == 24, "glibc leaves other bytes as they were");
_Static_assert(sizeof(struct sync_mutex) <= 40, "fits in pthread_mutex_t");
_Static_assert(offsetof(struct sync_cond, flags) == 36, "where glibc's initialiser puts them");
_Static_assert(sizeof(struct sync_cond) <= 48, "fits in pthread_cond_t");

#define KIND_DESTROYED UINT32_MAX
#define MUTEX "mutex"
#define COND "condition variable"

void sync_mutex_init(struct sync_mutex *mutex, enum sync_kind kind) {
    *mutex = (struct sync_mutex){.kind = kind};
}

int sync_mutex_destroy(struct sync_mutex *mutex) {
    if (mutex->holder != 0 || mutex->users != 0) {
        return EBUSY;
    }
    mutex->object = 0;
    mutex->kind = KIND_DESTROYED;
    return 0;
}

/* The effect of a lock on a mutex that may be held: 0, EBUSY, or another refusal. */
static int acquire(struct sync_mutex *mutex, uint32_t self) {
    if (mutex->kind > SYNC_ADAPTIVE) {
        return EINVAL;
    }
    if (mutex->holder == 0) {
        mutex->holder = self;
        mutex->count = 1;
        return 0;
    }
    if (mutex->holder == self && mutex->kind == SYNC_RECURSIVE) {
        if (mutex->count == UINT32_MAX) {
            return EAGAIN;
        }
        mutex->count++;
        return 0;
    }
    return EBUSY;
}

static int lock_wait(struct schedule *schedule,
                     struct sync_mutex *mutex,
                     uint64_t deadline_ns,
                     const void *site) {
    const uint32_t self = schedule_running(schedule)->id;
    const struct wait_cause cause = {.kind = POINT_LOCK,
                                     .object = mutex->object,
                                     .holder = &mutex->holder,
                                     .site = site};
    int result = acquire(mutex, self);
    while (result == EBUSY) {
        if (deadline_ns == OBJECT_DEADLINE_INVALID) {
            return EINVAL;
        }
        object_believe(schedule, MUTEX, &mutex->queue, site);
        const enum wake_reason reason = object_wait(schedule, &mutex->queue, deadline_ns, &cause);
        result = acquire(mutex, self);
        if (result == EBUSY && reason == WAKE_TIMEOUT) {
            return ETIMEDOUT;
        }
    }
    return result;
}

/* Counts a user whom a destruction would disturb; one that waits on a condition variable stays
 * one. */
static int count_user(struct schedule *schedule, struct sync_mutex *mutex, int result) {
    if (result == 0 && mutex->count == 1) {
        mutex->users++;
        causal_gets(schedule, mutex->object);
    }
    return result;
}

int sync_mutex_lock(struct schedule *schedule,
                    struct sync_mutex *mutex,
                    uint64_t deadline_ns,
                    const void *site) {
    object_announce(schedule, POINT_LOCK, MUTEX, &mutex->object, site);
    int result = EDEADLK;
    if (mutex->kind != SYNC_ERRORCHECK || mutex->holder != schedule_running(schedule)->id) {
        result = count_user(schedule, mutex, lock_wait(schedule, mutex, deadline_ns, site));
    }
    schedule_event(schedule, POINT_LOCK, mutex->object, result, site);
    return result;
}

int sync_mutex_trylock(struct schedule *schedule, struct sync_mutex *mutex, const void *site) {
    object_announce(schedule, POINT_TRYLOCK, MUTEX, &mutex->object, site);
    const int result = count_user(schedule, mutex, acquire(mutex, schedule_running(schedule)->id));
    schedule_event(schedule, POINT_TRYLOCK, mutex->object, result, site);
    return result;
}

/* Gives the mutex up; all waiters compete for it. */
static void release(struct schedule *schedule, struct sync_mutex *mutex, const void *site) {
    mutex->holder = 0;
    mutex->count = 0;
    causal_gives(schedule, mutex->object);
    object_wake(schedule, MUTEX, &mutex->queue, UINT32_MAX, site);
}

static int unlock_refusal(const struct schedule *schedule, const struct sync_mutex *mutex) {
    if (mutex->kind > SYNC_ADAPTIVE) {
        return EINVAL;
    }
    const bool checks = mutex->kind == SYNC_RECURSIVE || mutex->kind == SYNC_ERRORCHECK;
    return checks && mutex->holder != schedule_running(schedule)->id ? EPERM : 0;
}

int sync_mutex_unlock(struct schedule *schedule, struct sync_mutex *mutex, const void *site) {
    object_announce(schedule, POINT_UNLOCK, MUTEX, &mutex->object, site);
    const int result = unlock_refusal(schedule, mutex);
    if (result == 0) {
        if (mutex->count > 1) {
            mutex->count--;
        } else {
            mutex->users -= mutex->users > 0;
            release(schedule, mutex, site);
        }
    }
    schedule_event(schedule, POINT_UNLOCK, mutex->object, result, site);
    return result;
}

void sync_cond_init(struct sync_cond *cond, uint32_t flags) {
    *cond = (struct sync_cond){.flags = flags};
}

void sync_cond_destroy(struct schedule *schedule, struct sync_cond *cond, const void *site) {
    const struct wait_cause cause = {.kind = POINT_WAIT, .object = cond->object, .site = site};
    while (cond->waiters != 0) {
        object_believe(schedule, COND, &cond->destroyers, site);
        object_wait(schedule, &cond->destroyers, AGENDA_NEVER, &cause);
    }
    cond->object = 0;
}

static bool spurious(struct schedule *schedule, const void *site) {
    struct agent *self = schedule_running(schedule);
    return choices_chance(schedule->choices,
                          CHOICE_SPURIOUS,
                          self->node,
                          &self->decider,
                          site,
                          1,
                          SYNC_SPURIOUS_DENOMINATOR);
}

/* Sleeps until a signal or the deadline; does not touch the condition variable afterwards, which
 * may be destroyed as soon as nobody is inside. */
static int cond_sleep(struct schedule *schedule,
                      struct sync_cond *cond,
                      uint64_t deadline_ns,
                      const void *site) {
    const struct wait_cause cause = {.kind = POINT_WAIT, .object = cond->object, .site = site};
    object_believe(schedule, COND, &cond->queue, site);
    cond->waiters++;
    const enum wake_reason reason = object_wait(schedule, &cond->queue, deadline_ns, &cause);
    cond->waiters--;
    if (cond->waiters == 0) {
        object_wake(schedule, COND, &cond->destroyers, UINT32_MAX, site);
    }
    return reason == WAKE_TIMEOUT ? ETIMEDOUT : 0;
}

int sync_cond_wait(struct schedule *schedule,
                   struct sync_cond *cond,
                   struct sync_mutex *mutex,
                   uint64_t deadline_ns,
                   const void *site) {
    object_announce(schedule, POINT_WAIT, COND, &cond->object, site);
    const uint32_t object = cond->object;
    int result = unlock_refusal(schedule, mutex);
    if (result == 0) {
        if (mutex->count > 1) {
            mutex->count--;
        } else {
            release(schedule, mutex, site);
        }
        if (spurious(schedule, site)) {
            const struct point point = {.kind = POINT_YIELD, .site = site};
            schedule_yield(schedule, &point);
        } else {
            result = cond_sleep(schedule, cond, deadline_ns, site);
        }
        const int locked = lock_wait(schedule, mutex, AGENDA_NEVER, site);
        causal_gets(schedule, mutex->object);
        if (result == 0) {
            causal_gets(schedule, object);
        }
        result = locked != 0 ? locked : result;
    }
    schedule_event(schedule, POINT_WAIT, object, result, site);
    return result;
}

int sync_cond_signal(struct schedule *schedule, struct sync_cond *cond, const void *site) {
    object_announce(schedule, POINT_SIGNAL, COND, &cond->object, site);
    causal_gives(schedule, cond->object);
    const uint32_t woken = object_wake(schedule, COND, &cond->queue, 1, site);
    schedule_event(schedule, POINT_SIGNAL, cond->object, woken, site);
    return 0;
}

int sync_cond_broadcast(struct schedule *schedule, struct sync_cond *cond, const void *site) {
    object_announce(schedule, POINT_BROADCAST, COND, &cond->object, site);
    causal_gives(schedule, cond->object);
    const uint32_t woken = object_wake(schedule, COND, &cond->queue, UINT32_MAX, site);
    schedule_event(schedule, POINT_BROADCAST, cond->object, woken, site);
    return 0;
}
