/* Signals read from descriptors: each step asserts what Linux does. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sim/scenario.h"

#define SIZE sizeof(struct signalfd_siginfo)

static volatile int handled;

static void on_signal(int number) {
    (void)number;
    handled++;
}

static sigset_t set_of(int first, int second) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, first);
    if (second != 0) {
        sigaddset(&set, second);
    }
    return set;
}

static bool polls(int number) {
    struct pollfd entry = {.fd = number, .events = POLLIN | POLLOUT};
    const int count = poll(&entry, 1, 0);
    assert(count == (entry.revents != 0));
    assert((entry.revents & ~POLLIN) == 0);
    return count == 1;
}

static int read_one(int number) {
    struct signalfd_siginfo info;
    const ssize_t size = read(number, &info, sizeof info);
    assert(size == (ssize_t)SIZE || (size == -1 && errno == EAGAIN));
    return size == -1 ? 0 : (int)info.ssi_signo;
}

static void refusals(int number) {
    const sigset_t set = set_of(SIGUSR1, 0);
    char bytes[SIZE];
    int ends[2];
    assert(pipe(ends) == 0);
    assert(signalfd(-1, &set, 0x40) == -1 && errno == EINVAL);
    assert(signalfd(number, &set, 0x40) == -1 && errno == EINVAL);
    assert(signalfd(ends[0], &set, 0) == -1 && errno == EINVAL);
    assert(signalfd(1000, &set, 0) == -1 && errno == EBADF);
    assert(syscall(SYS_signalfd4, -1, &set, 4, 0) == -1 && errno == EINVAL);
    assert(syscall(SYS_signalfd4, -1, &set, 16, 0) == -1 && errno == EINVAL);
    assert(read(number, bytes, SIZE - 1) == -1 && errno == EINVAL);
    assert(write(number, bytes, SIZE) == -1 && errno == EINVAL);
    close(ends[0]);
    close(ends[1]);
}

static void flags(void) {
    const sigset_t set = set_of(SIGUSR1, 0);
    const int quick = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    const int slow = (int)syscall(SYS_signalfd4, -1, &set, 8, 0);
    const int old = (int)syscall(SYS_signalfd, -1, &set, 8);
    assert((fcntl(quick, F_GETFL) & O_NONBLOCK) != 0 && fcntl(quick, F_GETFD) == FD_CLOEXEC);
    assert((fcntl(slow, F_GETFL) & O_NONBLOCK) == 0 && fcntl(slow, F_GETFD) == 0);
    assert((fcntl(old, F_GETFL) & O_NONBLOCK) == 0 && fcntl(old, F_GETFD) == 0);
    close(quick);
    close(slow);
    close(old);
}

/* What is pending is told in order of number; each is told once. */
static void several(int number) {
    struct signalfd_siginfo infos[5];
    const union sigval value = {.sival_int = 77};
    assert(!polls(number) && read_one(number) == 0);
    kill(getpid(), SIGUSR2);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1); /* does not queue */
    assert(polls(number));
    assert(read(number, infos, sizeof infos) == 2 * (ssize_t)SIZE);
    assert(infos[0].ssi_signo == SIGUSR1 && infos[1].ssi_signo == SIGUSR2);
    assert(infos[0].ssi_code == SI_USER && infos[0].ssi_pid == (uint32_t)getpid());
    assert(infos[0].ssi_uid == getuid() && infos[0].ssi_ptr == 0 && infos[0].ssi_int == 0);
    assert(!polls(number) && read_one(number) == 0);

    for (int i = 0; i < 3; i++) {
        const union sigval each = {.sival_int = value.sival_int + i};
        assert(sigqueue(getpid(), SIGRTMIN + 1, each) == 0);
    }
    assert(read(number, infos, 2 * SIZE + 5) == 2 * (ssize_t)SIZE);
    assert(infos[1].ssi_code == SI_QUEUE && infos[1].ssi_int == 78);
    assert(infos[0].ssi_signo == (uint32_t)SIGRTMIN + 1 && infos[0].ssi_int == 77);
    assert(polls(number));
    assert(read_one(number) == SIGRTMIN + 1 && !polls(number));
    raise(SIGUSR1);
    assert(read(number, infos, sizeof infos) == (ssize_t)SIZE && infos[0].ssi_code == SI_TKILL);
}

/* Another mask shows other signals of those that are pending already. */
static void mask_changes(int number) {
    const sigset_t first = set_of(SIGUSR1, 0);
    const sigset_t second = set_of(SIGUSR2, SIGKILL);
    const sigset_t all = set_of(SIGUSR1, SIGUSR2);
    sigset_t every = all;
    assert(signalfd(number, &first, 0) == number);
    kill(getpid(), SIGUSR2);
    assert(!polls(number) && read_one(number) == 0);
    assert(signalfd(number, &second, SFD_CLOEXEC) == number);
    assert(fcntl(number, F_GETFD) == 0 && polls(number));
    assert(read_one(number) == SIGUSR2);
    sigaddset(&every, SIGRTMIN + 1);
    assert(signalfd(number, &every, 0) == number);
}

