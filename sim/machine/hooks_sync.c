/* Mutexes and condition variables. */
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

HOOK int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    if (!hook_simulated()) {
        return REAL(pthread_mutex_init)(mutex, attributes);
    }
    int kind = PTHREAD_MUTEX_NORMAL;
    if (attributes != NULL) {
        pthread_mutexattr_gettype(attributes, &kind);
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
    sync_cond_init(cond_of(cond), (uint32_t)clock);
    return 0;
}

HOOK int pthread_cond_destroy(pthread_cond_t *cond) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_destroy)(cond);
    }
    return 0;
}

HOOK int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_wait)(cond, mutex);
    }
    return sync_cond_wait(hook_schedule(), cond_of(cond), mutex_of(mutex), AGENDA_NEVER, HOOK_SITE);
}

HOOK int pthread_cond_timedwait(pthread_cond_t *restrict cond,
                                pthread_mutex_t *restrict mutex,
                                const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_cond_timedwait)(cond, mutex, deadline);
    }
    uint64_t ns;
    if (hook_timespec(deadline, &ns) != 0) {
        return EINVAL;
    }
    const uint64_t due = hook_deadline((int)cond_of(cond)->clock, ns);
    return sync_cond_wait(hook_schedule(), cond_of(cond), mutex_of(mutex), due, HOOK_SITE);
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
