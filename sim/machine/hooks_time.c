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

/* What a clock shows now; false: there is no such clock. */
static bool clock_now(clockid_t clock, uint64_t *ns) {
    const uint64_t now = schedule_now_ns(hook_schedule());
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
        *ns = vclock_wall_ns(now);
        return true;
    case CLOCK_REALTIME_COARSE:
        *ns = vclock_wall_ns(now) / COARSE_NS * COARSE_NS;
        return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *ns = vclock_monotonic_ns(now);
        return true;
    case CLOCK_MONOTONIC_COARSE:
        *ns = vclock_monotonic_ns(now) / COARSE_NS * COARSE_NS;
        return true;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = now;
        return true;
    default:
        return false;
    }
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
        to_timespec(coarse ? COARSE_NS : 1, resolution);
    }
    return 0;
}

HOOK int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    if (!hook_simulated()) {
        return REAL(gettimeofday)(time, zone);
    }
    clock_event(HOOK_SITE);
    const uint64_t ns = vclock_wall_ns(schedule_now_ns(hook_schedule()));
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
    const time_t seconds = (time_t)(vclock_wall_ns(schedule_now_ns(hook_schedule())) / NS_PER_S);
    if (result != NULL) {
        *result = seconds;
    }
    return seconds;
}

static uint64_t left_until(uint64_t due_ns) {
    const uint64_t now = schedule_now_ns(hook_schedule());
    return due_ns > now ? due_ns - now : 0;
}

/* Sleeps until a virtual time; -EINTR when a signal came first: then `left` (not NULL) is told. */
static int sleep_until(uint64_t due_ns, struct timespec *left, const void *site) {
    struct schedule *schedule = hook_schedule();
    hook_point(POINT_SLEEP, 0, false, site);
    const struct wait_cause cause = {.kind = POINT_SLEEP, .site = site};
    int result = 0;
    if (due_ns > schedule_now_ns(schedule) &&
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

static uint64_t after(uint64_t ns) {
    return schedule_now_ns(hook_schedule()) + ns;
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
    const uint64_t due = absolute ? hook_deadline(clock, ns) : after(ns);
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
    return hook_result(sleep_until(after(ns), left, HOOK_SITE));
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
    return sleep_until(after(ns), left, HOOK_SITE) == 0 ? 0 : -1;
}

HOOK int usleep(useconds_t microseconds) {
    if (!hook_simulated()) {
        return REAL(usleep)(microseconds);
    }
    return hook_result(sleep_until(after(microseconds * UINT64_C(1000)), NULL, HOOK_SITE));
}

HOOK unsigned sleep(unsigned seconds) {
    if (!hook_simulated()) {
        return REAL(sleep)(seconds);
    }
    const uint64_t due = after(seconds * UINT64_C(1000000000));
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
    to_timespec(vclock_wall_ns(schedule_now_ns(hook_schedule())), time);
    return base;
}

HOOK clock_t clock(void) {
    if (!hook_simulated()) {
        return REAL(clock)();
    }
    clock_event(HOOK_SITE);
    return (clock_t)(schedule_now_ns(hook_schedule()) / (NS_PER_S / CLOCKS_PER_SEC));
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
