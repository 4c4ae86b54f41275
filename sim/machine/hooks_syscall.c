#include "sim/machine/hooks_syscall.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_attribute.h"
#include "sim/machine/hooks_futex.h"
#include "sim/machine/hooks_membarrier.h"
#include "sim/machine/hooks_priority.h"
#include "sim/machine/hooks_signal.h"
#include "sim/machine/hooks_syscall_table.h"
#include "sim/machine/signals.h"
#include "sim/machine/standard.h"
#include "sim/panic.h"

#define NUMBER_MAX 512
#define NS_PER_S UINT64_C(1000000000)

typedef long call_function(long a, long b, long c, long d, long e, long f);

static const struct hooks_syscall_entry *by_number[NUMBER_MAX];
static call_function *hooks[NUMBER_MAX]; /* NULL = libsim has no such hook */

/* libsim's own definition of a symbol, NULL when only libc has one. */
static void *own_symbol(void *handle, const struct link_map *own, const char *name) {
    void *symbol = dlsym(handle, name);
    struct dl_find_object found;
    return symbol != NULL && _dl_find_object(symbol, &found) == 0 && found.dlfo_link_map == own
               ? symbol
               : NULL;
}

void hooks_syscall_open(void) {
    struct dl_find_object self;
    const int unknown = _dl_find_object((void *)hooks_syscall_open, &self);
    ASSERT(unknown == 0);
    void *handle = dlopen(self.dlfo_link_map->l_name, RTLD_NOW | RTLD_NOLOAD);
    ASSERT(handle != NULL);
    for (const struct hooks_syscall_entry *entry = hooks_syscall_table; entry->name != NULL;
         entry++) {
        ASSERT(entry->number < NUMBER_MAX && by_number[entry->number] == NULL);
        by_number[entry->number] = entry;
        if (entry->hook != NULL) {
            hooks[entry->number] =
                (call_function *)own_symbol(handle, self.dlfo_link_map, entry->hook);
        }
    }
}

/* ---- output ---- */

static long output(const void *bytes, size_t size, const void *site) {
    machine_output(bytes, size);
    schedule_event(hook_schedule(), POINT_OUTPUT, 0, (int64_t)size, site);
    return (long)size;
}

static long output_vector(const struct iovec *parts, long count, const void *site) {
    long size = 0;
    for (long i = 0; i < count; i++) {
        machine_output(parts[i].iov_base, parts[i].iov_len);
        size += (long)parts[i].iov_len;
    }
    schedule_event(hook_schedule(), POINT_OUTPUT, 0, size, site);
    return size;
}

/* libc's stdio writes under the stream's lock: this is no point. True when answered. */
static bool output_call(long number, const long a[6], const void *site, long *result) {
    if ((number != SYS_write && number != SYS_writev) || !standard_output(a[0])) {
        return false;
    }
    *result = number == SYS_write ? output((const void *)a[1], (size_t)a[2], site)
                                  : output_vector((const struct iovec *)a[1], a[2], site);
    return true;
}

/* ---- calls whose hook has another shape ---- */

/* Hooks answer with -1 and errno, except where libc's function differs from the call. */
static long call_hook(const struct hooks_syscall_entry *entry, const long a[6], const void *site) {
    call_function *hook = hooks[entry->number];
    if (hook == NULL) {
        hook_escape(site, "system call %s", entry->name);
    }
    const int before = errno;
    long result = hook(a[0], a[1], a[2], a[3], a[4], a[5]);
    if (entry->kind != HOOKS_SYSCALL_LONG) {
        result = (int)result;
    }
    if (entry->kind == HOOKS_SYSCALL_NUMBER) {
        result = -result;
    } else if (result == -1) {
        result = -errno;
    }
    errno = before;
    return result;
}

/* The kernel's signal sets are one word; libc's functions read more. `size` is what the program
 * says of its set. */
static long call_with_set(const struct hooks_syscall_entry *entry,
                          const long a[6],
                          unsigned set_index,
                          long size,
                          const void *site) {
    long copy[6];
    memcpy(copy, a, sizeof copy);
    unsigned long set[16] = {0}; /* as large as libc's */
    if (a[set_index] != 0) {
        if (size != sizeof set[0]) {
            return -EINVAL;
        }
        set[0] = *(const unsigned long *)a[set_index];
        copy[set_index] = (long)set;
    }
    return call_hook(entry, copy, site);
}

/* ppoll and pselect6 tell what is left of the time. */
static long call_with_timeout(const struct hooks_syscall_entry *entry,
                              const long a[6],
                              unsigned set_index,
                              long size,
                              const void *site) {
    const unsigned timeout_index = entry->number == SYS_ppoll ? 2 : 4;
    struct timespec *timeout = (struct timespec *)a[timeout_index];
    uint64_t ns;
    if (timeout == NULL) {
        return call_with_set(entry, a, set_index, size, site);
    }
    if (hook_timespec(timeout, &ns) != 0) {
        return -EINVAL;
    }
    const uint64_t begin = hook_own_ns();
    const long result = call_with_set(entry, a, set_index, size, site);
    const uint64_t spent = hook_own_ns() - begin;
    const uint64_t left = ns > spent ? ns - spent : 0;
    if (ns != 0) {
        timeout->tv_sec = (time_t)(left / NS_PER_S);
        timeout->tv_nsec = (long)(left % NS_PER_S);
    }
    return result;
}

/* The sixth argument stands for the mask and its size. */
static long
call_pselect(const struct hooks_syscall_entry *entry, const long a[6], const void *site) {
    long copy[6];
    memcpy(copy, a, sizeof copy);
    const long none[2] = {0, 0};
    const long *pack = a[5] == 0 ? none : (const long *)a[5];
    copy[5] = pack[0];
    return call_with_timeout(entry, copy, 5, pack[1], site);
}

