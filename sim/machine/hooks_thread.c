/* pthread_create and its kin, sched_yield. */
#include "sim/machine/hooks_thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_attribute.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/machine/hooks_priority.h"

static struct threads *threads(void) {
    return &machine.world.threads;
}

static uint64_t handle_of(uint32_t id) {
    return HOOK_THREAD_MARK | id;
}

/* ---- what all names share ---- */

uint64_t hooks_thread_create(const struct machine_start *start, bool detached, const void *site) {
    hook_point(POINT_CREATE, 0, true, site);
    const uint32_t id = machine_thread_create(start, detached);
    if (id == 0) {
        schedule_end(hook_schedule());
    }
    threads_at(threads(), id)->site = site;
    memcpy(threads_at(threads(), id)->name,
           threads_at(threads(), threads_self(threads()))->name,
           THREAD_NAME_SIZE);
    hooks_priority_inherit(id, threads_self(threads()));
    schedule_event(hook_schedule(), POINT_CREATE, 0, id, site);
    return handle_of(id);
}

int hooks_thread_join(uint64_t handle, uint64_t deadline_ns, void **result, const void *site) {
    hook_point(POINT_JOIN, 0, true, site);
    uint64_t value = 0;
    const uint32_t id = hook_thread(handle);
    const int status = threads_join(threads(), id, deadline_ns, &value, site);
    if (status == 0 && result != NULL) {
        *result = (void *)(uintptr_t)value;
    }
    schedule_event(hook_schedule(), POINT_JOIN, id, status, site);
    return status;
}

int hooks_thread_detach(uint64_t handle, const void *site) {
    hook_point(POINT_DETACH, 0, true, site);
    const uint32_t id = hook_thread(handle);
    const int status = threads_detach(threads(), id);
    schedule_event(hook_schedule(), POINT_DETACH, id, status, site);
    return status;
}

uint64_t hooks_thread_self(void) {
    return handle_of(threads_self(threads()));
}

static inline void yield(const void *site) {
    const struct point point = {.kind = POINT_YIELD, .site = site};
    schedule_yield(hook_schedule(), &point);
}

void hooks_thread_yield(const void *site) {
    yield(site);
    schedule_event(hook_schedule(), POINT_YIELD, 0, 0, site);
}

/* ---- pthreads ---- */

HOOK int pthread_create(pthread_t *restrict handle,
                        const pthread_attr_t *restrict attributes,
                        void *(*routine)(void *),
                        void *restrict argument) {
    if (!hook_simulated()) {
        return REAL(pthread_create)(handle, attributes, routine, argument);
    }
    const int64_t failed = hooks_mishap(MISHAP_THREAD, HOOK_SITE);
    if (failed != 0) {
        return (int)-failed;
    }
    struct hooks_attribute_wishes wishes;
    const struct machine_start start = {routine, argument};
    const int refusal = hooks_attribute_read(attributes, &wishes, HOOK_SITE);
    if (refusal != 0) {
        return refusal;
    }
    *handle = hooks_thread_create(&start, wishes.detached, HOOK_SITE);
    hooks_attribute_give(hook_thread(*handle), &wishes);
    return 0;
}

HOOK int pthread_join(pthread_t handle, void **result) {
    if (!hook_simulated()) {
        return REAL(pthread_join)(handle, result);
    }
    return hooks_thread_join(handle, AGENDA_NEVER, result, HOOK_SITE);
}

HOOK int pthread_tryjoin_np(pthread_t handle, void **result) {
    if (!hook_simulated()) {
        return REAL(pthread_tryjoin_np)(handle, result);
    }
    return hooks_thread_join(handle, 0, result, HOOK_SITE);
}

/* NULL waits for ever, and so does what is no time: glibc asks again until the thread has ended. A
 * deadline before the run began has passed, but is none to try by. */
static int join_until(pthread_t handle,
                      void **result,
                      clockid_t clock,
                      const struct timespec *deadline,
                      const void *site) {
    uint64_t due_ns = AGENDA_NEVER;
    if (deadline != NULL && hook_deadline_of(clock, deadline, &due_ns) != 0) {
        due_ns = AGENDA_NEVER;
    }
    return hooks_thread_join(handle, due_ns == 0 ? 1 : due_ns, result, site);
}

HOOK int pthread_timedjoin_np(pthread_t handle, void **result, const struct timespec *deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_timedjoin_np)(handle, result, deadline);
    }
    return join_until(handle, result, CLOCK_REALTIME, deadline, HOOK_SITE);
}

HOOK int pthread_clockjoin_np(pthread_t handle,
                              void **result,
                              clockid_t clock,
                              const struct timespec *deadline) {
    if (!hook_simulated()) {
        return REAL(pthread_clockjoin_np)(handle, result, clock, deadline);
    }
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
        return EINVAL;
    }
    return join_until(handle, result, clock, deadline, HOOK_SITE);
}

HOOK int pthread_detach(pthread_t handle) {
    return hook_simulated() ? hooks_thread_detach(handle, HOOK_SITE) : REAL(pthread_detach)(handle);
}

HOOK pthread_t pthread_self(void) {
    return hook_simulated() ? (pthread_t)hooks_thread_self() : REAL(pthread_self)();
}

HOOK int pthread_equal(pthread_t a, pthread_t b) {
    return a == b;
}

HOOK int sched_yield(void) {
    if (!hook_simulated()) {
        return REAL(sched_yield)();
    }
    yield(HOOK_SITE);
    schedule_event_now(hook_schedule(), POINT_YIELD, 0, 0, HOOK_SITE);
    return 0;
}
