/* Scheduling policies and nice values of a user without privileges: what is told, kept, inherited
 * and refused. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/scenario.h"

#define NOBODY 65534
#define NO_PROCESS 1999999
#define REFUSES(call, error) (errno = 0, assert((call) == -1 && errno == (error)))

/* struct sched_attr of <linux/sched/types.h>, and a word that no kernel knows yet. */
struct attr {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
    uint64_t unknown[8];
};
#define FIRST_SIZE 48

static const struct sched_param none = {.sched_priority = 0};
static const struct sched_param some = {.sched_priority = 1};

static long attr_set(const struct attr *attr) {
    return syscall(SYS_sched_setattr, 0, attr, 0);
}

static struct attr attr_get(void) {
    struct attr attr;
    memset(&attr, 0xff, sizeof attr);
    assert(syscall(SYS_sched_getattr, 0, &attr, FIRST_SIZE, 0) == 0);
    assert(attr.size == FIRST_SIZE && attr.util_min == UINT32_MAX);
    return attr;
}

/* Outside of a run it is root that tests. */
static void have_no_privileges(void) {
    const struct rlimit nothing = {0, 0};
    assert(setrlimit(RLIMIT_NICE, &nothing) == 0 && setrlimit(RLIMIT_RTPRIO, &nothing) == 0);
    if (geteuid() == 0) {
        assert(setpgid(0, 0) == 0 && setgroups(0, NULL) == 0);
        assert(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    }
}

static void priorities_of_policies_are_told(void) {
    assert(sched_get_priority_min(SCHED_OTHER) == 0 && sched_get_priority_max(SCHED_OTHER) == 0);
    assert(sched_get_priority_min(SCHED_BATCH) == 0 && sched_get_priority_max(SCHED_IDLE) == 0);
    assert(sched_get_priority_min(SCHED_FIFO) == 1 && sched_get_priority_max(SCHED_FIFO) == 99);
    assert(sched_get_priority_min(SCHED_RR) == 1 && sched_get_priority_max(SCHED_RR) == 99);
    assert(sched_get_priority_max(SCHED_DEADLINE) == 0);
    REFUSES(sched_get_priority_max(4), EINVAL);
    REFUSES(sched_get_priority_min(-1), EINVAL);
}

static void a_policy_starts_as_other(void) {
    struct sched_param parameter = some;
    int policy = -1;
    assert(sched_getscheduler(0) == SCHED_OTHER && sched_getscheduler(getpid()) == SCHED_OTHER);
    assert(sched_getparam(0, &parameter) == 0 && parameter.sched_priority == 0);
    assert(pthread_getschedparam(pthread_self(), &policy, &parameter) == 0);
    assert(policy == SCHED_OTHER && parameter.sched_priority == 0);
    const struct attr attr = attr_get();
    assert(attr.policy == SCHED_OTHER && attr.nice == 0 && attr.priority == 0);
    assert((attr.flags & SCHED_FLAG_RESET_ON_FORK) == 0);
}

static void who_is_nobody_is_not_found(void) {
    REFUSES(sched_getscheduler(NO_PROCESS), ESRCH);
    REFUSES(sched_getscheduler(-1), EINVAL);
    REFUSES(sched_setscheduler(NO_PROCESS, SCHED_OTHER, &none), ESRCH);
    REFUSES(sched_setscheduler(NO_PROCESS, -1, &none), EINVAL);
    REFUSES(sched_setparam(NO_PROCESS, &none), ESRCH);
    REFUSES(getpriority(PRIO_PROCESS, NO_PROCESS), ESRCH);
    REFUSES(getpriority(PRIO_PGRP, NO_PROCESS), ESRCH);
    REFUSES(getpriority(PRIO_USER, NO_PROCESS), ESRCH);
    REFUSES(setpriority(PRIO_PROCESS, NO_PROCESS, 3), ESRCH);
    REFUSES(getpriority((__priority_which_t)3, 0), EINVAL);
    REFUSES(setpriority((__priority_which_t)-1, 0, 0), EINVAL);
}

static void nobody_becomes_more_important(void) {
    REFUSES(sched_setscheduler(0, SCHED_FIFO, &some), EPERM);
    REFUSES(sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &some), EPERM);
    REFUSES(sched_setscheduler(0, SCHED_FIFO, &none), EINVAL);
    REFUSES(sched_setscheduler(0, SCHED_OTHER, &some), EINVAL);
    REFUSES(sched_setscheduler(0, 4, &none), EINVAL);
    REFUSES(sched_setscheduler(0, SCHED_DEADLINE, &none), EINVAL);
    REFUSES(sched_setparam(0, &some), EINVAL);
    assert(sched_setparam(0, &none) == 0);
    assert(pthread_setschedparam(pthread_self(), SCHED_FIFO, &some) == EPERM);
    assert(pthread_setschedparam(pthread_self(), SCHED_OTHER, &some) == EINVAL);
    assert(pthread_setschedprio(pthread_self(), 1) == EINVAL);
    assert(pthread_setschedprio(pthread_self(), 0) == 0);
    REFUSES(setpriority(PRIO_PROCESS, 0, -1), EACCES);
    REFUSES(nice(-1), EPERM);
    struct attr attr = {.size = FIRST_SIZE, .nice = -30};
    REFUSES(attr_set(&attr), EPERM);
    attr = (struct attr){.size = FIRST_SIZE, .policy = SCHED_RR, .priority = 100};
    REFUSES(attr_set(&attr), EINVAL);
    attr = (struct attr){.size = FIRST_SIZE, .policy = SCHED_DEADLINE, .runtime = 1000000};
    REFUSES(attr_set(&attr), EINVAL);
    attr.deadline = 2000000;
    REFUSES(attr_set(&attr), EPERM);
    attr.period = 1000000;
    REFUSES(attr_set(&attr), EINVAL);
}

