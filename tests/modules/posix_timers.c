/* Timers that send signals: each step asserts what Linux does. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define MS 1000000L
#define TICK (SIGRTMIN + 3)

static volatile int handled;
static volatile int overruns;
static const struct itimerspec off;
static const struct itimerspec far = {{0, 0}, {1000, 0}};

static struct itimerspec after(long first_ms, long every_ms) {
    return (struct itimerspec){{every_ms / 1000, every_ms % 1000 * MS},
                               {first_ms / 1000, first_ms % 1000 * MS}};
}

static bool is_zero(const struct timespec *time) {
    return time->tv_sec == 0 && time->tv_nsec == 0;
}

static sigset_t set_of(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static void on_tick(int signal, siginfo_t *info, void *context) {
    (void)context;
    assert(signal == TICK && info->si_code == SI_TIMER && info->si_value.sival_int == 41);
    overruns += info->si_overrun;
    handled++;
}

static void refusals(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
    struct itimerspec setting = far;
    timer_t timer = (timer_t)(intptr_t)4711;
    assert(timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 && errno == EINVAL);
    event.sigev_signo = 0;
    assert(timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 && errno == EINVAL);
    event.sigev_signo = TICK;
    event.sigev_notify = 7;
    assert(timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 && errno == EINVAL);
    event.sigev_notify = SIGEV_THREAD_ID;
    event._sigev_un._tid = 1;
    assert(timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 && errno == EINVAL);
    assert(timer_create(99, NULL, &timer) == -1 && errno == EINVAL);
    assert(timer_create(CLOCK_MONOTONIC_RAW, NULL, &timer) == -1 && errno == EOPNOTSUPP);
    assert(timer == (timer_t)(intptr_t)4711);
    assert(timer_settime(timer, 0, &setting, NULL) == -1 && errno == EINVAL);
    assert(timer_gettime(timer, &setting) == -1 && errno == EINVAL);
    assert(timer_getoverrun(timer) == -1 && errno == EINVAL);
    assert(timer_delete(timer) == -1 && errno == EINVAL);
    assert(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
    setting.it_value.tv_nsec = 1000 * MS;
    assert(timer_settime(timer, 0, &setting, NULL) == -1 && errno == EINVAL);
    setting.it_value.tv_nsec = 0;
    setting.it_interval.tv_sec = -1;
    assert(timer_settime(timer, 0, &setting, NULL) == -1 && errno == EINVAL);
    assert(timer_delete(timer) == 0);
    assert(timer_delete(timer) == -1 && errno == EINVAL);
}

/* Without an event: SIGALRM. What is left is told; once it is over, nothing is. */
static void once(void) {
    const sigset_t set = set_of(SIGALRM);
    struct itimerspec told;
    siginfo_t info;
    timer_t timer;
    sigprocmask(SIG_BLOCK, &set, NULL);
    assert(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
    assert(timer_gettime(timer, &told) == 0 && is_zero(&told.it_value));
    const struct itimerspec setting = after(1000000, 30);
    assert(timer_settime(timer, 0, &setting, &told) == 0 && is_zero(&told.it_value));
    assert(timer_gettime(timer, &told) == 0 && told.it_interval.tv_nsec == 30 * MS);
    assert(told.it_value.tv_sec == 999 || told.it_value.tv_sec == 1000);
    const struct itimerspec soon = after(20, 0);
    assert(timer_settime(timer, 0, &soon, &told) == 0 && told.it_value.tv_sec >= 999);
    assert(timer_gettime(timer, &told) == 0 && is_zero(&told.it_interval));
    assert(told.it_value.tv_sec == 0 && told.it_value.tv_nsec <= 20 * MS);
    assert(sigwaitinfo(&set, &info) == SIGALRM && info.si_code == SI_TIMER);
    assert(info.si_overrun == 0 && timer_getoverrun(timer) == 0);
    assert(timer_gettime(timer, &told) == 0 && is_zero(&told.it_value));

    struct timespec now; /* a time of the clock, also one that is over */
    struct itimerspec past = {{0, 0}, {0, 1}};
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert(timer_settime(timer, TIMER_ABSTIME, &past, NULL) == 0);
    assert(sigwaitinfo(&set, &info) == SIGALRM);
    struct itimerspec due = {{0, 0}, {now.tv_sec + 100, now.tv_nsec}};
    assert(timer_settime(timer, TIMER_ABSTIME, &due, NULL) == 0);
    assert(timer_settime(timer, 0, &off, &told) == 0);
    assert(told.it_value.tv_sec == 99 || told.it_value.tv_sec == 100);
    assert(timer_gettime(timer, &told) == 0 && is_zero(&told.it_value));
    assert(timer_delete(timer) == 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* A period starts when the signal of the last one is taken; what was missed is counted. */
static void periods(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = TICK};
    const struct itimerspec setting = after(10, 10);
    const sigset_t set = set_of(TICK);
    struct itimerspec told;
    siginfo_t info;
    timer_t timer;
    event.sigev_value.sival_int = 41;
    action.sa_sigaction = on_tick;
    sigaction(TICK, &action, NULL);
    assert(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
    assert(timer_settime(timer, 0, &setting, NULL) == 0);
    while (handled < 4) {
        pause();
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    usleep(55000);
    assert(timer_gettime(timer, &told) == 0);
    assert(told.it_value.tv_sec == 0 && told.it_value.tv_nsec > 0 &&
           told.it_value.tv_nsec <= 10 * MS);
    assert(sigwaitinfo(&set, &info) == TICK && info.si_code == SI_TIMER);
    assert(info.si_overrun >= 3 && info.si_overrun == timer_getoverrun(timer));
    assert(timer_settime(timer, 0, &off, NULL) == 0);
    assert(timer_getoverrun(timer) == 0 || timer_getoverrun(timer) == info.si_overrun);
    assert(timer_delete(timer) == 0);
    signal(TICK, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Each timer has a place of its own among the pending ones. */
static void together(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    const sigset_t set = set_of(SIGUSR1);
    const struct itimerspec soon = after(5, 0);
    const struct timespec zero = {0, 0};
    struct signalfd_siginfo record;
    siginfo_t info;
    timer_t timers[3];
    int sum = 0;
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 3; i++) {
        event.sigev_value.sival_int = 1 << i;
        assert(timer_create(CLOCK_BOOTTIME, &event, &timers[i]) == 0);
        assert(i == 0 || timers[i] != timers[i - 1]);
        assert(timer_settime(timers[i], 0, &soon, NULL) == 0);
    }
    usleep(30000);
    kill(getpid(), SIGUSR1); /* pending already */
    const int number = signalfd(-1, &set, SFD_NONBLOCK);
    assert(read(number, &record, sizeof record) == (ssize_t)sizeof record);
    assert(record.ssi_code == SI_TIMER && record.ssi_overrun == 0);
    assert(record.ssi_tid == (uint32_t)(uintptr_t)timers[0] || record.ssi_int != 1);
    sum += record.ssi_int;
    close(number);
    for (int i = 1; i < 3; i++) {
        assert(sigtimedwait(&set, &info, &zero) == SIGUSR1 && info.si_code == SI_TIMER);
        sum += info.si_value.sival_int;
    }
    assert(sum == 7);
    assert(sigtimedwait(&set, &info, &zero) == -1 && errno == EAGAIN);
    for (int i = 0; i < 3; i++) {
        assert(timer_delete(timers[i]) == 0);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Nobody is told: the program looks itself. */
static void silent(void) {
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    const struct itimerspec soon = after(5, 0);
    const struct itimerspec often = after(5, 7);
    struct itimerspec told;
    timer_t timer;
    assert(timer_create(CLOCK_TAI, &event, &timer) == 0);
    assert(timer_settime(timer, 0, &soon, NULL) == 0);
    usleep(20000);
    assert(timer_gettime(timer, &told) == 0 && is_zero(&told.it_value));
    assert(timer_settime(timer, 0, &often, NULL) == 0);
    usleep(20000);
    assert(timer_gettime(timer, &told) == 0 && !is_zero(&told.it_value));
    assert(told.it_value.tv_nsec <= 7 * MS && told.it_interval.tv_nsec == 7 * MS);
    assert(timer_delete(timer) == 0);
}

static void *waits_alone(void *unused) {
    (void)unused;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
    const sigset_t set = set_of(SIGUSR2);
    const struct itimerspec soon = after(5, 0);
    siginfo_t info;
    timer_t timer;
    event._sigev_un._tid = gettid();
    event.sigev_value.sival_int = 3;
    assert(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    assert(timer_settime(timer, 0, &soon, NULL) == 0);
    assert(sigwaitinfo(&set, &info) == SIGUSR2 && info.si_value.sival_int == 3);
    assert(timer_delete(timer) == 0);
    return NULL;
}

static void of_a_thread(void) {
    const sigset_t set = set_of(SIGUSR2);
    pthread_t thread;
    sigprocmask(SIG_BLOCK, &set, NULL);
    pthread_create(&thread, NULL, waits_alone, NULL);
    pthread_join(thread, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* The bare calls know timers by number. */
static void raw(void) {
    const sigset_t set = set_of(SIGALRM);
    const struct itimerspec soon = after(5, 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec told;
    siginfo_t info;
    int timer = -1;
    sigprocmask(SIG_BLOCK, &set, NULL);
    assert(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0 && timer >= 0);
    assert(syscall(SYS_timer_settime, timer, 0, &soon, NULL) == 0);
    assert(sigwaitinfo(&set, &info) == SIGALRM && info.si_timerid == timer);
    assert(syscall(SYS_timer_getoverrun, timer) == 0);
    assert(syscall(SYS_timer_gettime, timer, &told) == 0 && is_zero(&told.it_value));
    assert(syscall(SYS_timer_delete, timer) == 0);
    assert(syscall(SYS_timer_delete, timer) == -1 && errno == EINVAL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    refusals();
    once();
    periods();
    together();
    silent();
    of_a_thread();
    raw();
    timer_t left; /* armed as the program ends: nothing of it in the next run */
    assert(timer_create(CLOCK_MONOTONIC, NULL, &left) == 0);
    assert(timer_settime(left, 0, &far, NULL) == 0);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
