#include "sim/machine/hooks_attribute.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/hooks_priority.h"
#include "sim/machine/signals.h"

#define STACK_DEFAULT ((size_t)8 << 20) /* of RLIMIT_STACK as getrlimit() shows it */
#define GUARD_DEFAULT 4096

static int concurrency[DESCRIPTION_NODES_MAX + 1]; /* by node; no more than remembered */

void hooks_attribute_begin(void) {
    memset(concurrency, 0, sizeof concurrency[0] * (machine.world.description->node_count + 1));
}

void hooks_attribute_node_begin(uint32_t node) {
    concurrency[node] = 0;
}

/* ---- attributes ---- */

/* libc's default comes from the real machine's limits. */
HOOK int pthread_attr_init(pthread_attr_t *attributes) {
    const int status = REAL(pthread_attr_init)(attributes);
    if (status == 0 && hook_simulated()) {
        REAL(pthread_attr_setstacksize)(attributes, STACK_DEFAULT);
    }
    return status;
}

HOOK int pthread_getattr_default_np(pthread_attr_t *attributes) {
    return hook_simulated() ? pthread_attr_init(attributes)
                            : REAL(pthread_getattr_default_np)(attributes);
}

HOOK int pthread_setattr_default_np(const pthread_attr_t *attributes) {
    if (!hook_simulated()) {
        return REAL(pthread_setattr_default_np)(attributes);
    }
    hook_escape(HOOK_SITE, "pthread_setattr_default_np()");
}

static void check_stack(const pthread_attr_t *attributes, const void *site) {
    size_t size;
    size_t guard;
    void *address;
    pthread_attr_getstack(attributes, &address, &size);
    pthread_attr_getguardsize(attributes, &guard);
    if ((uintptr_t)address + size != 0) { /* libc keeps the upper end, 0 when there is none */
        hook_escape(site, "pthread_create() with a stack of the program's own");
    }
    if (size > STACK_DEFAULT) {
        hook_escape(site, "pthread_create() with a stack of %zu bytes", size);
    }
    if (guard > GUARD_DEFAULT) {
        hook_escape(site, "pthread_create() with a guard of %zu bytes", guard);
    }
}

static void check_schedule(const pthread_attr_t *attributes, const void *site) {
    int inherits;
    int policy;
    struct sched_param parameter;
    pthread_attr_getinheritsched(attributes, &inherits);
    pthread_attr_getschedpolicy(attributes, &policy);
    pthread_attr_getschedparam(attributes, &parameter);
    if (inherits == PTHREAD_EXPLICIT_SCHED &&
        (policy != SCHED_OTHER || parameter.sched_priority != 0)) {
        hook_escape(site, "pthread_create() with scheduling policy %d", policy);
    }
}

/* libc answers with a full set when there is none. */
static int read_processors(const pthread_attr_t *attributes, uint64_t *bits, const void *site) {
    cpu_set_t processors;
    cpu_set_t all;
    memset(&all, 0xff, sizeof all);
    if (pthread_attr_getaffinity_np(attributes, sizeof processors, &processors) != 0) {
        hook_escape(site, "pthread_create() with an affinity to processor %zu", sizeof all * 8);
    }
    if (memcmp(&processors, &all, sizeof all) == 0) {
        return 0;
    }
    *bits = hooks_environment_processors(&processors, sizeof processors);
    return *bits == 0 ? EINVAL : 0;
}

int hooks_attribute_read(const void *attributes,
                         struct hooks_attribute_wishes *wishes,
                         const void *site) {
    int state;
    sigset_t mask;
    *wishes = (struct hooks_attribute_wishes){.detached = false};
    if (attributes == NULL) {
        return 0;
    }
    check_stack(attributes, site);
    check_schedule(attributes, site);
    pthread_attr_getdetachstate(attributes, &state);
    wishes->detached = state == PTHREAD_CREATE_DETACHED;
    wishes->masked = pthread_attr_getsigmask_np(attributes, &mask) != PTHREAD_ATTR_NO_SIGMASK_NP;
    if (wishes->masked) {
        memcpy(&wishes->mask, &mask, sizeof wishes->mask);
    }
    return read_processors(attributes, &wishes->processors, site);
}

void hooks_attribute_give(uint32_t thread, const struct hooks_attribute_wishes *wishes) {
    if (wishes->processors != 0) {
        threads_at(&machine.world.threads, thread)->processors = wishes->processors;
    }
    if (wishes->masked) {
        signals_thread_mask(thread, wishes->mask);
    }
}

/* ---- of threads that run ---- */

