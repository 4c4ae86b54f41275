/* Clocks and sleeping. */
#include <errno.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/machine/signals.h"

#define NS_PER_S 1000000000u
#define COARSE_NS 4000000u /* the tick of the _COARSE clocks */

/* What a clock moves by that is right or has a tick of the node's. */
static uint64_t tick_ns(void) {
    return vclock_tick_ns(&hook_schedule()->clock, hook_node());
}

static uint64_t coarse_ns(void) {
    return tick_ns() > COARSE_NS ? tick_ns() : COARSE_NS;
}

/* What a clock shows now; false: there is no such clock. */
static bool clock_now(clockid_t clock, uint64_t *ns) {
    const struct vclock *its = &hook_schedule()->clock;
    const uint32_t node = hook_node();
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
        *ns = vclock_wall_ns(its, node);
        return true;
    case CLOCK_REALTIME_COARSE:
        *ns = vclock_wall_ns(its, node) / coarse_ns() * coarse_ns();
        return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *ns = vclock_monotonic_ns(its, node);
        return true;
    case CLOCK_MONOTONIC_COARSE:
        *ns = vclock_monotonic_ns(its, node) / coarse_ns() * coarse_ns();
        return true;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = vclock_own_ns(its, node);
        return true;
    default:
        return false;
    }
}

static uint64_t wall_ns(void) {
    return vclock_wall_ns(&hook_schedule()->clock, hook_node());
}

static void to_timespec(uint64_t ns, struct timespec *time) {
    time->tv_sec = (time_t)(ns / NS_PER_S);
    time->tv_nsec = (long)(ns % NS_PER_S);
}

static void clock_event(const void *site) {
    hook_point(POINT_CLOCK, 0, false, site);
    schedule_event(hook_schedule(),
                   POINT_CLOCK,
                   0,
                   (int64_t)schedule_now_ns(hook_schedule()),
                   site);
}

HOOK int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!hook_simulated()) {
        return REAL(clock_gettime)(clock, time);
    }
    clock_event(HOOK_SITE);
    uint64_t ns;
    if (!clock_now(clock, &ns)) {
        return hook_result(-EINVAL);
    }
    to_timespec(ns, time);
    return 0;
}

HOOK int clock_getres(clockid_t clock, struct timespec *resolution) {
    if (!hook_simulated()) {
        return REAL(clock_getres)(clock, resolution);
    }
    uint64_t ns;
    if (!clock_now(clock, &ns)) {
        return hook_result(-EINVAL);
    }
    if (resolution != NULL) {
        const bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
        const bool counted = clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
        to_timespec(coarse ? coarse_ns() : counted ? 1 : tick_ns(), resolution);
    }
    return 0;
}

HOOK int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    if (!hook_simulated()) {
        return REAL(gettimeofday)(time, zone);
    }
    clock_event(HOOK_SITE);
    const uint64_t ns = wall_ns();
    time->tv_sec = (time_t)(ns / NS_PER_S);
    time->tv_usec = (suseconds_t)(ns % NS_PER_S / 1000);
    if (zone != NULL) {
        *(struct timezone *)zone = (struct timezone){0};
    }
    return 0;
}

HOOK time_t time(time_t *result) {
    if (!hook_simulated()) {
        return REAL(time)(result);
    }
    clock_event(HOOK_SITE);
    const time_t seconds = (time_t)(wall_ns() / NS_PER_S);
    if (result != NULL) {
        *result = seconds;
    }
    return seconds;
}

/* By the node's clock, until a time of the run. */
static uint64_t left_until(uint64_t due_ns) {
    const struct vclock *clock = &hook_schedule()->clock;
    const uint64_t now = schedule_now_ns(hook_schedule());
    if (clock->nodes != NULL && due_ns > now) {
        const uint64_t due = vclock_local_ns(clock->nodes[hook_node()].rate, due_ns);
        return due > hook_own_ns() ? due - hook_own_ns() : 0;
    }
    return due_ns > now ? due_ns - now : 0;
}

