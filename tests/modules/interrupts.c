/* Signals that end waits: a handler runs when the call is over and holds nothing any more. Each
 * step asserts what Linux does. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define SOON_US 20000

static sigjmp_buf jump;
static int ends[2];
static int others[2];
static volatile int handled;

static void on_jump(int number) {
    (void)number;
    siglongjmp(jump, 1);
}

static void on_write(int number) {
    (void)number;
    handled++;
    assert(write(ends[1], "x", 1) == 1);
}

/* The reader's number names another pipe from now on. */
static void on_replace(int number) {
    (void)number;
    handled++;
    assert(dup2(others[0], ends[0]) == ends[0]);
}

static void on_count(int number) {
    (void)number;
    handled++;
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_flags = flags};
    action.sa_handler = handler;
    assert(sigaction(number, &action, NULL) == 0);
    handled = 0;
}

static void alarm_soon(void) {
    const struct itimerval soon = {.it_value.tv_usec = SOON_US};
    assert(setitimer(ITIMER_REAL, &soon, NULL) == 0);
}

/* More than one comes, since the first may come before the call that it is to interrupt. */
static void alarm_again_and_again(void) {
    const struct itimerval soon = {.it_value.tv_usec = SOON_US, .it_interval.tv_usec = SOON_US};
    assert(setitimer(ITIMER_REAL, &soon, NULL) == 0);
}

static void alarm_never(void) {
    static const struct itimerval never;
    assert(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

static void pipe_open(int numbers[2]) {
    assert(pipe(numbers) == 0);
}

static void pipe_close(int numbers[2]) {
    close(numbers[0]);
    close(numbers[1]);
}

/* A call that a handler jumped out of keeps no file open. */
static void a_jump_lets_the_file_go(void) {
    char byte;
    pipe_open(ends);
    handle(SIGALRM, on_jump, 0);
    if (sigsetjmp(jump, 1) == 0) {
        alarm_soon();
        read(ends[0], &byte, 1);
        assert(false);
    }
    close(ends[0]);
    assert(write(ends[1], "x", 1) == -1 && errno == EPIPE);
    close(ends[1]);
}

static void a_jump_lets_the_socket_go(void) {
    char byte;
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    handle(SIGALRM, on_jump, 0);
    if (sigsetjmp(jump, 1) == 0) {
        alarm_soon();
        recv(ends[0], &byte, 1, 0);
        assert(false);
    }
    close(ends[0]);
    assert(recv(ends[1], &byte, 1, 0) == 0);
    close(ends[1]);
}

static void *write_meanwhile(void *unused) {
    (void)unused;
    assert(write(ends[1], "x", 1) == 1);
    return NULL;
}

static long ms_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Who jumped out of poll() is not told of its files any more. */
static void a_jump_ends_the_watch(void) {
    pipe_open(ends);
    handle(SIGALRM, on_jump, 0);
    struct pollfd entry = {.fd = ends[0], .events = POLLIN};
    if (sigsetjmp(jump, 1) == 0) {
        alarm_soon();
        poll(&entry, 1, -1);
        assert(false);
    }
    pthread_t thread;
    const long begin = ms_now();
    assert(pthread_create(&thread, NULL, write_meanwhile, NULL) == 0);
    const struct timespec wanted = {.tv_nsec = 50000000};
    assert(nanosleep(&wanted, NULL) == 0 && ms_now() - begin >= 50);
    pthread_join(thread, NULL);
    pipe_close(ends);
}

/* What a handler does comes after the wait: it ends nothing that was interrupted. */
static void a_handler_makes_nothing_ready_in_time(void) {
    struct pollfd entry = {.events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    const struct timespec timeout = {.tv_sec = 1000};
    char byte;
    sigset_t blocked;
    sigset_t none;
    fd_set set;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    assert(pthread_sigmask(SIG_BLOCK, &blocked, NULL) == 0);
    pipe_open(ends);
    handle(SIGUSR1, on_write, SA_RESTART);
    const int epoll = epoll_create1(0);
    assert(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);

    raise(SIGUSR1);
    assert(epoll_pwait(epoll, &event, 1, -1, &none) == -1 && errno == EINTR && handled == 1);
    assert(epoll_wait(epoll, &event, 1, -1) == 1 && read(ends[0], &byte, 1) == 1);

    entry.fd = ends[0];
    raise(SIGUSR1);
    assert(ppoll(&entry, 1, NULL, &none) == -1 && errno == EINTR && handled == 2);
    assert(poll(&entry, 1, -1) == 1 && read(ends[0], &byte, 1) == 1);

    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    raise(SIGUSR1);
    assert(pselect(ends[0] + 1, &set, NULL, NULL, &timeout, &none) == -1 && errno == EINTR);
    assert(handled == 3 && read(ends[0], &byte, 1) == 1);

    assert(pthread_sigmask(SIG_UNBLOCK, &blocked, NULL) == 0);
    close(epoll);
    pipe_close(ends);
}

/* A call that is taken up again looks its number up again. */
static void a_restart_begins_anew(void) {
    char byte;
    pipe_open(ends);
    pipe_open(others);
    assert(write(others[1], "y", 1) == 1);
    handle(SIGALRM, on_replace, SA_RESTART);
    alarm_soon();
    assert(read(ends[0], &byte, 1) == 1 && byte == 'y' && handled == 1);
    pipe_close(ends);
    pipe_close(others);
}

/* One with a timeout of its own is not taken up again. */
static void a_timeout_forbids_the_restart(void) {
    const struct timeval timeout = {.tv_sec = 1000};
    char byte;
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    assert(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    handle(SIGALRM, on_count, SA_RESTART);
    alarm_again_and_again();
    assert(recv(ends[0], &byte, 1, 0) == -1 && errno == EINTR && handled > 0);
    assert(read(ends[0], &byte, 1) == -1 && errno == EINTR && handled > 1);
    alarm_never();
    pipe_close(ends);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    signal(SIGPIPE, SIG_IGN);
    a_jump_lets_the_file_go();
    a_jump_lets_the_socket_go();
    a_jump_ends_the_watch();
    a_handler_makes_nothing_ready_in_time();
    a_restart_begins_anew();
    a_timeout_forbids_the_restart();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