static void attributes_may_be_of_another_size(void) {
    struct attr attr = attr_get();
    assert(attr_set(&attr) == 0);
    attr = (struct attr){.size = 0};
    assert(attr_set(&attr) == 0);
    attr = (struct attr){.size = sizeof attr};
    assert(attr_set(&attr) == 0);
    attr.unknown[7] = 1;
    REFUSES(attr_set(&attr), E2BIG);
    assert(attr.size < sizeof attr && attr.size >= FIRST_SIZE);
    attr = (struct attr){.size = FIRST_SIZE - 1};
    REFUSES(attr_set(&attr), E2BIG);
    assert(attr.size >= FIRST_SIZE);
    attr = (struct attr){.size = FIRST_SIZE, .flags = UINT64_C(1) << 40};
    REFUSES(attr_set(&attr), EINVAL);
    attr = (struct attr){.size = FIRST_SIZE, .policy = UINT32_MAX};
    REFUSES(attr_set(&attr), EINVAL);
    REFUSES(attr_set(NULL), EINVAL);
    attr = (struct attr){.size = FIRST_SIZE};
    REFUSES(syscall(SYS_sched_setattr, 0, &attr, 1), EINVAL);
    REFUSES(syscall(SYS_sched_setattr, NO_PROCESS, &attr, 0), ESRCH);
    REFUSES(syscall(SYS_sched_setattr, -1, &attr, 0), EINVAL);
    REFUSES(syscall(SYS_sched_getattr, 0, &attr, FIRST_SIZE - 1, 0), EINVAL);
    REFUSES(syscall(SYS_sched_getattr, 0, &attr, FIRST_SIZE, 1), EINVAL);
    REFUSES(syscall(SYS_sched_getattr, 0, NULL, FIRST_SIZE, 0), EINVAL);
    REFUSES(syscall(SYS_sched_getattr, NO_PROCESS, &attr, FIRST_SIZE, 0), ESRCH);
}

