/* Timers that send SIGALRM: alarm, setitimer(ITIMER_REAL). */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/causal.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_signal.h"
#include "sim/machine/signals.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)

struct interval {
    uint64_t handle; /* of the agenda, 0 = not armed */
    uint64_t due_ns; /* by the node's clock */
    uint64_t every_ns;
};

static struct interval nodes[DESCRIPTION_NODES_MAX + 1];
static uint32_t handler;

static void arm(uint32_t node, uint64_t due_ns) {
    nodes[node].due_ns = due_ns;
    const uint64_t when = vclock_due_ns(&hook_schedule()->clock, node, due_ns);
    nodes[node].handle = schedule_timer_start(hook_schedule(), when, handler, node, 0);
}

static bool name(void *context, const struct agenda_item *item, struct occasion *fact) {
    (void)context;
    *fact = (struct occasion){.instant = OCCASION_EXPIRES, .node = item->subject};
    return true;
}

static void on_due(void *context, const struct agenda_item *item) {
    (void)context;
    const uint32_t node = item->subject;
    struct interval *interval = &nodes[node];
    interval->handle = 0;
    if (machine.world.nodes[node].exited) {
        return;
    }
    schedule_event(hook_schedule(), POINT_TIMER_EXPIRE, 0, SIGALRM, NULL);
    if (interval->every_ns != 0) {
        arm(node, interval->due_ns + interval->every_ns);
    }
    const siginfo_t info = {.si_signo = SIGALRM, .si_code = SI_KERNEL};
    (void)signals_send_node(node, &info); /* one that is pending already is enough */
}

void hooks_signal_open(void) {
    handler = schedule_handler_add(hook_schedule(), on_due, NULL);
    schedule_handler_describe(hook_schedule(), handler, name);
}

void hooks_signal_begin(void) {
    signals_begin();
    memset(nodes, 0, sizeof nodes[0] * (machine.world.description->node_count + 1u));
}

void hooks_signal_node_begin(uint32_t node) {
    signals_node_begin(node);
    if (nodes[node].handle != 0) {
        schedule_timer_cancel(hook_schedule(), nodes[node].handle);
    }
    nodes[node] = (struct interval){0};
}

static uint64_t ns_of(const struct timeval *time) {
    return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_usec * NS_PER_US;
}

static struct timeval timeval_of(uint64_t ns) {
    return (struct timeval){.tv_sec = (time_t)(ns / NS_PER_S),
                            .tv_usec = (suseconds_t)(ns % NS_PER_S / NS_PER_US)};
}

/* Time until the node's timer fires, 0 = not armed. */
static uint64_t left(const struct interval *interval) {
    const uint64_t now = hook_own_ns();
    if (interval->handle == 0) {
        return 0;
    }
    return interval->due_ns > now ? interval->due_ns - now : NS_PER_US;
}

static uint64_t restart(uint64_t first_ns, uint64_t every_ns) {
    const uint32_t node = hook_node();
    struct interval *interval = &nodes[node];
    if (first_ns != 0) {
        schedule_comes(hook_schedule(), OCCASION_ARMED);
    }
    const uint64_t before = left(interval);
    if (interval->handle != 0) {
        schedule_timer_cancel(hook_schedule(), interval->handle);
        interval->handle = 0;
    }
    interval->every_ns = every_ns;
    if (first_ns != 0) {
        arm(node, hook_own_ns() + first_ns);
    }
    return before;
}

HOOK unsigned alarm(unsigned seconds) {
    if (!hook_simulated()) {
        return REAL(alarm)(seconds);
    }
    hook_point(POINT_CALL, 0, true, HOOK_SITE);
    causal_tells(hook_schedule());
    return (unsigned)((restart(seconds * NS_PER_S, 0) + NS_PER_S - 1) / NS_PER_S);
}

static bool valid(const struct timeval *time) {
    return time->tv_sec >= 0 && time->tv_usec >= 0 &&
           time->tv_usec < (suseconds_t)(NS_PER_S / 1000);
}

HOOK int setitimer(__itimer_which_t which,
                   const struct itimerval *restrict wanted,
                   struct itimerval *restrict before) {
    if (!hook_simulated()) {
        return REAL(setitimer)(which, wanted, before);
    }
    if (which != ITIMER_REAL) {
        hook_escape(HOOK_SITE, "setitimer() of timer %d", (int)which);
    }
    if (!valid(&wanted->it_value) || !valid(&wanted->it_interval)) {
        return hook_result(-EINVAL);
    }
    hook_point(POINT_CALL, 0, true, HOOK_SITE);
    causal_tells(hook_schedule());
    const uint64_t every = nodes[hook_node()].every_ns;
    const uint64_t remaining = restart(ns_of(&wanted->it_value), ns_of(&wanted->it_interval));
    if (before != NULL) {
        before->it_value = timeval_of(remaining);
        before->it_interval = timeval_of(every);
    }
    return 0;
}

HOOK int getitimer(__itimer_which_t which, struct itimerval *value) {
    if (!hook_simulated()) {
        return REAL(getitimer)(which, value);
    }
    if (which != ITIMER_REAL) {
        hook_escape(HOOK_SITE, "getitimer() of timer %d", (int)which);
    }
    value->it_value = timeval_of(left(&nodes[hook_node()]));
    value->it_interval = timeval_of(nodes[hook_node()].every_ns);
    return 0;
}
