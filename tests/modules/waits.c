/* Waits that bring a signal mask and a precise timeout along, as functions and as bare system
 * calls: each step asserts what Linux does. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define NUMBER 5

struct pack {
    const uint64_t *mask;
    size_t size;
};

static volatile int handled;
static int ends[2];
static const uint64_t open_mask;                    /* blocks nothing */
static const uint64_t shut_mask = UINT64_C(1) << 9; /* SIGUSR1 */
static const struct timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}};

static void on_signal(int number) {
    (void)number;
    handled++;
}

/* A signal waits to be let through. */
static void arrange_signal(void) {
    handled = 0;
    kill(getpid(), SIGUSR1);
    assert(handled == 0);
}

static void forget_signal(void) {
    static const struct timespec zero;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert(sigtimedwait(&set, NULL, &zero) == SIGUSR1);
}

static bool is_left(const struct timespec *left, long ms_max) {
    const long ms = left->tv_sec * 1000 + left->tv_nsec / 1000000;
    return ms < ms_max && (left->tv_sec != 0 || left->tv_nsec != 0);
}

static void raw_ppoll(void) {
    struct pollfd entry = {.fd = ends[0], .events = POLLIN};
    struct timespec timeout = {0, 20000000};
    for (unsigned i = 0; i < 3; i++) {
        timeout = bad[i];
        assert(syscall(SYS_ppoll, &entry, 1, &timeout, NULL, 8L) == -1 && errno == EINVAL);
    }
    timeout = (struct timespec){0, 20000000};
    assert(syscall(SYS_ppoll, &entry, 1, &timeout, &open_mask, 7L) == -1 && errno == EINVAL);
    timeout = (struct timespec){0, 20000000};
    assert(syscall(SYS_ppoll, &entry, 1, &timeout, NULL, 7L) == 0);
    assert(timeout.tv_sec == 0 && timeout.tv_nsec == 0);

    arrange_signal();
    timeout = (struct timespec){1000, 0};
    assert(syscall(SYS_ppoll, &entry, 1, &timeout, &open_mask, 8L) == -1 && errno == EINTR);
    assert(handled == 1 && is_left(&timeout, 1000000));
    arrange_signal(); /* who does not wait is interrupted too */
    timeout = (struct timespec){0, 0};
    assert(syscall(SYS_ppoll, &entry, 1, &timeout, &open_mask, 8L) == -1 && errno == EINTR);
    assert(handled == 1 && timeout.tv_nsec == 0);
    arrange_signal(); /* who finds something is not */
    assert(write(ends[1], "x", 1) == 1);
    timeout = (struct timespec){1000, 0};
    assert(syscall(SYS_ppoll, &entry, 1, &timeout, &open_mask, 8L) == 1 && entry.revents == POLLIN);
    assert(handled == 0 && is_left(&timeout, 1000000));
    assert(syscall(SYS_ppoll, &entry, 1, NULL, &shut_mask, 8L) == 1 && handled == 0);
    forget_signal();
}

static void raw_pselect(void) {
    fd_set in;
    struct timespec timeout;
    struct pack pack = {&open_mask, 8};
    char byte;
    FD_ZERO(&in);
    FD_SET(ends[0], &in);
    FD_SET(ends[1], &in);
    assert(syscall(SYS_pselect6, ends[1] + 1, &in, NULL, NULL, NULL, NULL) == 1);
    assert(FD_ISSET(ends[0], &in) && !FD_ISSET(ends[1], &in));
    assert(read(ends[0], &byte, 1) == 1);
    for (unsigned i = 0; i < 3; i++) {
        timeout = bad[i];
        assert(syscall(SYS_pselect6, ends[0] + 1, &in, NULL, NULL, &timeout, NULL) == -1);
        assert(errno == EINVAL);
    }
    assert(syscall(SYS_pselect6, -1, &in, NULL, NULL, NULL, NULL) == -1 && errno == EINVAL);
    pack.size = 16;
    assert(syscall(SYS_pselect6, ends[0] + 1, &in, NULL, NULL, NULL, &pack) == -1);
    assert(errno == EINVAL);
    pack = (struct pack){NULL, 3};
    timeout = (struct timespec){0, 20000000};
    assert(syscall(SYS_pselect6, ends[0] + 1, &in, NULL, NULL, &timeout, &pack) == 0);
    assert(timeout.tv_sec == 0 && timeout.tv_nsec == 0 && !FD_ISSET(ends[0], &in));

    pack = (struct pack){&open_mask, 8};
    arrange_signal();
    timeout = (struct timespec){1000, 0};
    FD_SET(ends[0], &in);
    assert(syscall(SYS_pselect6, ends[0] + 1, &in, NULL, NULL, &timeout, &pack) == -1);
    assert(errno == EINTR && handled == 1 && is_left(&timeout, 1000000));
    arrange_signal();
    timeout = (struct timespec){0, 0};
    assert(syscall(SYS_pselect6, ends[0] + 1, &in, NULL, NULL, &timeout, &pack) == -1);
    assert(errno == EINTR && handled == 1);
    FD_SET(ends[1], &in);
    assert(syscall(SYS_pselect6, ends[1] + 1, NULL, &in, NULL, NULL, &pack) == 1);
    assert(FD_ISSET(ends[1], &in) && !FD_ISSET(ends[0], &in));
}

static void epoll_waits(void) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = NUMBER};
    struct timespec timeout = {0, 20000000};
    sigset_t set;
    char byte;
    sigemptyset(&set);
    const int epoll = epoll_create1(0);
    assert(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    assert(epoll_pwait2(epoll, &event, 1, &timeout, NULL) == 0 && timeout.tv_nsec == 20000000);
    assert(epoll_pwait2(epoll, &event, 1, &bad[2], NULL) == -1 && errno == EINVAL);
    assert(epoll_pwait2(1000, &event, 1, &timeout, NULL) == -1 && errno == EBADF);
    assert(epoll_pwait2(epoll, &event, 0, &timeout, NULL) == -1 && errno == EINVAL);
    arrange_signal();
    timeout.tv_sec = 1000;
    assert(epoll_pwait2(epoll, &event, 1, &timeout, &set) == -1 && errno == EINTR && handled == 1);
    assert(write(ends[1], "x", 1) == 1);
    assert(epoll_pwait2(epoll, &event, 1, NULL, &set) == 1 && event.data.u64 == NUMBER);
    assert(syscall(SYS_epoll_pwait2, epoll, &event, 1, NULL, &open_mask, 8L) == 1);
    assert(syscall(SYS_epoll_pwait2, epoll, &event, 1, NULL, &open_mask, 4L) == -1);
    assert(errno == EINVAL);
    assert(syscall(SYS_epoll_pwait2, epoll, &event, 1, &bad[0], NULL, 0L) == -1 && errno == EINVAL);
    assert(syscall(SYS_epoll_pwait, epoll, &event, 1, -1, &open_mask, 8L) == 1);
    assert(syscall(SYS_epoll_pwait, epoll, &event, 1, -1, &open_mask, 4L) == -1 && errno == EINVAL);
    assert(syscall(SYS_epoll_pwait, epoll, &event, 1, -1, NULL, 0L) == 1);
    assert(read(ends[0], &byte, 1) == 1);
    arrange_signal();
    assert(syscall(SYS_epoll_pwait, epoll, &event, 1, -1, &open_mask, 8L) == -1 && errno == EINTR);
    assert(handled == 1);
    close(epoll);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    signal(SIGUSR1, on_signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    assert(pipe(ends) == 0);
    raw_ppoll();
    raw_pselect();
    epoll_waits();
    close(ends[0]);
    close(ends[1]);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
