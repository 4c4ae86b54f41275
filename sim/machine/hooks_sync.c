/* Mutexes and condition variables. Attribute objects are
 * libc's: its functions touch nothing else. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/sync.h"

/* ---- mutexes ---- */

static struct sync_mutex *mutex_of(pthread_mutex_t *mutex) {
    return (struct sync_mutex *)(void *)mutex;
}

/* What a mutex cannot be here. One shared with other processes may be: its memory is not. */
static void refuse_attributes(const pthread_mutexattr_t *attributes, const void *site) {
    int robust = PTHREAD_MUTEX_STALLED;
    int protocol = PTHREAD_PRIO_NONE;
    pthread_mutexattr_getrobust(attributes, &robust);
    pthread_mutexattr_getprotocol(attributes, &protocol);
    if (robust != PTHREAD_MUTEX_STALLED) {
        hook_escape(site, "pthread_mutex_init() of a robust mutex");
    }
    if (protocol != PTHREAD_PRIO_NONE) {
        hook_escape(site,
                    "pthread_mutex_init() with %s",
                    protocol == PTHREAD_PRIO_INHERIT ? "PTHREAD_PRIO_INHERIT"
                                                     : "PTHREAD_PRIO_PROTECT");
    }
}

HOOK int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_init)(mutex, attributes);
    }
    int kind = PTHREAD_MUTEX_NORMAL;
    if (attributes != NULL) {
        pthread_mutexattr_gettype(attributes, &kind);
        refuse_attributes(attributes, HOOK_SITE);
    }
    memset(mutex, 0, sizeof *mutex);
    sync_mutex_init(mutex_of(mutex), (enum sync_kind)kind);
    return 0;
}

HOOK int pthread_mutex_destroy(pthread_mutex_t *mutex) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_destroy)(mutex);
    }
    return sync_mutex_destroy(mutex_of(mutex));
}

HOOK int pthread_mutex_lock(pthread_mutex_t *mutex) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_lock)(mutex);
    }
    return sync_mutex_lock(hook_schedule(), mutex_of(mutex), AGENDA_NEVER, HOOK_SITE);
}

HOOK int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_trylock)(mutex);
    }
    return sync_mutex_trylock(hook_schedule(), mutex_of(mutex), HOOK_SITE);
}

HOOK int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_unlock)(mutex);
    }
    return sync_mutex_unlock(hook_schedule(), mutex_of(mutex), HOOK_SITE);
}

static int lock_until(pthread_mutex_t *mutex,
                      clockid_t clock,
                      const struct timespec *deadline,
                      const void *site) {
    uint64_t due_ns;
    if (hook_deadline_of(clock, deadline, &due_ns) != 0) {
        due_ns = OBJECT_DEADLINE_INVALID; /* no error unless it has to wait */
    }
    return sync_mutex_lock(hook_schedule(), mutex_of(mutex), due_ns, site);
}

HOOK int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                                 const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_timedlock)(mutex, deadline);
    }
    return lock_until(mutex, CLOCK_REALTIME, deadline, HOOK_SITE);
}

HOOK int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex,
                                 clockid_t clock,
                                 const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_clocklock)(mutex, clock, deadline);
    }
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
        return EINVAL;
    }
    return lock_until(mutex, clock, deadline, HOOK_SITE);
}

/* No mutex here is robust or has a ceiling. */
HOOK int pthread_mutex_consistent(pthread_mutex_t *mutex) {
    return hook_simulated() ? EINVAL : REAL(pthread_mutex_consistent)(mutex);
}

HOOK int pthread_mutex_getprioceiling(const pthread_mutex_t *restrict mutex,
                                      int *restrict ceiling) {
    return hook_simulated() ? EINVAL : REAL(pthread_mutex_getprioceiling)(mutex, ceiling);
}

HOOK int
pthread_mutex_setprioceiling(pthread_mutex_t *restrict mutex, int ceiling, int *restrict before) {
    return hook_simulated() ? EINVAL : REAL(pthread_mutex_setprioceiling)(mutex, ceiling, before);
}

/* ---- condition variables ---- */

static struct sync_cond *cond_of(pthread_cond_t *cond) {
    return (struct sync_cond *)(void *)cond;
}

HOOK int pthread_cond_init(pthread_cond_t *restrict cond,
                           const pthread_condattr_t *restrict attributes) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_init)(cond, attributes);
    }
    clockid_t clock = CLOCK_REALTIME;
    if (attributes != NULL) {
        pthread_condattr_getclock(attributes, &clock);
    }
    memset(cond, 0, sizeof *cond);
    sync_cond_init(cond_of(cond), clock == CLOCK_MONOTONIC ? SYNC_COND_MONOTONIC : 0);
    return 0;
}

HOOK int pthread_cond_destroy(pthread_cond_t *cond) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_destroy)(cond);
    }
    sync_cond_destroy(hook_schedule(), cond_of(cond), HOOK_SITE);
    return 0;
}

HOOK int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_wait)(cond, mutex);
    }
    return sync_cond_wait(hook_schedule(), cond_of(cond), mutex_of(mutex), AGENDA_NEVER, HOOK_SITE);
}

static int wait_until(pthread_cond_t *cond,
                      pthread_mutex_t *mutex,
                      clockid_t clock,
                      const struct timespec *deadline,
                      const void *site) {
    uint64_t due_ns;
    const int refused = hook_deadline_of(clock, deadline, &due_ns);
    if (refused != 0) {
        return refused;
    }
    return sync_cond_wait(hook_schedule(), cond_of(cond), mutex_of(mutex), due_ns, site);
}

HOOK int pthread_cond_timedwait(pthread_cond_t *restrict cond,
                                pthread_mutex_t *restrict mutex,
                                const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_timedwait)(cond, mutex, deadline);
    }
    const bool monotonic = (cond_of(cond)->flags & SYNC_COND_MONOTONIC) != 0;
    const clockid_t clock = monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    return wait_until(cond, mutex, clock, deadline, HOOK_SITE);
}

HOOK int pthread_cond_clockwait(pthread_cond_t *restrict cond,
                                pthread_mutex_t *restrict mutex,
                                clockid_t clock,
                                const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_clockwait)(cond, mutex, clock, deadline);
    }
    return wait_until(cond, mutex, clock, deadline, HOOK_SITE);
}

HOOK int pthread_cond_signal(pthread_cond_t *cond) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_signal)(cond);
    }
    return sync_cond_signal(hook_schedule(), cond_of(cond), HOOK_SITE);
}

HOOK int pthread_cond_broadcast(pthread_cond_t *cond) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_broadcast)(cond);
    }
    return sync_cond_broadcast(hook_schedule(), cond_of(cond), HOOK_SITE);
}
