#include "sim/rwlock.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "sim/causal.h"
#include "sim/panic.h"

_Static_assert(offsetof(struct rwlock, object) == 16, "where glibc leaves zero");
_Static_assert(offsetof(struct rwlock, kind) == 48, "where glibc's initialisers put it");
_Static_assert(sizeof(struct rwlock) <= 56, "fits in pthread_rwlock_t");

#define NOUN "read-write lock"

void rwlock_init(struct rwlock *lock, enum rwlock_kind kind) {
    *lock = (struct rwlock){.kind = kind};
}

int rwlock_destroy(struct rwlock *lock) {
    if (lock->object != 0 &&
        (lock->readers != 0 || lock->writer != 0 || lock->writers_waiting != 0)) {
        return EBUSY;
    }
    lock->object = 0;
    return 0;
}

static void
announce(struct schedule *schedule, struct rwlock *lock, enum point_kind kind, const void *site) {
    if (lock->object == 0) { /* what a constructor left that used it */
        rwlock_init(lock, (enum rwlock_kind)lock->kind);
    }
    object_announce(schedule, kind, NOUN, &lock->object, site);
}

static bool may_read(const struct rwlock *lock) {
    return lock->writer == 0 &&
           (lock->kind != RWLOCK_PREFERS_WRITERS || lock->writers_waiting == 0);
}

static bool may_write(const struct rwlock *lock) {
    return lock->writer == 0 && lock->readers == 0;
}

/* ---- who holds it, for reports: exact for as many readers as there is room for ---- */

static void readers_add(struct rwlock *lock, uint32_t self) {
    lock->readers++;
    if (lock->holder == 0) {
        lock->holder = self;
        return;
    }
    for (uint32_t i = 0; i < RWLOCK_OTHERS; i++) {
        if (lock->others[i] == 0) {
            lock->others[i] = self;
            return;
        }
    }
}

static void readers_remove(struct rwlock *lock, uint32_t self) {
    ASSERT(lock->readers > 0);
    lock->readers--;
    uint32_t *place = lock->holder == self ? &lock->holder : NULL;
    for (uint32_t i = 0; i < RWLOCK_OTHERS && place != &lock->holder; i++) {
        if (lock->others[i] == self) {
            place = &lock->others[i];
            break;
        }
    }
    if (place == &lock->holder) {
        uint32_t last = RWLOCK_OTHERS;
        while (last > 0 && lock->others[last - 1] == 0) {
            last--;
        }
        lock->holder = last > 0 ? lock->others[last - 1] : 0;
        place = last > 0 ? &lock->others[last - 1] : NULL;
    }
    if (place != NULL) {
        *place = 0;
    }
}

/* ---- taking it ---- */

static int take_read(struct schedule *schedule, struct rwlock *lock) {
    if (!may_read(lock)) {
        return EBUSY;
    }
    if (lock->readers == RWLOCK_READERS_MAX) {
        return EAGAIN;
    }
    readers_add(lock, schedule_running(schedule)->id);
    causal_gets(schedule, lock->object);
    return 0;
}

static int take_write(struct schedule *schedule, struct rwlock *lock) {
    if (!may_write(lock)) {
        return EBUSY;
    }
    lock->writer = lock->holder = schedule_running(schedule)->id;
    causal_gets(schedule, lock->object);
    causal_gets_after_readers(schedule, lock->object);
    return 0;
}

typedef int take_function(struct schedule *schedule, struct rwlock *lock);

/* Takes it as soon as that is possible: 0, ETIMEDOUT, or another refusal than EBUSY. */
static int take_or_wait(struct schedule *schedule,
                        struct rwlock *lock,
                        take_function *take,
                        uint64_t deadline_ns,
                        const void *site) {
    const bool writes = take == take_write;
    const struct wait_cause cause = {.kind = writes ? POINT_WRITE_LOCK : POINT_READ_LOCK,
                                     .object = lock->object,
                                     .holder = &lock->holder,
                                     .site = site};
    int result = take(schedule, lock);
    if (result == EBUSY) {
        lock->writers_waiting += writes;
        while (result == EBUSY) {
            struct wait_queue *queue = writes ? &lock->write_queue : &lock->read_queue;
            object_believe(schedule, NOUN, queue, site);
            const enum wake_reason reason = object_wait(schedule, queue, deadline_ns, &cause);
            result = take(schedule, lock);
            result = result == EBUSY && reason == WAKE_TIMEOUT ? ETIMEDOUT : result;
        }
        lock->writers_waiting -= writes;
    }
    if (result == ETIMEDOUT && may_read(lock)) { /* readers may have waited for this writer */
        object_wake(schedule, NOUN, &lock->read_queue, UINT32_MAX, site);
    }
    return result;
}

static int lock_until(struct schedule *schedule,
                      struct rwlock *lock,
                      take_function *take,
                      uint64_t deadline_ns,
                      const void *site) {
    const enum point_kind kind = take == take_write ? POINT_WRITE_LOCK : POINT_READ_LOCK;
    announce(schedule, lock, kind, site);
    int result = EDEADLK;
    if (lock->writer != schedule_running(schedule)->id) {
        result = take_or_wait(schedule, lock, take, deadline_ns, site);
    }
    schedule_event(schedule, kind, lock->object, result, site);
    return result;
}

int rwlock_read(struct schedule *schedule,
                struct rwlock *lock,
                uint64_t deadline_ns,
                const void *site) {
    return lock_until(schedule, lock, take_read, deadline_ns, site);
}

int rwlock_write(struct schedule *schedule,
                 struct rwlock *lock,
                 uint64_t deadline_ns,
                 const void *site) {
    return lock_until(schedule, lock, take_write, deadline_ns, site);
}

static int
try_lock(struct schedule *schedule, struct rwlock *lock, take_function *take, const void *site) {
    announce(schedule, lock, POINT_TRYLOCK, site);
    const int result = take(schedule, lock);
    schedule_event(schedule, POINT_TRYLOCK, lock->object, result, site);
    return result;
}

int rwlock_try_read(struct schedule *schedule, struct rwlock *lock, const void *site) {
    return try_lock(schedule, lock, take_read, site);
}

int rwlock_try_write(struct schedule *schedule, struct rwlock *lock, const void *site) {
    return try_lock(schedule, lock, take_write, site);
}

/* ---- giving it up ---- */

int rwlock_unlock(struct schedule *schedule, struct rwlock *lock, const void *site) {
    announce(schedule, lock, POINT_UNLOCK, site);
    const uint32_t self = schedule_running(schedule)->id;
    int result = 0;
    if (lock->writer == self) {
        lock->writer = lock->holder = 0;
        causal_gives(schedule, lock->object);
    } else if (lock->writer == 0 && lock->readers > 0) {
        readers_remove(lock, self);
        causal_gives_as_reader(schedule, lock->object);
    } else {
        result = EPERM;
    }
    if (result == 0 && may_write(lock)) {
        object_wake(schedule, NOUN, &lock->write_queue, UINT32_MAX, site);
    }
    if (result == 0 && may_read(lock)) {
        object_wake(schedule, NOUN, &lock->read_queue, UINT32_MAX, site);
    }
    schedule_event(schedule, POINT_UNLOCK, lock->object, result, site);
    return result;
}
