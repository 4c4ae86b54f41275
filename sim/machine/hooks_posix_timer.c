/* timer_create() and its kin: timers that send signals.
 *
 *   settime ─► agenda ─► expiry: signal sent ─► taken by somebody: the next period is started, and
 *                                               what was missed is counted as overrun
 *
 * As Linux does it up to 6.12 (kernel/time/posix-timers.c): a signal that is pending when its timer
 * is set anew or deleted is delivered all the same. A periodic timer whose signal is ignored starts
 * its next period itself. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/causal.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/hooks_signal.h"
#include "sim/machine/signals.h"
#include "sim/panic.h"

#define NS_PER_S UINT64_C(1000000000)
#define TIMERS_MAX 4096u

struct timer {
    uint32_t next; /* the node's others; while free: the next free one */
    uint32_t node;
    int32_t id; /* as the program knows it */
    int32_t clock;
    int32_t notify; /* SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID */
    int32_t signal;
    uint32_t thread; /* SIGEV_THREAD_ID: whom to */
    bool pending;    /* its signal was sent and not taken */
    bool wall;       /* by the wall clock, else by the node's own time */
    bool restarts;   /* and whoever takes it starts the next period */
    union sigval value;
    uint64_t handle; /* of the agenda, 0 = none */
    uint64_t due_ns; /* by `wall`, 0 = not armed */
    uint64_t interval_ns;
    uint64_t missed;       /* periods that passed and no signal told of yet */
    uint64_t overrun_last; /* timer_getoverrun() */
    uint32_t again;        /* expiries while its signal was pending: set anew meanwhile */
};

static struct timer timers[TIMERS_MAX + 1]; /* 0 = none */
static uint32_t timers_used, timers_free;
static uint32_t node_first[DESCRIPTION_NODES_MAX + 1];
static int32_t node_ids[DESCRIPTION_NODES_MAX + 1]; /* the next one's */
static uint32_t handler;

static uint32_t *link_of(uint32_t node, int32_t id) {
    uint32_t *link = &node_first[node];
    while (*link != 0 && timers[*link].id != id) {
        link = &timers[*link].next;
    }
    return link;
}

/* ---- expiry ---- */

static uint64_t now_of(const struct timer *timer) {
    const struct vclock *clock = &hook_schedule()->clock;
    return timer->wall ? vclock_wall_exact_ns(clock, timer->node)
                       : vclock_own_ns(clock, timer->node);
}

static void start(struct timer *timer) {
    const struct vclock *clock = &hook_schedule()->clock;
    const uint64_t when = timer->wall ? vclock_wall_due_ns(clock, timer->node, timer->due_ns)
                                      : vclock_due_ns(clock, timer->node, timer->due_ns);
    timer->handle = schedule_timer_start(hook_schedule(),
                                         when > clock->now_ns ? when : clock->now_ns,
                                         handler,
                                         (uint32_t)(timer - timers),
                                         0);
}

static bool name(void *context, const struct agenda_item *item, struct occasion *fact) {
    (void)context;
    *fact = (struct occasion){.instant = OCCASION_EXPIRES, .node = timers[item->subject].node};
    return true;
}

static void stop(struct timer *timer) {
    if (timer->handle != 0) {
        schedule_timer_cancel(hook_schedule(), timer->handle);
        timer->handle = 0;
    }
}

/* Moves a periodic timer behind the present; how many periods that were. */
static uint64_t forward(struct timer *timer) {
    const uint64_t now = now_of(timer);
    if (timer->due_ns > now) {
        return 0;
    }
    const uint64_t periods = (now - timer->due_ns) / timer->interval_ns + 1;
    timer->due_ns += periods * timer->interval_ns;
    return periods;
}

static int send_signal(const struct timer *timer) {
    siginfo_t info = {.si_signo = timer->signal, .si_code = SI_TIMER};
    info.si_timerid = timer->id;
    info.si_value = timer->value;
    if (timer->notify != SIGEV_THREAD_ID) {
        return signals_send_timer(0, timer->node, &info);
    }
    return threads_at(&machine.world.threads, timer->thread)->state == THREAD_ALIVE
               ? signals_send_timer(timer->thread, timer->node, &info)
               : 0; /* the thread is gone: the timer stands still */
}

static void on_due(void *context, const struct agenda_item *item) {
    (void)context;
    struct timer *timer = &timers[item->subject];
    timer->handle = 0;
    if (machine.world.nodes[timer->node].exited) {
        return;
    }
    schedule_event(hook_schedule(), POINT_TIMER_EXPIRE, 0, timer->signal, NULL);
    const bool periodic = timer->interval_ns != 0;
    if (timer->pending) {
        timer->again++;
        timer->restarts = periodic;
        return;
    }
    timer->pending = true;
    timer->restarts = periodic;
    if (send_signal(timer) != 0) {
        timer->pending = timer->restarts = false;
        if (periodic) {
            timer->missed += forward(timer);
            start(timer);
        }
    }
}