/* An edge is told once, and again with the next signal. */
static void edges(int number) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 5};
    const int epoll = epoll_create1(0);
    assert(epoll_ctl(epoll, EPOLL_CTL_ADD, number, &event) == 0);
    assert(epoll_wait(epoll, &event, 1, 0) == 0);
    kill(getpid(), SIGUSR1);
    assert(epoll_wait(epoll, &event, 1, 0) == 1 && event.events == EPOLLIN);
    assert(epoll_wait(epoll, &event, 1, 0) == 0);
    kill(getpid(), SIGUSR1); /* pending already: nothing new */
    assert(epoll_wait(epoll, &event, 1, 0) == 0);
    kill(getpid(), SIGUSR2);
    assert(epoll_wait(epoll, &event, 1, 0) == 1 && event.data.u64 == 5);
    assert(read_one(number) == SIGUSR1 && read_one(number) == SIGUSR2);
    kill(getpid(), SIGUSR1);
    assert(read_one(number) == SIGUSR1);
    assert(epoll_wait(epoll, &event, 1, 0) == 0);
    close(epoll);
}

/* ---- with a second thread ---- */

static pthread_t main_thread;

static void *send_soon(void *number) {
    usleep(20000);
    kill(getpid(), (int)(intptr_t)number);
    return NULL;
}

static void blocking(int number) {
    struct signalfd_siginfo info;
    pthread_t thread;
    struct pollfd entry = {.fd = number, .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    const int epoll = epoll_create1(0);
    fcntl(number, F_SETFL, 0);
    pthread_create(&thread, NULL, send_soon, (void *)(intptr_t)SIGUSR1);
    assert(read(number, &info, sizeof info) == (ssize_t)SIZE && info.ssi_signo == SIGUSR1);
    pthread_join(thread, NULL);

    pthread_create(&thread, NULL, send_soon, (void *)(intptr_t)SIGUSR2);
    assert(poll(&entry, 1, -1) == 1 && entry.revents == POLLIN);
    pthread_join(thread, NULL);
    assert(epoll_ctl(epoll, EPOLL_CTL_ADD, number, &event) == 0);
    assert(epoll_wait(epoll, &event, 1, -1) == 1);
    assert(epoll_wait(epoll, &event, 1, -1) == 1 && read_one(number) == SIGUSR2);

    pthread_create(&thread, NULL, send_soon, (void *)(intptr_t)SIGUSR2);
    assert(epoll_wait(epoll, &event, 1, -1) == 1 && read_one(number) == SIGUSR2);
    pthread_join(thread, NULL);
    close(epoll);
}

/* A handler ends the read of signals that it is not for; without SA_RESTART the call fails. */
static void interrupted(int number) {
    struct signalfd_siginfo info;
    struct sigaction action = {.sa_handler = on_signal};
    pthread_t thread;
    sigaction(SIGALRM, &action, NULL);
    sigset_t alarm = set_of(SIGALRM, 0);
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    pthread_create(&thread, NULL, send_soon, (void *)(intptr_t)SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    assert(read(number, &info, sizeof info) == -1 && errno == EINTR && handled == 1);
    pthread_join(thread, NULL);
}

/* A signal that nobody has blocked goes to the one that reads it. */
static void unblocked(int number) {
    struct signalfd_siginfo info;
    struct sigaction action = {.sa_handler = on_signal};
    const sigset_t set = set_of(SIGUSR1, 0);
    pthread_t thread;
    sigaction(SIGUSR1, &action, NULL);
    handled = 0;
    pthread_create(&thread, NULL, send_soon, (void *)(intptr_t)SIGUSR1); /* has it blocked */
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    assert(read(number, &info, sizeof info) == (ssize_t)SIZE && info.ssi_signo == SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert(handled == 0);
    pthread_join(thread, NULL);
}

static void *sees_only_its_own(void *argument) {
    const int number = *(int *)argument;
    assert(!polls(number));
    pthread_kill(main_thread, SIGUSR1);
    assert(!polls(number));
    raise(SIGUSR2);
    assert(polls(number) && read_one(number) == SIGUSR2 && !polls(number));
    return NULL;
}

static void of_threads(int number) {
    pthread_t thread;
    main_thread = pthread_self();
    fcntl(number, F_SETFL, O_NONBLOCK);
    pthread_create(&thread, NULL, sees_only_its_own, &number);
    pthread_join(thread, NULL);
    assert(polls(number) && read_one(number) == SIGUSR1 && !polls(number));
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    sigset_t set = set_of(SIGUSR1, SIGUSR2);
    sigaddset(&set, SIGRTMIN + 1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    const int number = signalfd(-1, &set, SFD_NONBLOCK);
    assert(number >= 0);
    refusals(number);
    flags();
    several(number);
    mask_changes(number);
    edges(number);
    blocking(number);
    interrupted(number);
    unblocked(number);
    of_threads(number);
    close(number);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
