#include "sim/machine/signals.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#include "sim/causal.h"
#include "sim/machine/hook.h"
#include "sim/panic.h"

#define STATUS_KILLED 128 /* a shell's status for a program that a signal ended: 128 + signal */
#define MASK_NEVER (signal_queue_bit(SIGKILL) | signal_queue_bit(SIGSTOP)) /* cannot be blocked */

struct thread_signals {
    struct signal_queue queue;
    uint64_t mask;
    uint64_t waits; /* what sigwait() waits for, 0 = nothing */
    uint64_t reads; /* what a read() of a signalfd waits for, 0 = nothing */
    stack_t stack;
    bool restart;
};

struct node_signals {
    struct signal_queue queue;
    struct signals_action actions[SIGNALS_MAX + 1];
    bool used; /* not as at the start */
};

static struct thread_signals threads[THREADS_MAX + 1];
static struct node_signals nodes[DESCRIPTION_NODES_MAX + 1];
static void (*watcher)(uint32_t node);
static void (*timers)(uint32_t node, siginfo_t *info);

void signals_watch(void (*changed)(uint32_t node)) {
    ASSERT(watcher == NULL);
    watcher = changed;
}

void signals_timers(void (*taken)(uint32_t node, siginfo_t *info)) {
    ASSERT(timers == NULL);
    timers = taken;
}

void signals_begin(void) {
    signal_queue_begin();
    const uint32_t count = machine.world.description->node_count;
    for (uint32_t node = 1; node <= count; node++) {
        if (nodes[node].used) {
            memset(&nodes[node], 0, sizeof nodes[node]);
        }
    }
}

void signals_node_begin(uint32_t node) {
    siginfo_t info;
    for (uint32_t id = 1; id <= machine.world.threads.table.count; id++) {
        while (threads_at(&machine.world.threads, id)->node == node &&
               signal_queue_take(&threads[id].queue, UINT64_MAX, &info)) {
        }
    }
    while (signal_queue_take(&nodes[node].queue, UINT64_MAX, &info)) {
    }
    memset(&nodes[node], 0, sizeof nodes[node]);
}

void signals_thread_begin(uint32_t parent, uint32_t thread) {
    ASSERT(thread >= 1 && thread <= THREADS_MAX);
    struct thread_signals *signals = &threads[thread];
    signals->queue = (struct signal_queue){0};
    signals->mask = parent == 0 ? 0 : threads[parent].mask;
    signals->waits = 0;
    signals->reads = 0;
    signals->stack = (stack_t){.ss_flags = SS_DISABLE};
}

static uint32_t self(void) {
    return schedule_running(hook_schedule())->id;
}

static struct agent *agent_of(uint32_t thread) {
    return schedule_agent(hook_schedule(), threads_at(&machine.world.threads, thread)->agent);
}

static uint64_t pending_of(uint32_t thread) {
    const uint32_t node = threads_at(&machine.world.threads, thread)->node;
    return threads[thread].queue.set | nodes[node].queue.set;
}

static void renew(uint32_t thread) {
    const uint64_t kept = threads[thread].mask | threads[thread].reads;
    agent_of(thread)->interrupts = (pending_of(thread) & ~kept) != 0;
}

/* ---- queues ---- */

static bool take(uint32_t node, struct signal_queue *queue, uint64_t set, siginfo_t *info) {
    if (!signal_queue_take(queue, set, info)) {
        return false;
    }
    if (info->si_code == SI_TIMER) {
        timers(node, info);
    }
    return true;
}

static bool take_for(uint32_t thread, uint64_t set, siginfo_t *info) {
    const uint32_t node = threads_at(&machine.world.threads, thread)->node;
    return take(node, &threads[thread].queue, set, info) ||
           take(node, &nodes[node].queue, set, info);
}

/* ---- sending ---- */

static bool default_ignores(int signal) {
    return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
}

static bool ignored(uint32_t node, int signal) {
    const struct signals_action *action = &nodes[node].actions[signal];
    return action->plain == SIG_IGN || (action->plain == SIG_DFL && default_ignores(signal));
}

/* Lets a thread know that it has something to handle. */
static void notify(uint32_t thread, int signal) {
    struct agent *agent = agent_of(thread);
    const uint64_t bit = signal_queue_bit(signal);
    if ((threads[thread].waits & bit) != 0 && agent->state == AGENT_WAITING) {
        threads[thread].waits = 0;
        schedule_wake_agent(hook_schedule(),
                            threads_at(&machine.world.threads, thread)->agent,
                            WAKE_SIGNALLED);
        return;
    }
    renew(thread);
    if (agent->interrupts != 0 && agent->state == AGENT_WAITING) {
        schedule_wake_agent(hook_schedule(),
                            threads_at(&machine.world.threads, thread)->agent,
                            WAKE_INTERRUPTED);
    }
}

