/* Descriptors that come from nothing: pipes, eventfd, timerfd. */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real.h"

#define NS_PER_S UINT64_C(1000000000)

static int opened(int64_t result, const void *site) {
    return hook_opened(POINT_OPEN, result, result, site);
}

/* ---- pipes ---- */

static int open_pipe(int numbers[2], int flags, const void *site) {
    if ((flags & O_DIRECT) != 0) {
        hook_escape(site, "pipe2() with flag O_DIRECT");
    }
    hook_point(POINT_OPEN, 0, true, site);
    const bool known = (flags & ~(O_NONBLOCK | O_CLOEXEC)) == 0;
    const int64_t result =
        known ? pipe_open(&hook_kernel()->pipes, flags, hooks_environment_files_max(), numbers)
              : -EINVAL;
    return hook_opened(POINT_OPEN, result == 0 ? numbers[0] : -1, result, site);
}

HOOK int pipe(int numbers[2]) {
    return hook_simulated() ? open_pipe(numbers, 0, HOOK_SITE) : REAL(pipe)(numbers);
}

HOOK int pipe2(int numbers[2], int flags) {
    return hook_simulated() ? open_pipe(numbers, flags, HOOK_SITE) : REAL(pipe2)(numbers, flags);
}

/* ---- eventfd ---- */

HOOK int eventfd(unsigned value, int flags) {
    if (!hook_simulated()) {
        return REAL(eventfd)(value, flags);
    }
    hook_point(POINT_OPEN, 0, true, HOOK_SITE);
    const bool known = (flags & ~(EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE)) == 0;
    return opened(known ? counter_open_event(&hook_kernel()->counters,
                                             value,
                                             flags,
                                             hooks_environment_files_max())
                        : -EINVAL,
                  HOOK_SITE);
}

HOOK int eventfd_read(int number, eventfd_t *value) {
    if (!hook_simulated()) {
        return REAL(eventfd_read)(number, value);
    }
    return read(number, value, sizeof *value) == sizeof *value ? 0 : -1;
}

HOOK int eventfd_write(int number, eventfd_t value) {
    if (!hook_simulated()) {
        return REAL(eventfd_write)(number, value);
    }
    return write(number, &value, sizeof value) == sizeof value ? 0 : -1;
}

/* ---- timerfd ---- */

static int64_t clock_refusal(int clock) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
        return 0;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
        return -EPERM; /* needs CAP_WAKE_ALARM */
    default:
        return -EINVAL;
    }
}

HOOK int timerfd_create(int clock, int flags) {
    if (!hook_simulated()) {
        return REAL(timerfd_create)(clock, flags);
    }
    hook_point(POINT_OPEN, 0, true, HOOK_SITE);
    int64_t result = (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC)) != 0 ? -EINVAL : clock_refusal(clock);
    if (result == 0) {
        result = counter_open_timer(&hook_kernel()->counters,
                                    clock,
                                    flags,
                                    hooks_environment_files_max());
    }
    return opened(result, HOOK_SITE);
}

static void to_timespec(uint64_t ns, struct timespec *time) {
    time->tv_sec = (time_t)(ns / NS_PER_S);
    time->tv_nsec = (long)(ns % NS_PER_S);
}

static void setting_tell(uint32_t file, struct itimerspec *told) {
    struct counters *counters = &hook_kernel()->counters;
    const struct counter_setting setting = counter_get(counters, file);
    const uint64_t now = counter_now_ns(counters, file, setting.wall);
    uint64_t left = 0;
    if (setting.due_ns != 0) {
        left = setting.due_ns > now ? setting.due_ns - now : 1;
    }
    to_timespec(left, &told->it_value);
    to_timespec(setting.interval_ns, &told->it_interval);
}

static int64_t setting_change(uint32_t file, int flags, uint64_t value_ns, uint64_t interval_ns) {
    struct counters *counters = &hook_kernel()->counters;
    const bool absolute = (flags & TFD_TIMER_ABSTIME) != 0;
    struct counter_setting setting = {.interval_ns = interval_ns};
    setting.wall = absolute && hook_is_wall(counter_clock(counters, file));
    setting.cancels = setting.wall && (flags & TFD_TIMER_CANCEL_ON_SET) != 0;
    if (value_ns != 0) {
        setting.due_ns = value_ns;
        if (!absolute) {
            setting.due_ns += counter_now_ns(counters, file, false);
        } else if (!setting.wall) {
            setting.due_ns = value_ns > VCLOCK_BOOT_NS ? value_ns - VCLOCK_BOOT_NS : 1;
        }
    }
    return counter_set(counters, file, &setting);
}

static bool is_timer(uint32_t file) {
    return file_at(hook_kernel()->files, file)->kind == FILE_TIMER;
}

HOOK int
timerfd_settime(int number, int flags, const struct itimerspec *wanted, struct itimerspec *before) {
    if (!hook_simulated()) {
        return REAL(timerfd_settime)(number, flags, wanted, before);
    }
    const uint32_t file = descriptor_enter(hook_descriptors(), number, POINT_CONTROL, HOOK_SITE);
    uint64_t value_ns;
    uint64_t interval_ns;
    int64_t result = -EBADF;
    if (file != 0) {
        result = -EINVAL;
        const bool known = (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) == 0;
        if (known && is_timer(file) && hook_timespec(&wanted->it_value, &value_ns) == 0 &&
            hook_timespec(&wanted->it_interval, &interval_ns) == 0) {
            if (before != NULL) {
                setting_tell(file, before);
            }
            result = setting_change(file, flags, value_ns, interval_ns);
        }
    }
    return hook_result(
        descriptor_leave(hook_descriptors(), file, POINT_CONTROL, result, HOOK_SITE));
}

HOOK int timerfd_gettime(int number, struct itimerspec *now) {
    if (!hook_simulated()) {
        return REAL(timerfd_gettime)(number, now);
    }
    const uint32_t file = descriptor_enter(hook_descriptors(), number, POINT_CONTROL, HOOK_SITE);
    int64_t result = -EBADF;
    if (file != 0) {
        result = is_timer(file) ? 0 : -EINVAL;
        if (result == 0) {
            setting_tell(file, now);
        }
    }
    return hook_result(
        descriptor_leave(hook_descriptors(), file, POINT_CONTROL, result, HOOK_SITE));
}