/* Sleeps until a deadline; -EINTR when a signal came first: then `left` (not NULL) is told. */
static int sleep_until(uint64_t due_ns, struct timespec *left, const void *site) {
    struct schedule *schedule = hook_schedule();
    hook_point(POINT_SLEEP, 0, false, site);
    const struct wait_cause cause = {.kind = POINT_SLEEP, .site = site};
    int result = 0;
    if (vclock_deadline_ns(&schedule->clock, hook_node(), due_ns) > schedule_now_ns(schedule) &&
        schedule_wait(schedule, NULL, due_ns, &cause) == WAKE_INTERRUPTED) {
        result = -EINTR;
    }
    schedule_event(schedule, POINT_SLEEP, 0, result, site);
    if (result != 0) {
        if (left != NULL) {
            to_timespec(left_until(due_ns), left);
        }
        signals_restart(); /* a sleep never does */
    }
    return result;
}

HOOK int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left) {
    if (!hook_simulated()) {
        return REAL(clock_nanosleep)(clock, flags, wanted, left);
    }
    uint64_t ns;
    if (!clock_now(clock, &ns) || clock == CLOCK_THREAD_CPUTIME_ID ||
        hook_timespec(wanted, &ns) != 0) {
        return EINVAL;
    }
    if ((flags & ~TIMER_ABSTIME) != 0) {
        hook_escape(HOOK_SITE, "clock_nanosleep() with flags %#x", (unsigned)flags);
    }
    const bool absolute = (flags & TIMER_ABSTIME) != 0;
    const uint64_t due = absolute ? hook_deadline(clock, ns) : hook_after(ns);
    return -sleep_until(due, absolute ? NULL : left, HOOK_SITE);
}

HOOK int nanosleep(const struct timespec *wanted, struct timespec *left) {
    if (!hook_simulated()) {
        return REAL(nanosleep)(wanted, left);
    }
    uint64_t ns;
    if (hook_timespec(wanted, &ns) != 0) {
        return hook_result(-EINVAL);
    }
    return hook_result(sleep_until(hook_after(ns), left, HOOK_SITE));
}

/* 0, -1 when a signal came first, -2 for what is no time. */
HOOK int thrd_sleep(const struct timespec *wanted, struct timespec *left) {
    if (!hook_simulated()) {
        return REAL(thrd_sleep)(wanted, left);
    }
    uint64_t ns;
    if (hook_timespec(wanted, &ns) != 0) {
        return -2;
    }
    return sleep_until(hook_after(ns), left, HOOK_SITE) == 0 ? 0 : -1;
}

HOOK int usleep(useconds_t microseconds) {
    if (!hook_simulated()) {
        return REAL(usleep)(microseconds);
    }
    return hook_result(sleep_until(hook_after(microseconds * UINT64_C(1000)), NULL, HOOK_SITE));
}

HOOK unsigned sleep(unsigned seconds) {
    if (!hook_simulated()) {
        return REAL(sleep)(seconds);
    }
    const uint64_t due = hook_after(seconds * UINT64_C(1000000000));
    struct timespec left = {0};
    sleep_until(due, &left, HOOK_SITE);
    return (unsigned)(left.tv_sec + (left.tv_nsec > 0));
}

HOOK int timespec_get(struct timespec *time, int base) {
    if (!hook_simulated()) {
        return REAL(timespec_get)(time, base);
    }
    if (base != TIME_UTC) {
        return 0;
    }
    clock_event(HOOK_SITE);
    to_timespec(wall_ns(), time);
    return base;
}

HOOK clock_t clock(void) {
    if (!hook_simulated()) {
        return REAL(clock)();
    }
    clock_event(HOOK_SITE);
    return (clock_t)(hook_own_ns() / (NS_PER_S / CLOCKS_PER_SEC));
}

/* A program may ask for the clock of a process or thread, but only for its own. */
HOOK int clock_getcpuclockid(pid_t pid, clockid_t *clock) {
    if (!hook_simulated()) {
        return REAL(clock_getcpuclockid)(pid, clock);
    }
    if (pid != 0 && pid != getpid()) {
        return ESRCH;
    }
    *clock = CLOCK_PROCESS_CPUTIME_ID;
    return 0;
}

/* Which clocks could be set by somebody with the right to do so, as in Linux. */
HOOK int clock_settime(clockid_t clock, const struct timespec *time) {
    if (!hook_simulated()) {
        return REAL(clock_settime)(clock, time);
    }
    const bool processor = clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
    uint64_t ns;
    if (!processor && (clock != CLOCK_REALTIME || hook_timespec(time, &ns) != 0)) {
        return hook_result(-EINVAL);
    }
    return hook_result(-EPERM);
}

HOOK int settimeofday(const struct timeval *time, const struct timezone *zone) {
    return hook_simulated() ? hook_result(-EPERM) : REAL(settimeofday)(time, zone);
}
