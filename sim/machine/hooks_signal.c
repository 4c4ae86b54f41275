/* Signals: actions, masks, sending, waiting; alarm and interval timers. */
#include "sim/machine/hooks_signal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/causal.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/signals.h"
#include "sim/panic.h"

#define FLAG_RESTORER 0x04000000
#define FLAGS_KNOWN                                                                                \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |             \
     (int)SA_RESETHAND | FLAG_RESTORER)

struct kernel_action {
    void (*handler)(int);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
};

static uint64_t set_of(const sigset_t *set) {
    uint64_t bits;
    memcpy(&bits, set, sizeof bits);
    return bits;
}

static void set_fill(sigset_t *set, uint64_t bits) {
    sigemptyset(set);
    memcpy(set, &bits, sizeof bits);
}

/* ---- actions ---- */

long hooks_signal_action(int signal, const void *action, void *before, const void *site) {
    struct signals_action *slot = signals_action(signal);
    const struct kernel_action *wanted = action;
    struct kernel_action *old = before;
    if (slot == NULL) {
        return -EINVAL;
    }
    if (old != NULL) {
        *old = (struct kernel_action){
            .handler = slot->plain,
            .flags = (uint64_t)(uint32_t)slot->flags,
            .mask = slot->mask,
        };
    }
    if (wanted == NULL) {
        return 0;
    }
    if ((wanted->flags & ~(uint64_t)(uint32_t)FLAGS_KNOWN) != 0) {
        hook_escape(site, "sigaction() with flags %#llx", (unsigned long long)wanted->flags);
    }
    *slot = (struct signals_action){
        .plain = wanted->handler,
        .mask = wanted->mask & ~(signal_queue_bit(SIGKILL) | signal_queue_bit(SIGSTOP)),
        .flags = (int32_t)(uint32_t)wanted->flags & ~FLAG_RESTORER,
    };
    signals_action_changed(signal);
    return 0;
}

static int action_exchange(int signal,
                           const struct sigaction *action,
                           struct sigaction *before,
                           const void *site) {
    struct kernel_action wanted;
    struct kernel_action old;
    if (action != NULL) {
        wanted = (struct kernel_action){
            .handler = action->sa_handler,
            .flags = (uint64_t)(uint32_t)action->sa_flags,
            .mask = set_of(&action->sa_mask),
        };
    }
    const long status = hooks_signal_action(signal, action == NULL ? NULL : &wanted, &old, site);
    if (status == 0 && before != NULL) {
        before->sa_handler = old.handler;
        before->sa_flags = (int)(uint32_t)old.flags;
        set_fill(&before->sa_mask, old.mask);
    }
    return hook_result(status);
}

HOOK int sigaction(int signal, const struct sigaction *action, struct sigaction *before) {
    if (!hook_simulated()) {
        return REAL(sigaction)(signal, action, before);
    }
    return action_exchange(signal, action, before, HOOK_SITE);
}

static sighandler_t
handler_exchange(int signal, sighandler_t handler, int flags, const void *site) {
    struct sigaction action = {.sa_flags = flags};
    struct sigaction before;
    action.sa_handler = handler;
    return action_exchange(signal, &action, &before, site) == 0 ? before.sa_handler : SIG_ERR;
}

/* signal() may name both the function and our parameter elsewhere; here it is the function. */
HOOK sighandler_t signal(int number, sighandler_t handler) {
    if (!hook_simulated()) {
        return REAL(signal)(number, handler);
    }
    return handler_exchange(number, handler, SA_RESTART, HOOK_SITE);
}

HOOK sighandler_t sysv_signal(int number, sighandler_t handler) {
    if (!hook_simulated()) {
        return REAL(sysv_signal)(number, handler);
    }
    return handler_exchange(number, handler, (int)SA_RESETHAND | SA_NODEFER, HOOK_SITE);
}

/* ---- masks ---- */

long hooks_signal_mask(int how, const uint64_t *set, uint64_t *before) {
    const uint64_t mask = signals_mask();
    const uint64_t wanted = set == NULL ? 0 : *set;
    if (before != NULL) {
        *before = mask;
    }
    if (set == NULL) {
        return 0;
    }
    if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK) {
        return -EINVAL;
    }
    signals_mask_set(how == SIG_BLOCK     ? mask | wanted
                     : how == SIG_UNBLOCK ? mask & ~wanted
                                          : wanted);
    return 0;
}

