/* epoll, poll, select, and the forms of these that change the signal mask. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "sim/causal.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/machine/real.h"
#include "sim/machine/signals.h"
#include "sim/panic.h"
#include "sim/poll.h"

_Noreturn void __chk_fail(void);

#define NS_PER_MS UINT64_C(1000000)
#define US_PER_S 1000000
/* fs/select.c; a number that is closed meanwhile is ready for everything. */
#define SELECT_IN (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL)
#define SELECT_OUT (POLLWRNORM | POLLWRBAND | POLLOUT | POLLERR | POLLNVAL)
#define SELECT_EXCEPT (POLLPRI | POLLNVAL)

/* When a wait of so many nanoseconds ends that begins now. */
static uint64_t after(uint64_t ns) {
    return ns == AGENDA_NEVER ? AGENDA_NEVER : hook_after(ns);
}

static uint64_t ns_of_ms(int ms) {
    return ms < 0 ? AGENDA_NEVER : (uint64_t)ms * NS_PER_MS;
}

/* The mask that a call brings along; returns the one to put back. */
static uint64_t mask_apply(const sigset_t *mask) {
    uint64_t wanted;
    if (mask == NULL) {
        return signals_mask();
    }
    memcpy(&wanted, mask, sizeof wanted);
    return signals_mask_swap(wanted);
}

/* The call is over; when it was interrupted, handlers run under its own mask. */
static void mask_restore(const sigset_t *mask, uint64_t before, int64_t result) {
    if (result == -EINTR) {
        signals_restart(); /* such a call never does */
    }
    if (mask != NULL) {
        signals_mask_set(before);
    }
}

/* ---- epoll ---- */

static int epoll_open(int64_t refusal, bool close_on_exec, const void *site) {
    hook_point(POINT_OPEN, 0, true, site);
    const int64_t result = refusal != 0 ? refusal
                                        : readiness_open(&hook_kernel()->readiness,
                                                         hooks_environment_files_max(),
                                                         close_on_exec);
    return hook_opened(POINT_OPEN, result, result, site);
}

HOOK int epoll_create(int size) {
    return hook_simulated() ? epoll_open(size > 0 ? 0 : -EINVAL, false, HOOK_SITE)
                            : REAL(epoll_create)(size);
}

HOOK int epoll_create1(int flags) {
    return hook_simulated() ? epoll_open((flags & ~EPOLL_CLOEXEC) != 0 ? -EINVAL : 0,
                                         (flags & EPOLL_CLOEXEC) != 0,
                                         HOOK_SITE)
                            : REAL(epoll_create1)(flags);
}

HOOK int epoll_ctl(int epoll, int operation, int number, struct epoll_event *event) {
    if (!hook_simulated()) {
        return REAL(epoll_ctl)(epoll, operation, number, event);
    }
    const int64_t failed = hooks_mishap_file(MISHAP_EPOLL_CONTROL, epoll, HOOK_SITE);
    if (failed != 0) {
        return hook_result(failed);
    }
    struct descriptors *descriptors = hook_descriptors();
    const uint32_t file = descriptor_enter(descriptors, epoll, POINT_EPOLL_CONTROL, HOOK_SITE);
    const uint32_t target = descriptor_file(descriptors, number);
    int64_t result = -EBADF;
    if (file != 0 && target != 0) {
        result = readiness_control(&hook_kernel()->readiness,
                                   file,
                                   operation,
                                   number,
                                   target,
                                   operation == EPOLL_CTL_DEL ? NULL : event);
    }
    return hook_result(descriptor_leave(descriptors, file, POINT_EPOLL_CONTROL, result, HOOK_SITE));
}

static int epoll_wait_for(int epoll,
                          struct epoll_event *events,
                          int count_max,
                          uint64_t timeout_ns,
                          const sigset_t *mask,
                          const void *site) {
    const int64_t failed = hooks_mishap_file(MISHAP_EPOLL_WAIT, epoll, site);
    if (failed != 0) {
        return hook_result(failed);
    }
    struct descriptors *descriptors = hook_descriptors();
    const uint32_t file = descriptor_enter(descriptors, epoll, POINT_EPOLL_WAIT, site);
    const uint64_t before = mask_apply(mask);
    int64_t result = -EBADF;
    if (file != 0) {
        result = readiness_wait(&hook_kernel()->readiness,
                                file,
                                events,
                                count_max,
                                after(timeout_ns),
                                site);
    }
    descriptor_leave(descriptors, file, POINT_EPOLL_WAIT, result, site);
    mask_restore(mask, before, result);
    return hook_result(result);
}

