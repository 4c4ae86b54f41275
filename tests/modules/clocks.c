/* Nodes whose clocks are not right: each asserts what Linux does. Node 1's is right, 2's is fast by
 * a tenth, 3's slow by a tenth, 4's ticks every 10 ms, 5's is set forward by 10 s after 2 s and
 * back by 10 s after 6 s. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define S INT64_C(1000000000)
#define MS INT64_C(1000000)
#define SLACK (INT64_C(1) * MS) /* what calls cost */

static int64_t now(clockid_t clock) {
    struct timespec time;
    assert(clock_gettime(clock, &time) == 0);
    return time.tv_sec * S + time.tv_nsec;
}

static struct timespec timespec_of(int64_t ns) {
    return (struct timespec){.tv_sec = ns / S, .tv_nsec = ns % S};
}

/* It took so long by the node's own clock. */
static void took(int64_t begin, int64_t wanted) {
    const int64_t spent = now(CLOCK_MONOTONIC) - begin;
    assert(spent >= wanted && spent <= wanted + SLACK);
}

/* ---- durations: by the node's own clock, whatever call they are given to ---- */

static void sleep_calls(void) {
    const struct timespec second = timespec_of(S);
    int64_t begin = now(CLOCK_MONOTONIC);
    assert(nanosleep(&second, NULL) == 0);
    took(begin, S);
    begin = now(CLOCK_MONOTONIC);
    assert(clock_nanosleep(CLOCK_REALTIME, 0, &second, NULL) == 0);
    took(begin, S);
    begin = now(CLOCK_MONOTONIC);
    const struct timespec until = timespec_of(begin + S);
    assert(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
    took(begin, S);
}

static void poll_calls(void) {
    int64_t begin = now(CLOCK_MONOTONIC);
    assert(poll(NULL, 0, 1000) == 0);
    took(begin, S);
    const int epoll = epoll_create1(0);
    struct epoll_event event;
    begin = now(CLOCK_MONOTONIC);
    assert(epoll_wait(epoll, &event, 1, 1000) == 0);
    took(begin, S);
    close(epoll);
}

static void timer_calls(void) {
    const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    const struct itimerspec every = {.it_value = {1, 0}, .it_interval = {1, 0}};
    uint64_t count = 0;
    const int64_t begin = now(CLOCK_MONOTONIC);
    assert(timerfd_settime(timer, 0, &every, NULL) == 0);
    assert(read(timer, &count, sizeof count) == sizeof count && count == 1);
    took(begin, S);
    assert(read(timer, &count, sizeof count) == sizeof count && count == 1);
    took(begin, 2 * S);
    close(timer);
}

static void socket_calls(void) {
    int ends[2];
    char byte;
    const struct timeval second = {.tv_sec = 1};
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    assert(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == 0);
    const int64_t begin = now(CLOCK_MONOTONIC);
    assert(recv(ends[0], &byte, 1, 0) == -1 && errno == EAGAIN);
    took(begin, S);
    close(ends[0]);
    close(ends[1]);
}

static void lock_calls(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    const int64_t begin = now(CLOCK_MONOTONIC);
    const struct timespec until = timespec_of(now(CLOCK_REALTIME) + S);
    pthread_mutex_lock(&mutex);
    while (pthread_cond_timedwait(&cond, &mutex, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&mutex);
    took(begin, S);
}

int sleeper_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    sleep_calls();
    poll_calls();
    timer_calls();
    socket_calls();
    lock_calls();
    SIM_MARK("woke"); /* after 9 s of its own */
    return 0;
}

/* ---- a tick ---- */

int ticking_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct timespec resolution;
    struct timeval day;
    assert(clock_getres(CLOCK_MONOTONIC, &resolution) == 0);
    assert(resolution.tv_sec == 0 && resolution.tv_nsec == 10 * MS);
    for (int i = 0; i < 50; i++) {
        const int64_t before = now(CLOCK_MONOTONIC);
        const struct timespec wanted = timespec_of(i * MS);
        nanosleep(&wanted, NULL);
        const int64_t after = now(CLOCK_MONOTONIC);
        assert(before % (10 * MS) == 0 && after - before >= i * MS);
        assert(after - before <= (i + 20) * MS);
        assert(now(CLOCK_REALTIME) % (10 * MS) == 0);
        gettimeofday(&day, NULL);
        assert(day.tv_usec % 10000 == 0);
    }
    return 0;
}

/* ---- a clock that is set ---- */

static int64_t began, wall; /* of the node that jumps */

/* The clock was set just now: 2 s after the run began, and this thread a little later. */
static void jumped(void) {
    const int64_t spent = now(CLOCK_MONOTONIC) - began;
    assert(spent >= 2 * S - SLACK && spent <= 2 * S + SLACK);
}

/* Waits until 8 s of the wall clock are over, which is at the jump. */
static void *wait_wall(void *way) {
    const struct timespec until = timespec_of(wall + 8 * S);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    sem_t semaphore;
    switch (*(const char *)way) {
    case 's':
        assert(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0);
        break;
    case 'p':
        sem_init(&semaphore, 0, 0);
        assert(sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT);
        break;
    case 'm':
        pthread_mutex_lock(&mutex);
        assert(pthread_mutex_timedlock(&mutex, &until) == ETIMEDOUT);
        pthread_mutex_unlock(&mutex);
        break;
    default:
        pthread_mutex_lock(&mutex);
        while (pthread_cond_timedwait(&cond, &mutex, &until) != ETIMEDOUT) {
        }
        pthread_mutex_unlock(&mutex);
        break;
    }
    jumped();
    return NULL;
}