static void *inherit(void *unused) {
    (void)unused;
    assert(getpriority(PRIO_PROCESS, 0) == 5 && getpriority(PRIO_PROCESS, (id_t)getpid()) == 5);
    assert(sched_getscheduler(0) == SCHED_BATCH);
    assert(nice(2) == 7 && getpriority(PRIO_PROCESS, (id_t)gettid()) == 7);
    assert(getpriority(PRIO_PROCESS, (id_t)getpid()) == 5); /* Linux has one for each thread */
    assert(getpriority(PRIO_PGRP, 0) <= 5 && getpriority(PRIO_USER, 0) <= 5);
    assert(syscall(SYS_getpriority, PRIO_PROCESS, 0) == 20 - 7);
    return NULL;
}

static void a_nicer_thread_stays_so(void) {
    pthread_t thread;
    assert(setpriority(PRIO_PROCESS, (id_t)gettid(), 4) == 0 && nice(0) == 4);
    REFUSES(setpriority(PRIO_PROCESS, 0, 3), EACCES);
    const struct attr attr = {.size = FIRST_SIZE,
                              .policy = SCHED_BATCH,
                              .nice = 5,
                              .flags = SCHED_FLAG_RESET_ON_FORK};
    assert(attr_set(&attr) == 0 && getpriority(PRIO_PROCESS, 0) == 5);
    assert(sched_getscheduler(0) == (SCHED_BATCH | SCHED_RESET_ON_FORK));
    assert((attr_get().flags & SCHED_FLAG_RESET_ON_FORK) != 0);
    REFUSES(sched_setscheduler(0, SCHED_OTHER, &none), EPERM); /* the flag stays */
    assert(pthread_create(&thread, NULL, inherit, NULL) == 0);
    assert(pthread_join(thread, NULL) == 0);
    assert(getpriority(PRIO_PROCESS, 0) == 5);
}

static void parts_may_be_kept(void) {
    struct attr attr = {.size = FIRST_SIZE, .policy = SCHED_OTHER, .nice = 9};
    attr.flags = SCHED_FLAG_KEEP_PARAMS | SCHED_FLAG_RESET_ON_FORK;
    assert(attr_set(&attr) == 0);
    assert(attr_get().policy == SCHED_BATCH && attr_get().nice == 5);
    attr.flags = SCHED_FLAG_KEEP_POLICY;
    assert(attr_set(&attr) == 0);
    assert(attr_get().policy == SCHED_BATCH && attr_get().nice == 9);
    assert(sched_getscheduler(0) == (SCHED_BATCH | SCHED_RESET_ON_FORK));
    assert(setpriority(PRIO_PGRP, 0, 10) == 0 && getpriority(PRIO_PROCESS, 0) == 10);
    assert(setpriority(PRIO_PROCESS, 0, 100) == 0 && getpriority(PRIO_PROCESS, 0) == 19);
}

static void who_is_idle_stays_so(void) {
    assert(sched_setscheduler(0, SCHED_IDLE | SCHED_RESET_ON_FORK, &none) == 0);
    assert(sched_setscheduler(0, SCHED_IDLE | SCHED_RESET_ON_FORK, &none) == 0);
    REFUSES(sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &none), EPERM);
    assert(sched_getscheduler(0) == (SCHED_IDLE | SCHED_RESET_ON_FORK));
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    if (getpriority(PRIO_PROCESS, 0) != 0 && setpriority(PRIO_PROCESS, 0, 0) != 0) {
        return 0; /* outside of a run: whoever tests is nice and must stay so */
    }
    have_no_privileges();
    priorities_of_policies_are_told();
    a_policy_starts_as_other();
    who_is_nobody_is_not_found();
    nobody_becomes_more_important();
    attributes_may_be_of_another_size();
    a_nicer_thread_stays_so();
    parts_may_be_kept();
    who_is_idle_stays_so();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