static int mask_change(int how, const sigset_t *set, sigset_t *before) {
    uint64_t old;
    const uint64_t wanted = set == NULL ? 0 : set_of(set);
    const long status = hooks_signal_mask(how, set == NULL ? NULL : &wanted, &old);
    if (status == 0 && before != NULL) {
        set_fill(before, old);
    }
    return (int)-status;
}

HOOK int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
    return hook_simulated() ? mask_change(how, set, before)
                            : REAL(pthread_sigmask)(how, set, before);
}

HOOK int sigprocmask(int how, const sigset_t *set, sigset_t *before) {
    return hook_simulated() ? hook_result(-mask_change(how, set, before))
                            : REAL(sigprocmask)(how, set, before);
}

HOOK int sigpending(sigset_t *set) {
    if (!hook_simulated()) {
        return REAL(sigpending)(set);
    }
    set_fill(set, signals_pending() & signals_mask());
    return 0;
}

/* ---- sending ---- */

static siginfo_t info_make(int number, int code, union sigval value) {
    siginfo_t info = {.si_signo = number, .si_code = code};
    info.si_pid = (pid_t)hooks_environment_pid(hook_node());
    info.si_uid = getuid();
    info.si_value = value;
    return info;
}

static int
send_thread(uint32_t thread, int number, int code, union sigval value, const void *site) {
    if (thread == 0 || threads_at(&machine.world.threads, thread)->state != THREAD_ALIVE ||
        threads_at(&machine.world.threads, thread)->node != hook_node()) {
        return -ESRCH;
    }
    if (number < 0 || number > SIGNALS_MAX) {
        return -EINVAL;
    }
    if (number == 0) {
        return 0;
    }
    hook_point(POINT_RAISE, 0, true, site);
    if (threads_at(&machine.world.threads, thread)->state != THREAD_ALIVE) {
        return -ESRCH;
    }
    const siginfo_t info = info_make(number, code, value);
    causal_tells(hook_schedule());
    schedule_event(hook_schedule(), POINT_RAISE, 0, number, site);
    const int status = signals_send_thread(thread, &info);
    signals_deliver();
    return status;
}

static int send_node(pid_t pid, int number, int code, union sigval value, const void *site) {
    const pid_t own = (pid_t)hooks_environment_pid(hook_node());
    if (number < 0 || number > SIGNALS_MAX) {
        return -EINVAL;
    }
    if (pid == -1) {
        hook_escape(site, "kill() of every process");
    }
    if (pid != own && pid != 0 && pid != -own) {
        return -ESRCH; /* other nodes are other machines */
    }
    if (number == 0) {
        return 0;
    }
    hook_point(POINT_RAISE, 0, true, site);
    const siginfo_t info = info_make(number, code, value);
    causal_tells(hook_schedule());
    schedule_event(hook_schedule(), POINT_RAISE, 0, number, site);
    const int status = signals_send_node(hook_node(), &info);
    signals_deliver();
    return status;
}

static const union sigval no_value;

HOOK int raise(int number) {
    if (!hook_simulated()) {
        return REAL(raise)(number);
    }
    const uint32_t self = schedule_running(hook_schedule())->id;
    return hook_result(send_thread(self, number, SI_TKILL, no_value, HOOK_SITE));
}

HOOK int kill(pid_t pid, int number) {
    return hook_simulated() ? hook_result(send_node(pid, number, SI_USER, no_value, HOOK_SITE))
                            : REAL(kill)(pid, number);
}

HOOK int killpg(pid_t group, int number) {
    return hook_simulated() ? hook_result(send_node(-group, number, SI_USER, no_value, HOOK_SITE))
                            : REAL(killpg)(group, number);
}

HOOK int sigqueue(pid_t pid, int number, const union sigval value) {
    return hook_simulated() ? hook_result(send_node(pid, number, SI_QUEUE, value, HOOK_SITE))
                            : REAL(sigqueue)(pid, number, value);
}

HOOK int tgkill(pid_t pid, pid_t thread, int number) {
    if (!hook_simulated()) {
        return REAL(tgkill)(pid, thread, number);
    }
    const uint32_t id = (uint32_t)thread - hooks_environment_tid(0);
    const bool known = pid == (pid_t)hooks_environment_pid(hook_node()) &&
                       threads_known(&machine.world.threads, id);
    uint32_t target = known ? id : 0;
    if (!known && machine.back->forks && thread == (pid_t)real_call3(SYS_gettid, 0, 0, 0)) {
        target = schedule_running(hook_schedule())->id; /* libc's raise() under baton */
    }
    return hook_result(send_thread(target, number, SI_TKILL, no_value, HOOK_SITE));
}