/* Somebody takes the signal of a timer, or it is dropped. */
static void on_taken(uint32_t node, siginfo_t *info) {
    struct timer *timer = &timers[*link_of(node, info->si_timerid)];
    if (timer == timers || !timer->pending) {
        return;
    }
    timer->pending = false;
    uint64_t overrun = 0;
    if (timer->restarts) {
        timer->restarts = false;
        timer->missed += forward(timer);
        timer->overrun_last = timer->missed == 0 ? 0 : timer->missed - 1; /* 0: set back */
        timer->missed = 0;
        overrun = timer->overrun_last;
        start(timer);
    }
    overrun += timer->again;
    timer->again = 0;
    info->si_overrun = overrun < INT_MAX ? (int)overrun : INT_MAX;
}

/* A node's wall clock was set. */
static void on_clock_set(void *context, uint32_t node) {
    (void)context;
    for (uint32_t i = node_first[node]; i != 0; i = timers[i].next) {
        if (timers[i].wall && timers[i].handle != 0) {
            stop(&timers[i]);
            start(&timers[i]);
        }
    }
}

void hooks_posix_timer_open(void) {
    clocks_listen(&machine.world.clocks, on_clock_set, NULL);
    handler = schedule_handler_add(hook_schedule(), on_due, NULL);
    schedule_handler_describe(hook_schedule(), handler, name);
    signals_timers(on_taken);
}

void hooks_posix_timer_begin(void) {
    const size_t count = machine.world.description->node_count + 1u;
    timers_used = timers_free = 0;
    memset(node_first, 0, sizeof node_first[0] * count);
    memset(node_ids, 0, sizeof node_ids[0] * count);
}

static void give(struct timer *timer) {
    stop(timer);
    *link_of(timer->node, timer->id) = timer->next;
    timer->next = timers_free;
    timers_free = (uint32_t)(timer - timers);
}

void hooks_posix_timer_node_begin(uint32_t node) {
    while (node_first[node] != 0) {
        give(&timers[node_first[node]]);
    }
    node_ids[node] = 0;
}

/* ---- creation ---- */

static int64_t clock_refusal(clockid_t clock, const void *site) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
        return 0;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
        return -EPERM; /* needs CAP_WAKE_ALARM */
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
        return -EOPNOTSUPP;
    default:
        break;
    }
    if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID || clock < 0) {
        hook_escape(site, "timer_create() of clock %d", (int)clock);
    }
    return -EINVAL;
}

/* 0, or why the program cannot be told of expiries in this way. */
static int64_t notify_set(struct timer *timer, const struct sigevent *event, const void *site) {
    static const struct sigevent standard = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    event = event == NULL ? &standard : event;
    timer->notify = event->sigev_notify;
    timer->signal = event->sigev_signo;
    timer->value = event->sigev_value;
    if (event->sigev_notify == SIGEV_NONE) {
        return 0;
    }
    if (event->sigev_notify == SIGEV_THREAD) {
        hook_escape(site, "timer_create() with SIGEV_THREAD");
    }
    if (event->sigev_notify == SIGEV_THREAD_ID) {
        const pid_t thread = event->_sigev_un._tid;
        const uint32_t id = (uint32_t)thread - hooks_environment_tid(0);
        if (!threads_known(&machine.world.threads, id) ||
            threads_at(&machine.world.threads, id)->state != THREAD_ALIVE ||
            threads_at(&machine.world.threads, id)->node != hook_node()) {
            return -EINVAL;
        }
        timer->thread = id;
    } else if (event->sigev_notify != SIGEV_SIGNAL) {
        return -EINVAL;
    }
    return event->sigev_signo < 1 || event->sigev_signo > SIGNALS_MAX ? -EINVAL : 0;
}

/* The id of a new timer, or a negative errno. */
static int64_t create(clockid_t clock, const struct sigevent *event, const void *site) {
    struct timer made = {.node = hook_node(), .clock = clock};
    int64_t refusal = clock_refusal(clock, site);
    refusal = refusal == 0 ? notify_set(&made, event, site) : refusal;
    if (refusal != 0) {
        return refusal;
    }
    uint32_t index = timers_free;
    if (index != 0) {
        timers_free = timers[index].next;
    } else if (timers_used < TIMERS_MAX) {
        index = ++timers_used;
    } else {
        return -EAGAIN;
    }
    made.id = node_ids[made.node]++;
    made.next = node_first[made.node];
    timers[index] = made;
    node_first[made.node] = index;
    return made.id;
}

HOOK int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer) {
    if (!hook_simulated()) {
        return REAL(timer_create)(clock, event, timer);
    }
    hook_point(POINT_OPEN, 0, true, HOOK_SITE);
    const int64_t result = create(clock, event, HOOK_SITE);
    schedule_event(hook_schedule(), POINT_OPEN, 0, result, HOOK_SITE);
    if (result >= 0) {
        *timer = (timer_t)(intptr_t)result;
    }
    return result < 0 ? hook_result(result) : 0;
}