/* How well a thread can handle a signal of its process; 0 = not at all. */
static unsigned fitness(uint32_t thread, int signal) {
    const uint64_t bit = signal_queue_bit(signal);
    if ((threads[thread].waits & bit) != 0) {
        return 3;
    }
    if ((threads[thread].mask & bit) != 0) {
        return 0;
    }
    return threads_at(&machine.world.threads, thread)->main ? 2 : 1;
}

static void notify_node(uint32_t node, int signal) {
    uint32_t best = 0;
    unsigned best_fitness = 0;
    uint32_t id = machine.world.nodes[node].first_thread;
    for (; id != 0; id = threads_at(&machine.world.threads, id)->node_next) {
        const unsigned fit = fitness(id, signal);
        if (fit > best_fitness || (fit != 0 && fit == best_fitness && id < best)) {
            best = id;
            best_fitness = fit;
        }
    }
    if (best != 0) {
        notify(best, signal);
    }
}

/* Who watches is woken after the thread that is to handle it, which would else not see itself
 * interrupted. */
static int send_thread(uint32_t thread, const siginfo_t *info, int if_ignored) {
    const uint32_t node = threads_at(&machine.world.threads, thread)->node;
    const uint64_t bit = signal_queue_bit(info->si_signo);
    nodes[node].used = true;
    if (ignored(node, info->si_signo) &&
        ((threads[thread].mask | threads[thread].waits) & bit) == 0) {
        return if_ignored;
    }
    const enum signal_queue_end end = signal_queue_add(&threads[thread].queue, info);
    if (end == SIGNAL_QUEUE_FULL) {
        return -EAGAIN;
    }
    notify(thread, info->si_signo);
    if (end == SIGNAL_QUEUE_ADDED) {
        watcher(node);
    }
    return 0;
}

int signals_send_thread(uint32_t thread, const siginfo_t *info) {
    return send_thread(thread, info, 0);
}

static bool somebody_keeps(uint32_t node, uint64_t bit) {
    uint32_t id = machine.world.nodes[node].first_thread;
    for (; id != 0; id = threads_at(&machine.world.threads, id)->node_next) {
        if (((threads[id].mask | threads[id].waits) & bit) != 0) {
            return true;
        }
    }
    return false;
}

static int send_node(uint32_t node, const siginfo_t *info, int if_ignored) {
    if (machine.world.nodes[node].exited) {
        return 0;
    }
    nodes[node].used = true;
    if (ignored(node, info->si_signo) && !somebody_keeps(node, signal_queue_bit(info->si_signo))) {
        return if_ignored;
    }
    const enum signal_queue_end end = signal_queue_add(&nodes[node].queue, info);
    if (end == SIGNAL_QUEUE_FULL) {
        return -EAGAIN;
    }
    notify_node(node, info->si_signo);
    if (end == SIGNAL_QUEUE_ADDED) {
        watcher(node);
    }
    return 0;
}

int signals_send_node(uint32_t node, const siginfo_t *info) {
    return send_node(node, info, 0);
}

int signals_send_timer(uint32_t thread, uint32_t node, const siginfo_t *info) {
    ASSERT(info->si_code == SI_TIMER);
    return thread != 0 ? send_thread(thread, info, 1) : send_node(node, info, 1);
}

void signals_pipe(void) {
    const siginfo_t info = {.si_signo = SIGPIPE, .si_code = SI_KERNEL};
    const int status = signals_send_thread(self(), &info);
    ASSERT(status == 0);
    signals_deliver();
}

void signals_thread_end(uint32_t thread) {
    const uint32_t node = threads_at(&machine.world.threads, thread)->node;
    threads[thread].mask = UINT64_MAX;
    for (uint64_t set = nodes[node].queue.set; set != 0; set &= set - 1) {
        notify_node(node, __builtin_ctzll(set) + 1);
    }
}

/* ---- delivery ---- */

static void act_by_default(int signal) {
    if (default_ignores(signal)) {
        return;
    }
    if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
        hook_escape(NULL, "stopping a program by SIG%s", sigabbrev_np(signal));
    }
    if (signal == SIGPIPE) {
        machine_node_exit(STATUS_KILLED + signal);
    }
    machine.record->verdict.signal = signal;
    const char *name = sigabbrev_np(signal);
    world_fail(&machine.world,
               VERDICT_CRASH,
               NULL,
               "killed by signal SIG%s",
               name == NULL ? "RT" : name);
}

/* What the handler's own waits and points would overwrite is kept: the call that was interrupted
 * still reads it. */
static void call_handler(const struct signals_action *action, siginfo_t *info) {
    struct thread_signals *signals = &threads[self()];
    struct agent *agent = schedule_running(hook_schedule());
    const struct agent kept = *agent;
    const uint64_t mask = signals->mask;
    const int signal = info->si_signo;
    const int error = errno;
    signals->mask |= action->mask;
    signals->mask |= (action->flags & SA_NODEFER) != 0 ? 0 : signal_queue_bit(signal);
    renew(self());
    causal_learns(hook_schedule());
    schedule_event(hook_schedule(), POINT_HANDLER, 0, signal, (const void *)action->plain);
    if ((action->flags & SA_SIGINFO) != 0) {
        ucontext_t context = {0};
        memcpy(&context.uc_sigmask, &mask, sizeof mask);
        context.uc_stack = signals->stack;
        action->detailed(signal, info, &context);
    } else {
        action->plain(signal);
    }
    errno = error;
    agent->reason = kept.reason;
    agent->cause = kept.cause;
    agent->pending = kept.pending;
    signals->mask = mask;
}