HOOK int epoll_wait(int epoll, struct epoll_event *events, int count_max, int timeout_ms) {
    return hook_simulated()
               ? epoll_wait_for(epoll, events, count_max, ns_of_ms(timeout_ms), NULL, HOOK_SITE)
               : REAL(epoll_wait)(epoll, events, count_max, timeout_ms);
}

HOOK int epoll_pwait(int epoll,
                     struct epoll_event *events,
                     int count_max,
                     int timeout_ms,
                     const sigset_t *mask) {
    return hook_simulated()
               ? epoll_wait_for(epoll, events, count_max, ns_of_ms(timeout_ms), mask, HOOK_SITE)
               : REAL(epoll_pwait)(epoll, events, count_max, timeout_ms, mask);
}

HOOK int epoll_pwait2(int epoll,
                      struct epoll_event *events,
                      int count_max,
                      const struct timespec *timeout,
                      const sigset_t *mask) {
    if (!hook_simulated()) {
        return REAL(epoll_pwait2)(epoll, events, count_max, timeout, mask);
    }
    uint64_t ns = AGENDA_NEVER;
    if (timeout != NULL && hook_timespec(timeout, &ns) != 0) {
        return hook_result(-EINVAL);
    }
    return epoll_wait_for(epoll, events, count_max, ns, mask, HOOK_SITE);
}

/* ---- poll ---- */

static int poll_for(struct pollfd *entries,
                    nfds_t count,
                    uint64_t timeout_ns,
                    const sigset_t *mask,
                    const void *site) {
    const int64_t failed = hooks_mishap(MISHAP_POLL, site);
    if (failed != 0) {
        return hook_result(failed);
    }
    hook_point(POINT_POLL, 0, true, site);
    const uint64_t before = mask_apply(mask);
    int64_t result = -EINVAL;
    if (count <= hooks_environment_files_max()) {
        const struct poll_wait_for what = {.deadline_ns = after(timeout_ns),
                                           .always = POLLERR | POLLHUP,
                                           .site = site};
        result = poll_wait(&hook_kernel()->readiness, entries, count, &what);
    }
    if (result > 0) {
        causal_learns(hook_schedule());
    }
    schedule_event(hook_schedule(), POINT_POLL, 0, result, site);
    mask_restore(mask, before, result);
    return hook_result(result);
}

HOOK int poll(struct pollfd *entries, nfds_t count, int timeout_ms) {
    if (!hook_simulated()) {
        return REAL(poll)(entries, count, timeout_ms);
    }
    return poll_for(entries, count, ns_of_ms(timeout_ms), NULL, HOOK_SITE);
}

HOOK int __poll_chk(struct pollfd *entries, nfds_t count, int timeout_ms, size_t room) {
    if (room / sizeof *entries < count) {
        __chk_fail();
    }
    return hook_simulated() ? poll_for(entries, count, ns_of_ms(timeout_ms), NULL, HOOK_SITE)
                            : REAL(poll)(entries, count, timeout_ms);
}

static int ppoll_for(struct pollfd *entries,
                     nfds_t count,
                     const struct timespec *timeout,
                     const sigset_t *mask,
                     const void *site) {
    uint64_t ns = AGENDA_NEVER;
    if (timeout != NULL && hook_timespec(timeout, &ns) != 0) {
        return hook_result(-EINVAL);
    }
    return poll_for(entries, count, ns, mask, site);
}

HOOK int
ppoll(struct pollfd *entries, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    return hook_simulated() ? ppoll_for(entries, count, timeout, mask, HOOK_SITE)
                            : REAL(ppoll)(entries, count, timeout, mask);
}

HOOK int __ppoll_chk(struct pollfd *entries,
                     nfds_t count,
                     const struct timespec *timeout,
                     const sigset_t *mask,
                     size_t room) {
    if (room / sizeof *entries < count) {
        __chk_fail();
    }
    return hook_simulated() ? ppoll_for(entries, count, timeout, mask, HOOK_SITE)
                            : REAL(ppoll)(entries, count, timeout, mask);
}

/* ---- select ---- */

struct select_sets {
    fd_set *in, *out, *except;
};

static bool wants(const fd_set *set, int number) {
    return set != NULL && FD_ISSET(number, set);
}

/* The sets as entries; -EBADF for a number that is not open. */
static int64_t
entries_make(const struct select_sets *sets, int count, struct pollfd entries[FD_SETSIZE]) {
    int64_t used = 0;
    for (int number = 0; number < count; number++) {
        const int events = (wants(sets->in, number) ? SELECT_IN : 0) |
                           (wants(sets->out, number) ? SELECT_OUT : 0) |
                           (wants(sets->except, number) ? SELECT_EXCEPT : 0);
        if (events == 0) {
            continue;
        }
        if (descriptor_file(hook_descriptors(), number) == 0) {
            return -EBADF;
        }
        entries[used++] = (struct pollfd){.fd = number, .events = (short)events};
    }
    return used;
}

