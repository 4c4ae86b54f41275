/* Corners of the calls on descriptors: each step asserts what Linux does. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define WATCHERS 3
#define SOON_NS 20000000

static int ends[2];

static void pause_a_little(void) {
    const struct timespec little = {.tv_nsec = SOON_NS};
    nanosleep(&little, NULL);
}

/* Who has no number left leaves the connection where it is. */
static void a_full_table_keeps_the_connection(void) {
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0corner"};
    const socklen_t size = offsetof(struct sockaddr_un, sun_path) + 7;
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    char byte = 0;
    assert(bind(listener, (const struct sockaddr *)&name, size) == 0 && listen(listener, 1) == 0);
    assert(connect(client, (const struct sockaddr *)&name, size) == 0);
    int last = dup(client);
    for (int next = last; next >= 0; next = dup(client)) {
        last = next;
    }
    assert(errno == EMFILE);
    assert(accept(listener, NULL, NULL) == -1 && errno == EMFILE);
    assert(accept(client, NULL, NULL) == -1 && errno == EMFILE);
    close(last);
    const int server = accept(listener, NULL, NULL);
    assert(server == last && write(client, "x", 1) == 1 && read(server, &byte, 1) == 1);
    assert(accept(listener, NULL, NULL) == -1 && errno == EMFILE);
    assert(close_range((unsigned)listener, UINT_MAX, 0) == 0);
}

static void *write_soon(void *unused) {
    (void)unused;
    pause_a_little();
    assert(write(ends[1], "x", 1) == 1);
    return NULL;
}

static void *close_soon(void *number) {
    pause_a_little();
    close(*(int *)number);
    return NULL;
}

static void a_long_select_is_no_short_one(void) {
    struct timeval timeout = {.tv_sec = LONG_MAX};
    pthread_t thread;
    char byte;
    fd_set set;
    FD_ZERO(&set);
    assert(pipe(ends) == 0);
    FD_SET(ends[0], &set);
    assert(pthread_create(&thread, NULL, write_soon, NULL) == 0);
    assert(select(ends[0] + 1, &set, NULL, NULL, &timeout) == 1 && read(ends[0], &byte, 1) == 1);
    pthread_join(thread, NULL);
    timeout = (struct timeval){.tv_usec = 1000000}; /* more than Linux's own structures allow */
    assert(select(0, NULL, NULL, NULL, &timeout) == 0);
    close(ends[0]);
    close(ends[1]);
}

/* That the other side is gone is no exceptional condition, and no room to write. */
static void select_waits_for_what_it_was_asked_for(void) {
    struct timeval timeout = {.tv_usec = 1};
    fd_set set;
    FD_ZERO(&set);
    assert(pipe(ends) == 0);
    FD_SET(ends[0], &set);
    close(ends[1]);
    const struct timespec shown = {.tv_nsec = SOON_NS};
    struct timespec begin;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert(pselect(ends[0] + 1, NULL, &set, NULL, &shown, NULL) == 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert((end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec >= SOON_NS);
    assert(!FD_ISSET(ends[0], &set));
    FD_SET(ends[0], &set);
    assert(select(ends[0] + 1, &set, NULL, NULL, &timeout) == 1);
    close(ends[0]);
}

static void a_size_below_zero_is_no_size(void) {
    char byte = 0;
    assert(pipe(ends) == 0);
    assert(write(ends[1], "x", 1) == 1);
    volatile size_t size = (size_t)-1;
    assert(read(ends[0], &byte, size) == -1 && errno == EFAULT);
    assert(write(ends[1], &byte, size) == -1 && errno == EFAULT);
    assert(read(1000000, &byte, size) == -1 && errno == EBADF);
    assert(read(ends[1], &byte, size) == -1 && errno == EBADF);
    close(ends[0]);
    close(ends[1]);
}

static int readers_woken;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *watch_exclusively(void *unused) {
    (void)unused;
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    const int epoll = epoll_create1(0);
    assert(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    assert(epoll_wait(epoll, &event, 1, -1) == 1 && event.events == EPOLLHUP);
    pthread_mutex_lock(&mutex);
    readers_woken++;
    pthread_mutex_unlock(&mutex);
    close(epoll);
    return NULL;
}

/* News for one is told to one exclusive watcher; an end is told to all. */
static void an_end_is_told_to_all(void) {
    pthread_t threads[WATCHERS];
    assert(pipe(ends) == 0);
    for (int i = 0; i < WATCHERS; i++) {
        assert(pthread_create(&threads[i], NULL, watch_exclusively, NULL) == 0);
    }
    close_soon(&ends[1]);
    for (int i = 0; i < WATCHERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(readers_woken == WATCHERS);
    close(ends[0]);
}

static void *watch_socket_exclusively(void *unused) {
    (void)unused;
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    const int epoll = epoll_create1(0);
    assert(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    assert(epoll_wait(epoll, &event, 1, -1) == 1 && (event.events & EPOLLIN) != 0);
    close(epoll);
    return NULL;
}

static void an_end_of_a_stream_is_told_to_all(void) {
    pthread_t threads[WATCHERS];
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    for (int i = 0; i < WATCHERS; i++) {
        assert(pthread_create(&threads[i], NULL, watch_socket_exclusively, NULL) == 0);
    }
    close_soon(&ends[1]);
    for (int i = 0; i < WATCHERS; i++) {
        pthread_join(threads[i], NULL);
    }
    close(ends[0]);
}

static void to_share_with_checked_flags_takes_a_file(void) {
    const int flags = MAP_SHARED_VALIDATE | MAP_ANONYMOUS;
    assert(mmap(NULL, 4096, PROT_READ, flags, -1, 0) == MAP_FAILED && errno == EINVAL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    readers_woken = 0;
    a_full_table_keeps_the_connection();
    a_long_select_is_no_short_one();
    select_waits_for_what_it_was_asked_for();
    a_size_below_zero_is_no_size();
    an_end_is_told_to_all();
    an_end_of_a_stream_is_told_to_all();
    to_share_with_checked_flags_takes_a_file();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
