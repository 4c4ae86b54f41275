/* pthread_create and its kin, sched_yield. */
#include <pthread.h>
#include <sched.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"

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