long hooks_posix_timer_create(long clock, const void *event, int *timer, const void *site) {
    hook_point(POINT_OPEN, 0, true, site);
    const int64_t result = create((clockid_t)clock, event, site);
    schedule_event(hook_schedule(), POINT_OPEN, 0, result, site);
    if (result >= 0) {
        *timer = (int)result;
    }
    return result < 0 ? result : 0;
}

/* Announces a point; then the running node's timer, NULL = there is none of this name. */
static struct timer *enter(timer_t name, const void *site) {
    hook_point(POINT_CONTROL, 0, true, site);
    causal_tells(hook_schedule());
    const uint32_t index = *link_of(hook_node(), (int32_t)(intptr_t)name);
    return index == 0 ? NULL : &timers[index];
}

static int leave(int64_t result, const void *site) {
    schedule_event(hook_schedule(), POINT_CONTROL, 0, result, site);
    return hook_result(result);
}

HOOK int timer_delete(timer_t name) {
    if (!hook_simulated()) {
        return REAL(timer_delete)(name);
    }
    struct timer *timer = enter(name, HOOK_SITE);
    if (timer == NULL) {
        return leave(-EINVAL, HOOK_SITE);
    }
    give(timer);
    return leave(0, HOOK_SITE);
}

/* ---- time ---- */

static struct timespec timespec_of(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* What is left; as long as a signal is on its way of a timer that is not periodic, 1 ns. */
static struct itimerspec setting_of(struct timer *timer) {
    const bool silent = timer->notify == SIGEV_NONE;
    struct itimerspec told = {.it_interval = timespec_of(timer->interval_ns)};
    const uint64_t now = now_of(timer);
    const bool active = timer->handle != 0 || silent || timer->interval_ns != 0;
    if (timer->due_ns == 0 || !active) {
        return told;
    }
    if (timer->interval_ns != 0 && (timer->restarts || silent)) {
        timer->missed += forward(timer);
    }
    if (timer->due_ns > now) {
        told.it_value = timespec_of(timer->due_ns - now);
    } else if (!silent) {
        told.it_value.tv_nsec = 1;
    }
    return told;
}

static void set(struct timer *timer, int flags, uint64_t value_ns, uint64_t interval_ns) {
    stop(timer);
    timer->due_ns = timer->interval_ns = 0;
    timer->missed = timer->overrun_last = 0;
    timer->restarts = false;
    if (value_ns == 0) {
        return;
    }
    const bool absolute = (flags & TIMER_ABSTIME) != 0;
    timer->wall = absolute && hook_is_wall(timer->clock);
    timer->due_ns = value_ns;
    if (!absolute) {
        timer->due_ns += now_of(timer);
    } else if (!timer->wall) {
        timer->due_ns = value_ns > VCLOCK_BOOT_NS ? value_ns - VCLOCK_BOOT_NS : 1;
    }
    timer->interval_ns = interval_ns;
    if (timer->notify != SIGEV_NONE) {
        start(timer);
    }
}

HOOK int timer_settime(timer_t name,
                       int flags,
                       const struct itimerspec *restrict wanted,
                       struct itimerspec *restrict before) {
    if (!hook_simulated()) {
        return REAL(timer_settime)(name, flags, wanted, before);
    }
    uint64_t value_ns;
    uint64_t interval_ns;
    struct timer *timer = enter(name, HOOK_SITE);
    if (wanted == NULL || hook_timespec(&wanted->it_value, &value_ns) != 0 ||
        hook_timespec(&wanted->it_interval, &interval_ns) != 0 || timer == NULL) {
        return leave(-EINVAL, HOOK_SITE);
    }
    if (value_ns != 0 && timer->notify != SIGEV_NONE) {
        schedule_comes(hook_schedule(), OCCASION_ARMED);
    }
    const struct itimerspec told = setting_of(timer);
    set(timer, flags, value_ns, interval_ns);
    if (before != NULL) {
        *before = told;
    }
    return leave(0, HOOK_SITE);
}

HOOK int timer_gettime(timer_t name, struct itimerspec *now) {
    if (!hook_simulated()) {
        return REAL(timer_gettime)(name, now);
    }
    struct timer *timer = enter(name, HOOK_SITE);
    if (timer != NULL) {
        *now = setting_of(timer);
    }
    return leave(timer == NULL ? -EINVAL : 0, HOOK_SITE);
}

HOOK int timer_getoverrun(timer_t name) {
    if (!hook_simulated()) {
        return REAL(timer_getoverrun)(name);
    }
    const struct timer *timer = enter(name, HOOK_SITE);
    const uint64_t overrun = timer == NULL ? 0 : timer->overrun_last;
    return leave(timer == NULL       ? -EINVAL
                 : overrun < INT_MAX ? (int64_t)overrun
                                     : INT_MAX,
                 HOOK_SITE);
}