/* Clears what is not ready; returns how many bits are left. */
static int64_t set_answer(fd_set *set, const struct pollfd *entries, int64_t used, int events) {
    int64_t left = 0;
    if (set == NULL) {
        return 0;
    }
    for (int64_t i = 0; i < used; i++) {
        if (!FD_ISSET(entries[i].fd, set)) {
            continue;
        }
        if ((entries[i].revents & events) != 0) {
            left++;
        } else {
            FD_CLR(entries[i].fd, set);
        }
    }
    return left;
}

static int64_t
select_effect(const struct select_sets *sets, int count, uint64_t deadline_ns, const void *site) {
    struct pollfd entries[FD_SETSIZE];
    const int64_t used = entries_make(sets, count, entries);
    if (used < 0) {
        return used;
    }
    const struct poll_wait_for what = {.deadline_ns = deadline_ns, .site = site};
    const int64_t result = poll_wait(&hook_kernel()->readiness, entries, (uint64_t)used, &what);
    return result < 0 ? result
                      : set_answer(sets->in, entries, used, SELECT_IN) +
                            set_answer(sets->out, entries, used, SELECT_OUT) +
                            set_answer(sets->except, entries, used, SELECT_EXCEPT);
}

static int64_t select_for(const struct select_sets *sets,
                          int count,
                          uint64_t timeout_ns,
                          const sigset_t *mask,
                          const void *site) {
    const int64_t failed = hooks_mishap(MISHAP_POLL, site);
    if (failed != 0) {
        return hook_result(failed);
    }
    hook_point(POINT_POLL, 0, true, site);
    if (count > FD_SETSIZE) {
        hook_escape(site, "select() of more than %d descriptors", FD_SETSIZE);
    }
    const uint64_t before = mask_apply(mask);
    const int64_t result =
        count < 0 ? -EINVAL : select_effect(sets, count, after(timeout_ns), site);
    if (result > 0) {
        causal_learns(hook_schedule());
    }
    schedule_event(hook_schedule(), POINT_POLL, 0, result, site);
    mask_restore(mask, before, result);
    return result;
}

HOOK int select(int count,
                fd_set *restrict in,
                fd_set *restrict out,
                fd_set *restrict except,
                struct timeval *restrict timeout) {
    if (!hook_simulated()) {
        return REAL(select)(count, in, out, except, timeout);
    }
    const struct select_sets sets = {in, out, except};
    uint64_t ns = AGENDA_NEVER;
    if (timeout != NULL) {
        if (timeout->tv_sec < 0 || timeout->tv_usec < 0) {
            return hook_result(-EINVAL);
        }
        const struct timespec rest = {.tv_sec = timeout->tv_usec / US_PER_S,
                                      .tv_nsec = timeout->tv_usec % US_PER_S * 1000};
        const struct timespec whole = {.tv_sec = timeout->tv_sec};
        uint64_t rest_ns;
        if (hook_timespec(&whole, &ns) != 0 || hook_timespec(&rest, &rest_ns) != 0) {
            UNREACHABLE();
        }
        ns = ns < VCLOCK_NS_MAX - rest_ns ? ns + rest_ns : VCLOCK_NS_MAX;
    }
    const uint64_t begin = hook_own_ns();
    const int64_t result = select_for(&sets, count, ns, NULL, HOOK_SITE);
    if (timeout != NULL) { /* Linux tells what is left */
        const uint64_t spent = hook_own_ns() - begin;
        const uint64_t left = ns > spent ? (ns - spent) / 1000 : 0;
        timeout->tv_sec = (time_t)(left / 1000000);
        timeout->tv_usec = (suseconds_t)(left % 1000000);
    }
    return hook_result(result);
}

HOOK int pselect(int count,
                 fd_set *restrict in,
                 fd_set *restrict out,
                 fd_set *restrict except,
                 const struct timespec *restrict timeout,
                 const sigset_t *restrict mask) {
    if (!hook_simulated()) {
        return REAL(pselect)(count, in, out, except, timeout, mask);
    }
    const struct select_sets sets = {in, out, except};
    uint64_t ns = AGENDA_NEVER;
    if (timeout != NULL && hook_timespec(timeout, &ns) != 0) {
        return hook_result(-EINVAL);
    }
    return hook_result(select_for(&sets, count, ns, mask, HOOK_SITE));
}
