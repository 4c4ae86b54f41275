/* Signals in one program: each step asserts what POSIX says. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

static volatile int handled;
static volatile int alarms;
static sigjmp_buf jump;

static void on_signal(int number) {
    (void)number;
    handled++;
}

static void on_alarm(int number, siginfo_t *info, void *context) {
    (void)context;
    assert(number == SIGALRM && info->si_signo == SIGALRM);
    alarms++;
}

static void on_jump(int number) {
    (void)number;
    siglongjmp(jump, 1);
}

static void *await(void *unused) {
    (void)unused;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    int number = 0;
    assert(sigwait(&set, &number) == 0);
    assert(number == SIGUSR2);
    return NULL;
}

static void masks(void) {
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    raise(SIGUSR1);
    raise(SIGUSR1); /* pending already */
    assert(handled == 2);
    sigset_t pending;
    sigpending(&pending);
    assert(sigismember(&pending, SIGUSR1) == 1);
    pthread_t thread; /* inherits the mask */
    pthread_create(&thread, NULL, await, NULL);
    pthread_kill(thread, SIGUSR2);
    pthread_join(thread, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert(handled == 3);
}

static void timers(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    alarm(2);
    const struct timespec wanted = {10, 0};
    struct timespec left;
    assert(nanosleep(&wanted, &left) == -1 && errno == EINTR);
    assert(alarms == 1 && left.tv_sec >= 7);
    const struct itimerval every = {{0, 100000}, {0, 100000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &every, NULL);
    while (alarms < 5) {
        pause();
    }
    setitimer(ITIMER_REAL, &never, NULL);
}

static void jumps(void) {
    signal(SIGUSR2, on_jump);
    if (sigsetjmp(jump, 1) == 0) {
        raise(SIGUSR2);
        assert(false);
    }
    sigset_t mask; /* siglongjmp restored it, in libc's own code, which no hook sees */
    sigprocmask(SIG_BLOCK, NULL, &mask);
    assert(sigismember(&mask, SIGUSR2) == 0);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    assert(handled == 1);
    kill(getpid(), SIGUSR1);
    assert(handled == 2);
    masks();
    timers();
    jumps();
    static const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGUSR1, &ignore, NULL);
    raise(SIGUSR1);
    assert(handled == 3);
    sim_count("handled", handled);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_finally(world, "three are handled", "handled", sim_equal(3));
}
