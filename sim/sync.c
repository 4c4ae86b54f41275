#include "sim/sync.h"

#include <errno.h>
#include <stddef.h>

#include "sim/panic.h"

_Static_assert(offsetof(struct sync_mutex, kind) == 16, "where glibc's initialisers put it");
_Static_assert(sizeof(struct sync_mutex) <= 40, "fits in pthread_mutex_t");
_Static_assert(sizeof(struct sync_cond) <= 48, "fits in pthread_cond_t");

#define KIND_MASK 3u

static void
announce(struct schedule *schedule, enum point_kind kind, uint32_t *object, const void *site) {
    if (*object == 0) {
        *object = schedule_object(schedule);
    }
    const struct point point = {.kind = (uint16_t)kind,
                                .write = 1,
                                .object = *object,
                                .site = site};
    schedule_point(schedule, &point);
}

void sync_mutex_init(struct sync_mutex *mutex, enum sync_kind kind) {
    *mutex = (struct sync_mutex){.kind = kind};
}

int sync_mutex_destroy(struct sync_mutex *mutex) {
    if (mutex->holder != 0) {
        return EBUSY;
    }
    mutex->object = 0;
    return 0;
}

/* The effect of a lock on a mutex that may be held: 0, EBUSY, or another refusal. */
static int acquire(struct sync_mutex *mutex, uint32_t self) {
    const uint32_t kind = mutex->kind & KIND_MASK;
    if (mutex->holder == 0) {
        mutex->holder = self;
        mutex->count = 1;
        return 0;
    }
    if (mutex->holder == self && kind == SYNC_RECURSIVE) {
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
                     enum point_kind kind,
                     const void *site) {
    const uint32_t self = schedule_running(schedule)->id;
    const struct wait_cause cause = {.kind = (uint16_t)kind,
                                     .object = mutex->object,
                                     .holder = &mutex->holder,
                                     .site = site};
    int result = acquire(mutex, self);
    while (result == EBUSY) {
        const enum wake_reason reason = schedule_wait(schedule, &mutex->queue, deadline_ns, &cause);
        result = acquire(mutex, self);
        if (result == EBUSY && reason == WAKE_TIMEOUT) {
            return ETIMEDOUT;
        }
    }
    return result;
}

int sync_mutex_lock(struct schedule *schedule,
                    struct sync_mutex *mutex,
                    uint64_t deadline_ns,
                    const void *site) {
    announce(schedule, POINT_LOCK, &mutex->object, site);
    int result = EDEADLK;
    if ((mutex->kind & KIND_MASK) != SYNC_ERRORCHECK ||
        mutex->holder != schedule_running(schedule)->id) {
        result = lock_wait(schedule, mutex, deadline_ns, POINT_LOCK, site);
    }
    schedule_event(schedule, POINT_LOCK, mutex->object, result, site);
    return result;
}

int sync_mutex_trylock(struct schedule *schedule, struct sync_mutex *mutex, const void *site) {
    announce(schedule, POINT_TRYLOCK, &mutex->object, site);
    const int result = acquire(mutex, schedule_running(schedule)->id);
    schedule_event(schedule, POINT_TRYLOCK, mutex->object, result, site);
    return result;
}

/* Gives the mutex up; all waiters compete for it. */
static void release(struct schedule *schedule, struct sync_mutex *mutex) {
    mutex->holder = 0;
    mutex->count = 0;
    schedule_wake(schedule, &mutex->queue, UINT32_MAX);
}

static int unlock_refusal(const struct schedule *schedule, const struct sync_mutex *mutex) {
    const uint32_t kind = mutex->kind & KIND_MASK;
    const bool checks = kind == SYNC_RECURSIVE || kind == SYNC_ERRORCHECK;
    return checks && mutex->holder != schedule_running(schedule)->id ? EPERM : 0;
}

int sync_mutex_unlock(struct schedule *schedule, struct sync_mutex *mutex, const void *site) {
    announce(schedule, POINT_UNLOCK, &mutex->object, site);
    const int result = unlock_refusal(schedule, mutex);
    if (result == 0) {
        if (mutex->count > 1) {
            mutex->count--;
        } else {
            release(schedule, mutex);
        }
    }
    schedule_event(schedule, POINT_UNLOCK, mutex->object, result, site);
    return result;
}

void sync_cond_init(struct sync_cond *cond, uint32_t clock) {
    *cond = (struct sync_cond){.clock = clock};
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

int sync_cond_wait(struct schedule *schedule,
                   struct sync_cond *cond,
                   struct sync_mutex *mutex,
                   uint64_t deadline_ns,
                   const void *site) {
    announce(schedule, POINT_WAIT, &cond->object, site);
    int result = unlock_refusal(schedule, mutex);
    if (result == 0) {
        const uint32_t count = mutex->count;
        release(schedule, mutex);
        const struct wait_cause cause = {.kind = POINT_WAIT,
                                         .object = cond->object,
                                         .holder = NULL,
                                         .site = site};
        if (spurious(schedule, site)) {
            const struct point point = {.kind = POINT_YIELD, .site = site};
            schedule_yield(schedule, &point);
        } else {
            cond->waiters++;
            const enum wake_reason reason =
                schedule_wait(schedule, &cond->queue, deadline_ns, &cause);
            cond->waiters--;
            result = reason == WAKE_TIMEOUT ? ETIMEDOUT : 0;
        }
        const int locked = lock_wait(schedule, mutex, AGENDA_NEVER, POINT_LOCK, site);
        ASSERT(locked == 0);
        mutex->count = count;
    }
    schedule_event(schedule, POINT_WAIT, cond->object, result, site);
    return result;
}

int sync_cond_signal(struct schedule *schedule, struct sync_cond *cond, const void *site) {
    announce(schedule, POINT_SIGNAL, &cond->object, site);
    const uint32_t woken = schedule_wake(schedule, &cond->queue, 1);
    schedule_event(schedule, POINT_SIGNAL, cond->object, woken, site);
    return 0;
}

int sync_cond_broadcast(struct schedule *schedule, struct sync_cond *cond, const void *site) {
    announce(schedule, POINT_BROADCAST, &cond->object, site);
    const uint32_t woken = schedule_wake(schedule, &cond->queue, UINT32_MAX);
    schedule_event(schedule, POINT_BROADCAST, cond->object, woken, site);
    return 0;
}