void signals_deliver(void) {
    const uint32_t thread = self();
    struct thread_signals *signals = &threads[thread];
    const uint32_t node = hook_node();
    bool restart = true;
    siginfo_t info;
    while (take_for(thread, ~signals->mask, &info)) {
        renew(thread);
        struct signals_action *slot = &nodes[node].actions[info.si_signo];
        const struct signals_action action = *slot;
        if (action.plain == SIG_IGN) {
            continue;
        }
        if (action.plain == SIG_DFL) {
            act_by_default(info.si_signo);
            continue;
        }
        if (((uint32_t)action.flags & SA_RESETHAND) != 0) {
            slot->plain = SIG_DFL;
        }
        restart = restart && (action.flags & SA_RESTART) != 0;
        call_handler(&action, &info);
    }
    renew(thread);
    signals->restart = restart;
}

bool signals_restart(void) {
    signals_deliver();
    return threads[self()].restart;
}

/* ---- masks and waits ---- */

uint64_t signals_mask(void) {
    return threads[self()].mask;
}

uint64_t signals_mask_swap(uint64_t mask) {
    const uint32_t thread = self();
    const uint64_t before = threads[thread].mask;
    threads[thread].mask = mask & ~MASK_NEVER;
    renew(thread);
    return before;
}

void signals_thread_mask(uint32_t thread, uint64_t mask) {
    threads[thread].mask = mask & ~MASK_NEVER;
    renew(thread);
}

void signals_mask_set(uint64_t mask) {
    const uint32_t thread = self();
    signals_mask_swap(mask);
    if (agent_of(thread)->interrupts != 0) {
        signals_deliver();
    }
}

uint64_t signals_pending(void) {
    return pending_of(self());
}

bool signals_take(uint64_t set, siginfo_t *info) {
    const bool taken = take_for(self(), set, info);
    renew(self());
    return taken;
}

int signals_wait(uint64_t set, uint64_t deadline_ns, siginfo_t *info, const void *site) {
    struct thread_signals *signals = &threads[self()];
    const struct wait_cause cause = {.kind = POINT_HANDLER, .site = site};
    for (;;) {
        if (signals_take(set, info)) {
            return 0;
        }
        if (deadline_ns <= schedule_now_ns(hook_schedule())) {
            return -EAGAIN;
        }
        signals->waits = set;
        const enum wake_reason reason = schedule_wait(hook_schedule(), NULL, deadline_ns, &cause);
        signals->waits = 0;
        if (reason == WAKE_INTERRUPTED) {
            signals_deliver();
            return -EINTR;
        }
    }
}

int signals_read(const uint64_t *set,
                 struct wait_queue *queue,
                 const struct wait_cause *cause,
                 siginfo_t *info) {
    struct thread_signals *signals = &threads[self()];
    enum wake_reason reason = WAKE_SIGNALLED;
    while (!signals_take(*set, info)) {
        if (reason == WAKE_INTERRUPTED) {
            return -EINTR;
        }
        signals->reads = *set;
        renew(self());
        reason = schedule_wait(hook_schedule(), queue, AGENDA_NEVER, cause);
        signals->reads = 0;
    }
    return 0;
}

void signals_suspend(uint64_t mask, const void *site) {
    const struct wait_cause cause = {.kind = POINT_HANDLER, .site = site};
    const uint64_t before = signals_mask_swap(mask);
    while (schedule_wait(hook_schedule(), NULL, AGENDA_NEVER, &cause) != WAKE_INTERRUPTED) {
    }
    signals_deliver();
    signals_mask_set(before);
}

struct signals_action *signals_action(int signal) {
    if (signal < 1 || signal > SIGNALS_MAX || signal == SIGKILL || signal == SIGSTOP ||
        (signal >= 32 && signal < SIGRTMIN)) {
        return NULL;
    }
    return &nodes[hook_node()].actions[signal];
}

void signals_action_changed(int signal) {
    const uint32_t node = hook_node();
    nodes[node].used = true;
    if (!ignored(node, signal)) {
        return;
    }
    siginfo_t info;
    const uint64_t bit = signal_queue_bit(signal);
    while (take(node, &nodes[node].queue, bit, &info)) {
    }
    uint32_t id = machine.world.nodes[node].first_thread;
    for (; id != 0; id = threads_at(&machine.world.threads, id)->node_next) {
        while (take(node, &threads[id].queue, bit, &info)) {
        }
        renew(id);
    }
}

stack_t *signals_stack(void) {
    return &threads[self()].stack;
}
