#include "sim/machine/hook.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "sim/panic.h"

#define NS_PER_S UINT64_C(1000000000)

ssize_t hook_size(int64_t result) {
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

int hook_result(int64_t result) {
    return (int)hook_size(result);
}

int hook_opened(enum point_kind kind, int64_t number, int64_t result, const void *site) {
    uint32_t object = 0;
    if (result >= 0) {
        const uint32_t file = descriptor_file(hook_descriptors(), number);
        ASSERT(file != 0);
        object = file_at(hook_kernel()->files, file)->object;
    }
    schedule_event(hook_schedule(), kind, object, result, site);
    return hook_result(result);
}

_Noreturn void hook_escape(const void *site, const char *format, ...) {
    char message[VERDICT_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    world_fail(&machine.world, VERDICT_ESCAPE, site, "%s is not simulated", message);
}

int hook_timespec(const void *timespec, uint64_t *ns) {
    const struct timespec *time = timespec;
    if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= (long)NS_PER_S) {
        return -EINVAL;
    }
    if ((uint64_t)time->tv_sec > VCLOCK_NS_MAX / NS_PER_S) {
        *ns = VCLOCK_NS_MAX;
    } else {
        *ns = (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
    }
    return 0;
}

bool hook_is_wall(int clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI ||
           clock == CLOCK_REALTIME_ALARM;
}

uint64_t hook_deadline(int clock, uint64_t absolute_ns) {
    const struct vclock *its = &hook_schedule()->clock;
    if (hook_is_wall(clock)) {
        return vclock_wall_deadline(its, hook_node(), absolute_ns);
    }
    return absolute_ns > VCLOCK_BOOT_NS
               ? vclock_due_ns(its, hook_node(), absolute_ns - VCLOCK_BOOT_NS)
               : 0;
}

int hook_deadline_of(int clock, const void *timespec, uint64_t *due_ns) {
    const struct timespec *time = timespec;
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) || time->tv_nsec < 0 ||
        time->tv_nsec >= (long)NS_PER_S) {
        return EINVAL;
    }
    uint64_t ns = 0;
    if (time->tv_sec >= 0) {
        const int refused = hook_timespec(time, &ns);
        ASSERT(refused == 0);
    }
    *due_ns = hook_deadline(clock, ns);
    return 0;
}