/* A thread of the running node that is not gone, NULL when the handle names none. */
static struct thread *thread_of(pthread_t handle) {
    const uint32_t id = hook_thread(handle);
    struct thread *thread = id == 0 ? NULL : threads_at(&machine.world.threads, id);
    return thread != NULL && thread->state == THREAD_ALIVE && thread->node == hook_node() ? thread
                                                                                          : NULL;
}

HOOK int pthread_getattr_np(pthread_t handle, pthread_attr_t *attributes) {
    if (!hook_simulated()) {
        return REAL(pthread_getattr_np)(handle, attributes);
    }
    const struct thread *thread = thread_of(handle);
    if (thread == NULL) {
        return ESRCH;
    }
    uintptr_t low;
    uint64_t size;
    machine.back->stack(thread->slot, &low, &size);
    REAL(pthread_attr_init)(attributes);
    REAL(pthread_attr_setstack)(attributes, (void *)low, size);
    pthread_attr_setguardsize(attributes, GUARD_DEFAULT);
    pthread_attr_setdetachstate(attributes,
                                thread->detached ? PTHREAD_CREATE_DETACHED
                                                 : PTHREAD_CREATE_JOINABLE);
    return 0;
}

HOOK int pthread_getschedparam(pthread_t handle,
                               int *restrict policy,
                               struct sched_param *restrict parameter) {
    if (!hook_simulated()) {
        return REAL(pthread_getschedparam)(handle, policy, parameter);
    }
    if (thread_of(handle) == NULL) {
        return ESRCH;
    }
    *policy = hooks_priority_policy(hook_thread(handle));
    *parameter = (struct sched_param){.sched_priority = 0};
    return 0;
}

HOOK int pthread_setschedparam(pthread_t handle, int policy, const struct sched_param *parameter) {
    if (!hook_simulated()) {
        return REAL(pthread_setschedparam)(handle, policy, parameter);
    }
    if (thread_of(handle) == NULL) {
        return ESRCH;
    }
    const int64_t result =
        hooks_priority_change(hook_thread(handle), policy, parameter->sched_priority);
    return hook_result(result) == 0 ? 0 : errno;
}

HOOK int pthread_setschedprio(pthread_t handle, int priority) {
    if (!hook_simulated()) {
        return REAL(pthread_setschedprio)(handle, priority);
    }
    if (thread_of(handle) == NULL) {
        return ESRCH;
    }
    return hook_result(hooks_priority_keep(hook_thread(handle), priority)) == 0 ? 0 : errno;
}

/* CPU time passes for all alike, as in hooks_time. */
HOOK int pthread_getcpuclockid(pthread_t handle, clockid_t *clock) {
    if (!hook_simulated()) {
        return REAL(pthread_getcpuclockid)(handle, clock);
    }
    if (thread_of(handle) == NULL) {
        return ESRCH;
    }
    *clock = CLOCK_THREAD_CPUTIME_ID;
    return 0;
}

HOOK int pthread_setconcurrency(int level) {
    if (!hook_simulated()) {
        return REAL(pthread_setconcurrency)(level);
    }
    if (level < 0) {
        return EINVAL;
    }
    concurrency[hook_node()] = level;
    return 0;
}

HOOK int pthread_getconcurrency(void) {
    return hook_simulated() ? concurrency[hook_node()] : REAL(pthread_getconcurrency)();
}

/* ---- names ---- */

const char *hooks_attribute_name(uint32_t thread) {
    const struct thread *record = threads_at(&machine.world.threads, thread);
    return record->name[0] != '\0' ? record->name
                                   : machine.world.description->nodes[record->node].name;
}

void hooks_attribute_name_set(uint32_t thread, const char *name) {
    struct thread *record = threads_at(&machine.world.threads, thread);
    snprintf(record->name, sizeof record->name, "%.*s", THREAD_NAME_SIZE - 1, name);
}

HOOK int pthread_setname_np(pthread_t handle, const char *name) {
    if (!hook_simulated()) {
        return REAL(pthread_setname_np)(handle, name);
    }
    if (strlen(name) >= THREAD_NAME_SIZE) {
        return ERANGE;
    }
    if (thread_of(handle) == NULL) {
        return ENOENT;
    }
    hooks_attribute_name_set(hook_thread(handle), name);
    return 0;
}

HOOK int pthread_getname_np(pthread_t handle, char *name, size_t size) {
    if (!hook_simulated()) {
        return REAL(pthread_getname_np)(handle, name, size);
    }
    if (size < THREAD_NAME_SIZE) {
        return ERANGE;
    }
    if (thread_of(handle) == NULL) {
        return ENOENT;
    }
    snprintf(name, THREAD_NAME_SIZE, "%s", hooks_attribute_name(hook_thread(handle)));
    return 0;
}
