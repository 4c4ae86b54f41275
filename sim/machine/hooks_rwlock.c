/* Read-write locks. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/rwlock.h"

static struct rwlock *rwlock_of(pthread_rwlock_t *lock) {
    return (struct rwlock *)(void *)lock;
}

HOOK int pthread_rwlock_init(pthread_rwlock_t *restrict lock,
                             const pthread_rwlockattr_t *restrict attributes) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_init)(lock, attributes);
    }
    int kind = PTHREAD_RWLOCK_DEFAULT_NP;
    if (attributes != NULL) {
        pthread_rwlockattr_getkind_np(attributes, &kind);
    }
    memset(lock, 0, sizeof *lock);
    rwlock_init(rwlock_of(lock), (enum rwlock_kind)kind);
    return 0;
}

HOOK int pthread_rwlock_destroy(pthread_rwlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_destroy)(lock);
    }
    return rwlock_destroy(rwlock_of(lock));
}

HOOK int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_rdlock)(lock);
    }
    return rwlock_read(hook_schedule(), rwlock_of(lock), AGENDA_NEVER, HOOK_SITE);
}

HOOK int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_wrlock)(lock);
    }
    return rwlock_write(hook_schedule(), rwlock_of(lock), AGENDA_NEVER, HOOK_SITE);
}

HOOK int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_tryrdlock)(lock);
    }
    return rwlock_try_read(hook_schedule(), rwlock_of(lock), HOOK_SITE);
}

HOOK int pthread_rwlock_trywrlock(pthread_rwlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_trywrlock)(lock);
    }
    return rwlock_try_write(hook_schedule(), rwlock_of(lock), HOOK_SITE);
}

/* Unlike a mutex's, a wrong deadline is refused although the lock is free. */
static int read_until(pthread_rwlock_t *lock,
                      clockid_t clock,
                      const struct timespec *deadline,
                      const void *site) {
    uint64_t due_ns;
    const int refused = hook_deadline_of(clock, deadline, &due_ns);
    return refused != 0 ? refused : rwlock_read(hook_schedule(), rwlock_of(lock), due_ns, site);
}

static int write_until(pthread_rwlock_t *lock,
                       clockid_t clock,
                       const struct timespec *deadline,
                       const void *site) {
    uint64_t due_ns;
    const int refused = hook_deadline_of(clock, deadline, &due_ns);
    return refused != 0 ? refused : rwlock_write(hook_schedule(), rwlock_of(lock), due_ns, site);
}

HOOK int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                                    const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_timedrdlock)(lock, deadline);
    }
    return read_until(lock, CLOCK_REALTIME, deadline, HOOK_SITE);
}

HOOK int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                                    const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_timedwrlock)(lock, deadline);
    }
    return write_until(lock, CLOCK_REALTIME, deadline, HOOK_SITE);
}

HOOK int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock,
                                    clockid_t clock,
                                    const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_clockrdlock)(lock, clock, deadline);
    }
    return read_until(lock, clock, deadline, HOOK_SITE);
}

HOOK int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict lock,
                                    clockid_t clock,
                                    const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_clockwrlock)(lock, clock, deadline);
    }
    return write_until(lock, clock, deadline, HOOK_SITE);
}

HOOK int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_rwlock_unlock)(lock);
    }
    const int result = rwlock_unlock(hook_schedule(), rwlock_of(lock), HOOK_SITE);
    if (result == EPERM) { /* glibc returns 0, and the lock is broken from then on */
        world_fail(&machine.world,
                   VERDICT_CRASH,
                   HOOK_SITE,
                   "unlock of a read-write lock that the thread does not hold");
    }
    return result;
}
