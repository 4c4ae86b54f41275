#include "sim/machine/hooks_priority.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"

#define NICE_LEAST (-20)
#define NICE_MOST 19
#define REAL_TIME_MOST 99
#define ATTR_SIZE_MOST 4096 /* a page */
#define ATTR_SIZE_FIRST 48
#define DEADLINE_RUN_LEAST_NS 1024
#define DEADLINE_PERIOD_LEAST_NS 100000
#define DEADLINE_PERIOD_MOST_NS (UINT64_C(4194304) * 1000)

/* struct sched_attr of <linux/sched/types.h>, which libc's headers do not bear. */
struct attr {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max; /* since the second version */
};

static struct thread *at(uint32_t id) {
    return threads_at(&machine.world.threads, id);
}

static uint32_t self(void) {
    return threads_self(&machine.world.threads);
}

void hooks_priority_inherit(uint32_t thread, uint32_t parent) {
    at(thread)->policy = at(parent)->policy;
    at(thread)->nice = at(parent)->nice;
    at(thread)->processors = at(parent)->processors;
}

/* ---- policies ---- */

static bool is_fair(int policy) {
    return policy == SCHED_OTHER || policy == SCHED_BATCH;
}

static bool is_real_time(int policy) {
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_known(int policy) {
    return is_fair(policy) || is_real_time(policy) || policy == SCHED_IDLE ||
           policy == SCHED_DEADLINE;
}

static int clamp(int64_t nice) {
    return nice < NICE_LEAST ? NICE_LEAST : nice > NICE_MOST ? NICE_MOST : (int)nice;
}

static bool deadline_is_sound(const struct attr *wanted) {
    const uint64_t period = wanted->period == 0 ? wanted->deadline : wanted->period;
    return wanted->runtime >= DEADLINE_RUN_LEAST_NS && wanted->deadline >= wanted->runtime &&
           period >= wanted->deadline && period >= DEADLINE_PERIOD_LEAST_NS &&
           period <= DEADLINE_PERIOD_MOST_NS;
}

/* What the kernel checks, in its order. The limits of an ordinary user are 0. */
static int64_t
refusal(const struct thread *thread, int policy, const struct attr *wanted, bool resets) {
    if (wanted->priority > REAL_TIME_MOST || is_real_time(policy) != (wanted->priority != 0)) {
        return -EINVAL;
    }
    if (policy == SCHED_DEADLINE && !deadline_is_sound(wanted)) {
        return -EINVAL;
    }
    if (policy == SCHED_DEADLINE || is_real_time(policy) ||
        (is_fair(policy) && wanted->nice < thread->nice) ||
        (thread->policy == SCHED_IDLE && policy != SCHED_IDLE) ||
        (thread->fork_resets && !resets)) {
        return -EPERM;
    }
    return 0;
}

static int64_t change(struct thread *thread, const struct attr *wanted) {
    const bool keeps = (wanted->flags & SCHED_FLAG_KEEP_POLICY) != 0;
    const int policy = keeps ? thread->policy : (int)wanted->policy;
    const bool resets =
        keeps ? thread->fork_resets : (wanted->flags & SCHED_FLAG_RESET_ON_FORK) != 0;
    if (!is_known(policy) || (wanted->flags & ~(uint64_t)SCHED_FLAG_ALL) != 0) {
        return -EINVAL;
    }
    const int64_t refused = refusal(thread, policy, wanted, resets);
    if (refused != 0) {
        return refused;
    }
    thread->fork_resets = resets;
    if ((wanted->flags & SCHED_FLAG_KEEP_PARAMS) != 0) {
        return 0; /* Linux counts the policy among the parameters */
    }
    thread->policy = (uint8_t)policy;
    if (is_fair(policy)) {
        thread->nice = (int8_t)wanted->nice;
    }
    return 0;
}

int hooks_priority_policy(uint32_t thread) {
    return at(thread)->policy | (at(thread)->fork_resets ? SCHED_RESET_ON_FORK : 0);
}

int64_t hooks_priority_change(uint32_t thread, int policy, int priority) {
    if (policy < 0) {
        return -EINVAL;
    }
    const struct attr wanted = {
        .policy = (uint32_t)policy & ~(uint32_t)SCHED_RESET_ON_FORK,
        .flags = (policy & SCHED_RESET_ON_FORK) != 0 ? SCHED_FLAG_RESET_ON_FORK : 0,
        .nice = at(thread)->nice,
        .priority = (uint32_t)priority,
    };
    return change(at(thread), &wanted);
}

int64_t hooks_priority_keep(uint32_t thread, int priority) {
    const struct attr wanted = {.flags = SCHED_FLAG_KEEP_POLICY,
                                .nice = at(thread)->nice,
                                .priority = (uint32_t)priority};
    return change(at(thread), &wanted);
}

/* The thread that a pid argument names, or -EINVAL, -ESRCH. */
static int64_t named(pid_t pid) {
    const uint32_t id = hooks_environment_thread(pid);
    return pid < 0 ? -EINVAL : id == 0 ? -ESRCH : (int64_t)id;
}

HOOK int sched_setscheduler(pid_t pid, int policy, const struct sched_param *parameter) {
    if (!hook_simulated()) {
        return REAL(sched_setscheduler)(pid, policy, parameter);
    }
    if (policy < 0 || parameter == NULL) {
        return hook_result(-EINVAL);
    }
    const int64_t thread = named(pid);
    return hook_result(
        thread < 0 ? thread
                   : hooks_priority_change((uint32_t)thread, policy, parameter->sched_priority));
}

HOOK int sched_getscheduler(pid_t pid) {
    if (!hook_simulated()) {
        return REAL(sched_getscheduler)(pid);
    }
    const int64_t thread = named(pid);
    return hook_result(thread < 0 ? thread : hooks_priority_policy((uint32_t)thread));
}

HOOK int sched_setparam(pid_t pid, const struct sched_param *parameter) {
    if (!hook_simulated()) {
        return REAL(sched_setparam)(pid, parameter);
    }
    const int64_t thread = parameter == NULL ? -EINVAL : named(pid);
    return hook_result(
        thread < 0 ? thread : hooks_priority_keep((uint32_t)thread, parameter->sched_priority));
}

HOOK int sched_getparam(pid_t pid, struct sched_param *parameter) {
    if (!hook_simulated()) {
        return REAL(sched_getparam)(pid, parameter);
    }
    const int64_t thread = parameter == NULL ? -EINVAL : named(pid);
    if (thread > 0) {
        parameter->sched_priority = 0;
    }
    return hook_result(thread < 0 ? thread : 0);
}

HOOK int sched_get_priority_max(int policy) {
    if (!hook_simulated()) {
        return REAL(sched_get_priority_max)(policy);
    }
    return hook_result(!is_known(policy) ? -EINVAL : is_real_time(policy) ? REAL_TIME_MOST : 0);
}

HOOK int sched_get_priority_min(int policy) {
    if (!hook_simulated()) {
        return REAL(sched_get_priority_min)(policy);
    }
    return hook_result(!is_known(policy) ? -EINVAL : is_real_time(policy) ? 1 : 0);
}

long hooks_priority_attr_get(const long a[6]) {
    const unsigned size = (unsigned)a[2];
    if (a[1] == 0 || size < ATTR_SIZE_FIRST || size > ATTR_SIZE_MOST || (unsigned)a[3] != 0) {
        return -EINVAL;
    }
    const int64_t id = named((pid_t)a[0]);
    if (id < 0) {
        return id;
    }
    const struct thread *thread = at((uint32_t)id);
    struct attr told = {.policy = thread->policy,
                        .flags = thread->fork_resets ? SCHED_FLAG_RESET_ON_FORK : 0,
                        .nice = thread->nice};
    told.size = size < sizeof told ? size : sizeof told;
    memcpy((void *)a[1], &told, told.size);
    return 0;
}

/* What a program passes, larger or smaller than what is known here. */
static long attr_read(void *from, struct attr *attr) {
    const uint32_t told = *(const uint32_t *)from;
    const uint32_t size = told == 0 ? ATTR_SIZE_FIRST : told;
    bool fits = size >= ATTR_SIZE_FIRST && size <= ATTR_SIZE_MOST;
    for (uint32_t i = sizeof *attr; fits && i < size; i++) {
        fits = ((const unsigned char *)from)[i] == 0;
    }
    if (!fits) {
        *(uint32_t *)from = sizeof *attr;
        return -E2BIG;
    }
    memset(attr, 0, sizeof *attr);
    memcpy(attr, from, size < sizeof *attr ? size : sizeof *attr);
    const bool clamps = (attr->flags & SCHED_FLAG_UTIL_CLAMP) != 0;
    attr->nice = clamp(attr->nice);
    return clamps && size < sizeof *attr ? -EINVAL : 0;
}

long hooks_priority_attr_set(const long a[6], const void *site) {
    struct attr attr;
    if (a[1] == 0 || (pid_t)a[0] < 0 || (unsigned)a[2] != 0) {
        return -EINVAL;
    }
    const long unread = attr_read((void *)a[1], &attr);
    if (unread != 0) {
        return unread;
    }
    if ((int)attr.policy < 0) {
        return -EINVAL;
    }
    if ((attr.flags & SCHED_FLAG_UTIL_CLAMP) != 0) {
        hook_escape(site, "sched_setattr() with flags %#lx", attr.flags);
    }
    const int64_t id = named((pid_t)a[0]);
    if (id < 0) {
        return id;
    }
    if ((attr.flags & SCHED_FLAG_KEEP_PARAMS) != 0) {
        attr.priority = 0;
        attr.nice = at((uint32_t)id)->nice;
    }
    return change(at((uint32_t)id), &attr);
}

/* ---- nice values ---- */

/* Calls `visit` for each living thread that is meant; -EINVAL, -ESRCH when it is none. */
static int64_t
visit(int which, id_t who, int64_t (*visitor)(struct thread *, int64_t, int), int value) {
    const uint32_t node = hook_node();
    int64_t result = -ESRCH;
    if (which == PRIO_PROCESS) {
        const uint32_t id = hooks_environment_thread((pid_t)who);
        return id == 0 ? -ESRCH : visitor(at(id), result, value);
    }
    const bool own = (which == PRIO_PGRP && (who == 0 || who == hooks_environment_pid(node))) ||
                     (which == PRIO_USER && (who == 0 || who == getuid()));
    if (which != PRIO_PGRP && which != PRIO_USER) {
        return -EINVAL;
    }
    for (uint32_t id = 1; own && id <= machine.world.threads.table.count; id++) {
        if (at(id)->node == node && at(id)->state == THREAD_ALIVE) {
            result = visitor(at(id), result, value);
        }
    }
    return result;
}

/* As the kernel tells it: 40 for the nicest to others' … 1. */
static int64_t highest(struct thread *thread, int64_t so_far, int unused) {
    (void)unused;
    const int64_t own = NICE_MOST + 1 - thread->nice;
    return own > so_far ? own : so_far;
}

static int64_t set_one(struct thread *thread, int64_t so_far, int nice) {
    if (nice < thread->nice) {
        return -EACCES;
    }
    thread->nice = (int8_t)nice;
    return so_far == -ESRCH ? 0 : so_far;
}

long hooks_priority_get_call(const long a[6]) {
    return visit((int)a[0], (id_t)a[1], highest, 0);
}

HOOK int getpriority(__priority_which_t which, id_t who) {
    if (!hook_simulated()) {
        return REAL(getpriority)(which, who);
    }
    const int64_t result = visit((int)which, who, highest, 0);
    return result < 0 ? hook_result(result) : (int)(NICE_MOST + 1 - result);
}

HOOK int setpriority(__priority_which_t which, id_t who, int nice) {
    if (!hook_simulated()) {
        return REAL(setpriority)(which, who, nice);
    }
    return hook_result(visit((int)which, who, set_one, clamp(nice)));
}

HOOK int nice(int increment) {
    if (!hook_simulated()) {
        return REAL(nice)(increment);
    }
    struct thread *thread = at(self());
    const int64_t result = set_one(thread, -ESRCH, clamp((int64_t)thread->nice + increment));
    return result < 0 ? hook_result(-EPERM) : thread->nice;
}