/* libc's function has flags, the kernel's call has none. */
static long
call_without_flags(const struct hooks_syscall_entry *entry, const long a[6], const void *site) {
    const long copy[6] = {a[0], a[1], a[2]};
    return call_hook(entry, copy, site);
}

static long call_control(const long a[6], const void *site) {
    switch (a[0]) {
    case PR_SET_NAME:
        hooks_attribute_name_set(schedule_running(hook_schedule())->id, (const char *)a[1]);
        return 0;
    case PR_GET_NAME:
        strncpy((char *)a[1],
                hooks_attribute_name(schedule_running(hook_schedule())->id),
                THREAD_NAME_SIZE - 1);
        ((char *)a[1])[THREAD_NAME_SIZE - 1] = '\0';
        return 0;
    case PR_SET_VMA:
        return 0;
    case PR_GET_DUMPABLE:
        return 1;
    default:
        hook_escape(site, "prctl() with option %ld", a[0]);
    }
}

static long
call_special(const struct hooks_syscall_entry *entry, const long a[6], const void *site) {
    switch (entry->number) {
    case SYS_exit:
        machine_thread_exit(NULL);
    case SYS_prctl:
        return call_control(a, site);
    case SYS_getcpu:
        if (a[0] != 0) {
            *(unsigned *)a[0] = 0;
        }
        if (a[1] != 0) {
            *(unsigned *)a[1] = 0;
        }
        return 0;
    case SYS_faccessat:
    case SYS_fchmodat:
        return call_without_flags(entry, a, site);
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
        return call_with_set(entry, a, 4, a[5], site);
    case SYS_ppoll:
        return call_with_timeout(entry, a, 3, a[4], site);
    case SYS_pselect6:
        return call_pselect(entry, a, site);
    case SYS_getcwd: {
        const long result = call_hook(entry, a, site);
        return result < 0 ? result : (long)strlen((const char *)a[0]) + 1;
    }
    case SYS_futex:
        return hooks_futex_call(a, site);
    case SYS_membarrier:
        return hooks_membarrier_call(a, site);
    case SYS_rt_sigaction:
        return hooks_signal_action((int)a[0], (const void *)a[1], (void *)a[2], site);
    case SYS_rt_sigprocmask:
        return hooks_signal_mask((int)a[0], (const uint64_t *)a[1], (uint64_t *)a[2]);
    case SYS_rt_sigpending:
        *(uint64_t *)a[0] = signals_pending() & signals_mask();
        return 0;
    case SYS_rt_sigsuspend:
        signals_suspend(*(const uint64_t *)a[0], site);
        return -EINTR;
    case SYS_rt_sigtimedwait:
        return call_with_set(entry, a, 0, a[3], site);
    case SYS_signalfd:
    case SYS_signalfd4: {
        const long flags = entry->number == SYS_signalfd ? 0 : a[3];
        const long shaped[6] = {a[0], a[1], flags};
        return (size_t)a[2] != sizeof(uint64_t) ? -EINVAL
                                                : call_with_set(entry, shaped, 1, a[2], site);
    }
    case SYS_timer_create:
        return hooks_posix_timer_create(a[0], (const void *)a[1], (int *)a[2], site);
    case SYS_sched_getaffinity: {
        const long result = call_hook(entry, a, site);
        return result < 0 ? result : (long)sizeof(uint64_t); /* bytes written */
    }
    case SYS_sched_setattr:
        return hooks_priority_attr_set(a, site);
    case SYS_sched_getattr:
        return hooks_priority_attr_get(a);
    case SYS_getpriority:
        return hooks_priority_get_call(a);
    case SYS_set_tid_address:
        return gettid();
    default:
        hook_escape(site, "system call %s", entry->name);
    }
}

long hooks_syscall_call(long number, const long arguments[6], const void *site) {
    const struct hooks_syscall_entry *entry =
        number >= 0 && number < NUMBER_MAX ? by_number[number] : NULL;
    if (entry == NULL) {
        hook_escape(site, "system call number %ld", number);
    }
    long result;
    if (output_call(number, arguments, site, &result)) {
        return result;
    }
    switch ((enum hooks_syscall_kind)entry->kind) {
    case HOOKS_SYSCALL_INT:
    case HOOKS_SYSCALL_LONG:
    case HOOKS_SYSCALL_NUMBER:
        return call_hook(entry, arguments, site);
    case HOOKS_SYSCALL_SPECIAL:
        return call_special(entry, arguments, site);
    case HOOKS_SYSCALL_ANSWER:
        return entry->answer;
    case HOOKS_SYSCALL_PASS:
        return real_call6(number,
                          arguments[0],
                          arguments[1],
                          arguments[2],
                          arguments[3],
                          arguments[4],
                          arguments[5]);
    case HOOKS_SYSCALL_ESCAPE:
        hook_escape(site, "system call %s", entry->name);
    }
    UNREACHABLE();
}

HOOK long syscall(long number, ...) {
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (unsigned i = 0; i < 6; i++) {
        arguments[i] = va_arg(list, long);
    }
    va_end(list);
    if (!hook_simulated()) {
        const long result = real_call6(number,
                                       arguments[0],
                                       arguments[1],
                                       arguments[2],
                                       arguments[3],
                                       arguments[4],
                                       arguments[5]);
        if (result < 0 && result > -4096) {
            errno = (int)-result;
            return -1;
        }
        return result;
    }
    const long result = hooks_syscall_call(number, arguments, HOOK_SITE);
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}
