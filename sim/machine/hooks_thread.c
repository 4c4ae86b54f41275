/* pthread_create and its kin, mutexes, condition variables, sched_yield. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/sync.h"

/* A pthread_t is the thread's id with a mark above it, so that a stale or wild one is noticed. */
#define THREAD_MARK UINT64_C(0x7400000000)

static pthread_t handle_of(uint32_t id) {
    return (pthread_t)(THREAD_MARK | id);
}

/* 0 when the handle was never given out. */
static uint32_t id_of(pthread_t handle) {
    const uint64_t id = (uint64_t)handle ^ THREAD_MARK;
    return threads_known(&machine.world.threads, id) ? (uint32_t)id : 0;
}

static struct threads *threads(void) {
    return &machine.world.threads;
}

HOOK int pthread_create(pthread_t *restrict handle,
                        const pthread_attr_t *restrict attributes,
                        void *(*routine)(void *),
                        void *restrict argument) {
    if (!hook_simulated()) {
        return REAL(pthread_create)(handle, attributes, routine, argument);
    }
    int detach = PTHREAD_CREATE_JOINABLE;
    if (attributes != NULL) {
        pthread_attr_getdetachstate(attributes, &detach);
    }
    hook_point(POINT_CREATE, 0, true, HOOK_SITE);
    const struct machine_start start = {routine, argument};
    const uint32_t id = machine_thread_create(&start, detach == PTHREAD_CREATE_DETACHED);
    if (id == 0) {
        schedule_end(hook_schedule());
    }
    *handle = handle_of(id);
    schedule_event(hook_schedule(), POINT_CREATE, 0, id, HOOK_SITE);
    return 0;
}

static int join(pthread_t handle, void **result, uint64_t deadline_ns, const void *site) {
    hook_point(POINT_JOIN, 0, true, site);
    uint64_t value = 0;
    const int status = threads_join(threads(), id_of(handle), deadline_ns, &value, site);
    if (status == 0 && result != NULL) {
        *result = (void *)(uintptr_t)value;
    }
    schedule_event(hook_schedule(), POINT_JOIN, id_of(handle), status, site);
    return status;
}

HOOK int pthread_join(pthread_t handle, void **result) {
    if (!hook_simulated()) {
        return REAL(pthread_join)(handle, result);
    }
    return join(handle, result, AGENDA_NEVER, HOOK_SITE);
}

HOOK int pthread_tryjoin_np(pthread_t handle, void **result) {
    if (!hook_simulated()) {
        return REAL(pthread_tryjoin_np)(handle, result);
    }
    return join(handle, result, 0, HOOK_SITE);
}

HOOK int pthread_detach(pthread_t handle) {
    if (!hook_simulated()) {
        return REAL(pthread_detach)(handle);
    }
    hook_point(POINT_DETACH, 0, true, HOOK_SITE);
    const int status = threads_detach(threads(), id_of(handle));
    schedule_event(hook_schedule(), POINT_DETACH, id_of(handle), status, HOOK_SITE);
    return status;
}

HOOK pthread_t pthread_self(void) {
    if (!hook_simulated()) {
        return REAL(pthread_self)();
    }
    return handle_of(threads_self(threads()));
}

HOOK int pthread_equal(pthread_t a, pthread_t b) {
    return a == b;
}

HOOK int sched_yield(void) {
    if (!hook_simulated()) {
        return REAL(sched_yield)();
    }
    const struct point point = {.kind = POINT_YIELD, .site = HOOK_SITE};
    schedule_yield(hook_schedule(), &point);
    schedule_event(hook_schedule(), POINT_YIELD, 0, 0, HOOK_SITE);
    return 0;
}

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