/* A thread that has ended and waits to be joined takes every signal and does nothing. */
static bool ended(pthread_t handle) {
    const uint32_t id = hook_thread(handle);
    return id != 0 && threads_at(&machine.world.threads, id)->state == THREAD_ENDED &&
           threads_at(&machine.world.threads, id)->node == hook_node();
}

HOOK int pthread_kill(pthread_t thread, int number) {
    if (hook_simulated() && ended(thread)) {
        return number < 0 || number > SIGNALS_MAX ? EINVAL : 0;
    }
    return hook_simulated()
               ? -send_thread(hook_thread(thread), number, SI_TKILL, no_value, HOOK_SITE)
               : REAL(pthread_kill)(thread, number);
}

HOOK int pthread_sigqueue(pthread_t thread, int number, const union sigval value) {
    return hook_simulated() ? -send_thread(hook_thread(thread), number, SI_QUEUE, value, HOOK_SITE)
                            : REAL(pthread_sigqueue)(thread, number, value);
}

/* ---- waiting ---- */

static int
wait_for(const sigset_t *set, const struct timespec *timeout, siginfo_t *info, const void *site) {
    uint64_t deadline = AGENDA_NEVER;
    if (timeout != NULL) {
        uint64_t ns;
        const int status = hook_timespec(timeout, &ns);
        if (status != 0) {
            return status;
        }
        deadline = hook_after(ns);
    }
    hook_point(POINT_HANDLER, 0, true, site);
    siginfo_t taken = {0};
    const int status = signals_wait(set_of(set), deadline, &taken, site);
    causal_learns(hook_schedule());
    schedule_event(hook_schedule(), POINT_HANDLER, 0, status == 0 ? taken.si_signo : status, site);
    if (status == 0 && info != NULL) {
        *info = taken;
    }
    return status == 0 ? taken.si_signo : status;
}

HOOK int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
    return hook_simulated() ? hook_result(wait_for(set, timeout, info, HOOK_SITE))
                            : REAL(sigtimedwait)(set, info, timeout);
}

HOOK int sigwaitinfo(const sigset_t *set, siginfo_t *info) {
    return hook_simulated() ? hook_result(wait_for(set, NULL, info, HOOK_SITE))
                            : REAL(sigwaitinfo)(set, info);
}

HOOK int sigwait(const sigset_t *set, int *number) {
    if (!hook_simulated()) {
        return REAL(sigwait)(set, number);
    }
    int result;
    do {
        result = wait_for(set, NULL, NULL, HOOK_SITE);
    } while (result == -EINTR);
    *number = result;
    return 0;
}

HOOK int sigsuspend(const sigset_t *set) {
    if (!hook_simulated()) {
        return REAL(sigsuspend)(set);
    }
    hook_point(POINT_HANDLER, 0, true, HOOK_SITE);
    signals_suspend(set_of(set), HOOK_SITE);
    return hook_result(-EINTR);
}

HOOK int pause(void) {
    if (!hook_simulated()) {
        return REAL(pause)();
    }
    hook_point(POINT_HANDLER, 0, true, HOOK_SITE);
    signals_suspend(signals_mask(), HOOK_SITE);
    return hook_result(-EINTR);
}

HOOK int sigaltstack(const stack_t *stack, stack_t *before) {
    if (!hook_simulated()) {
        return REAL(sigaltstack)(stack, before);
    }
    stack_t *slot = signals_stack();
    if (before != NULL) {
        *before = *slot;
    }
    if (stack == NULL) {
        return 0;
    }
    if ((stack->ss_flags & ~(SS_DISABLE | SS_ONSTACK)) != 0) {
        hook_escape(HOOK_SITE, "sigaltstack() with flags %#x", (unsigned)stack->ss_flags);
    }
    const bool disabled = (stack->ss_flags & SS_DISABLE) != 0;
    if (!disabled && stack->ss_size < 2048) {
        return hook_result(-ENOMEM);
    }
    *slot = disabled ? (stack_t){.ss_flags = SS_DISABLE} : *stack;
    return 0;
}