/* Durations and the monotonic clock know nothing of it. */
static void *wait_own(void *way) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    const struct timespec four = timespec_of(4 * S);
    const struct timespec until = timespec_of(began + 4 * S);
    switch (*(const char *)way) {
    case 'r':
        assert(clock_nanosleep(CLOCK_REALTIME, 0, &four, NULL) == 0);
        break;
    case 'a':
        assert(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
        break;
    default:
        pthread_mutex_lock(&mutex);
        while (pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &until) != ETIMEDOUT) {
        }
        pthread_mutex_unlock(&mutex);
        break;
    }
    took(began, 4 * S);
    return NULL;
}

static int timerfd_at(int64_t at, int64_t every, int flags) {
    const int timer = timerfd_create(CLOCK_REALTIME, 0);
    const struct itimerspec when = {.it_value = timespec_of(at), .it_interval = timespec_of(every)};
    assert(timerfd_settime(timer, TFD_TIMER_ABSTIME | flags, &when, NULL) == 0);
    return timer;
}

/* One that is cancelled by the jump and tells so once, and one that expires by it. */
static void *wait_timerfd(void *unused) {
    (void)unused;
    uint64_t count = 0;
    const int cancelled = timerfd_at(wall + 600 * S, 0, TFD_TIMER_CANCEL_ON_SET);
    const int expires = timerfd_at(wall + 7500 * MS, S, 0);
    assert(read(cancelled, &count, sizeof count) == -1 && errno == ECANCELED);
    jumped();
    assert(read(expires, &count, sizeof count) == sizeof count && count == 5); /* up to 11.5 s */
    jumped();
    struct pollfd waiting = {.fd = cancelled, .events = POLLIN};
    assert(poll(&waiting, 1, 1000) == 0);
    close(cancelled);
    close(expires);
    return NULL;
}

static void *wait_signal(void *unused) {
    (void)unused;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    const struct itimerspec when = {.it_value = timespec_of(wall + 8 * S)};
    sigset_t set;
    timer_t timer;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
    assert(timer_settime(timer, TIMER_ABSTIME, &when, NULL) == 0);
    assert(sigwaitinfo(&set, NULL) == SIGUSR1);
    jumped();
    timer_delete(timer);
    return NULL;
}

static void after_jumps(void) {
    assert(now(CLOCK_REALTIME) - wall < 5 * S + 10 * S); /* at 4 s, forward by 10 */
    assert(now(CLOCK_REALTIME) - wall >= 4 * S + 10 * S);
    const int64_t target = wall + 19 * S; /* at 9 s, but for the jump at 6 s: at 19 s */
    const struct timespec until = timespec_of(target);
    assert(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0);
    assert(now(CLOCK_REALTIME) >= target);
    const int64_t spent = now(CLOCK_MONOTONIC) - began;
    assert(spent >= 19 * S - SLACK && spent <= 19 * S + SLACK);
    const int64_t shown = now(CLOCK_REALTIME) - wall; /* it is where it would have been */
    assert(shown >= spent - SLACK && shown <= spent + SLACK);
}

int jumping_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    static const char *const walls[] = {"s", "p", "m", "c"};
    static const char *const owns[] = {"r", "a", "c"};
    pthread_t threads[9];
    int count = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    began = now(CLOCK_MONOTONIC);
    wall = now(CLOCK_REALTIME);
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[count++], NULL, wait_wall, (void *)(uintptr_t)walls[i]);
    }
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[count++], NULL, wait_own, (void *)(uintptr_t)owns[i]);
    }
    pthread_create(&threads[count++], NULL, wait_timerfd, NULL);
    pthread_create(&threads[count++], NULL, wait_signal, NULL);
    while (count > 0) {
        pthread_join(threads[--count], NULL);
    }
    after_jumps();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "right", "sleeper_main", NULL);
    const uint32_t fast = sim_node(world, "fast", "sleeper_main", NULL);
    const uint32_t slow = sim_node(world, "slow", "sleeper_main", NULL);
    const uint32_t ticking = sim_node(world, "ticking", "ticking_main", NULL);
    const uint32_t jumping = sim_node(world, "jumping", "jumping_main", NULL);
    sim_clock_drift(world, fast, 100000, 100000);
    sim_clock_drift(world, slow, -100000, -100000);
    sim_clock_offset(world, slow, -5 * S, 5 * S);
    sim_clock_tick(world, ticking, SIM_MS(10));
    sim_jump(world, jumping, SIM_S(2), 10 * S);
    sim_jump(world, jumping, SIM_S(6), -10 * S);
    /* 9 s are 8.18 s and 10 s of the run */
    const uint32_t fast_woke = sim_on_mark(world, fast, "woke", 1);
    const uint32_t slow_woke = sim_on_mark(world, slow, "woke", 1);
    const uint32_t early = sim_on_time(world, 8180 * MS);
    const uint32_t soon = sim_on_time(world, 8190 * MS);
    const uint32_t late = sim_on_time(world, 10 * S);
    sim_finally(world, "the fast one not too early", NULL, sim_before(early, fast_woke));
    sim_finally(world, "the fast one early", NULL, sim_before(fast_woke, soon));
    sim_finally(world, "the slow one late", NULL, sim_before(late, slow_woke));
}
