/* Calls that fail as declared, in one node; and none in another, which does the same. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

static int failing; /* argv[1]: this node's calls fail */

/* A call that gives -1 and this error in the failing node. */
static void gives(long result, int error) {
    if (failing) {
        assert(result == -1 && errno == error);
    } else {
        assert(result != -1);
    }
}

static void *nothing(void *argument) {
    return argument;
}

/* The second call of each kind is the one. */
static void opens(void) {
    assert(socket(AF_INET, SOCK_STREAM, 0) == 3);
    gives(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
    const int first = open("/dev/null", O_RDWR);
    assert(first == 4 + !failing);
    gives(open("/dev/null", O_RDWR), ENFILE);
    close(3);
    closefrom(4);
}

static void threads(void) {
    pthread_t thread;
    assert(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
    const int result = pthread_create(&thread, NULL, nothing, NULL);
    assert(result == (failing ? EAGAIN : 0));
    assert(failing || pthread_join(thread, NULL) == 0);
}

static void memory(void) {
    void *(*volatile take)(size_t) = malloc; /* what compilers know of these, they use */
    void *(*volatile take_zeroed)(size_t, size_t) = calloc;
    void *first = take(10);
    errno = 0;
    void *second = take_zeroed(1, 10);
    assert(first != NULL && (second == NULL) == failing && (!failing || errno == ENOMEM));
    free(first);
    free(second);
    void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(map != MAP_FAILED && munmap(map, 4096) == 0);
    map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert((map == MAP_FAILED) == failing && (!failing || errno == ENOMEM));
}

/* EINTR of who waits and EAGAIN of who does not are of the other kind of descriptor each. */
static void reads(void) {
    int waits[2];
    int never[2];
    char bytes[16] = "0123456789abcde";
    assert(pipe2(waits, 0) == 0 && pipe2(never, O_NONBLOCK) == 0);
    assert(write(waits[1], bytes, 8) == 8 && write(never[1], bytes, 8) == 8);
    assert(read(waits[0], bytes, 4) == 4 && read(never[0], bytes, 4) == 4);
    gives(read(waits[0], bytes, 4), EINTR);
    gives(read(never[0], bytes, 4), EAGAIN);
    if (failing) { /* nothing was taken */
        assert(read(waits[0], bytes, 4) == 4 && memcmp(bytes, "4567", 4) == 0);
        assert(read(never[0], bytes, 4) == 4 && memcmp(bytes, "4567", 4) == 0);
    }
    const int file = open("/tmp/mishap", O_RDWR | O_CREAT, 0600);
    assert(write(file, bytes, 16) == 16);
    gives(write(file, bytes, 16), ENOSPC); /* writes to pipes were not counted */
    assert(lseek(file, 0, SEEK_CUR) == (failing ? 16 : 32));
    assert(fsync(file) == 0);
    gives(fsync(file), EIO);
    close(file);
    close(waits[0]);
    close(waits[1]);
    close(never[0]);
    close(never[1]);
}

static void streams(void) {
    int ends[2];
    int datagrams[2];
    char bytes[64] = {0};
    struct iovec parts[2] = {{bytes, 32}, {bytes, 32}};
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    assert(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams) == 0);
    for (int i = 0; i < 8; i++) { /* each send is short, and no datagram */
        const ssize_t sent = send(ends[0], bytes, 64, 0);
        assert(failing ? sent >= 1 && sent < 64 : sent == 64);
        const ssize_t written = writev(ends[0], parts, 2);
        assert(written == 64);
        const ssize_t got = recv(ends[1], bytes, 64, 0);
        assert(got >= 1 && got <= 64);
        assert(send(datagrams[0], bytes, 64, 0) == 64 && recv(datagrams[1], bytes, 64, 0) == 64);
    }
    close(ends[0]);
    close(ends[1]);
    close(datagrams[0]);
    close(datagrams[1]);
}

static void waits(void) {
    const int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd entry = {.fd = 0, .events = 0};
    assert(epoll_wait(epoll, &event, 1, 1) == 0);
    gives(epoll_wait(epoll, &event, 1, 1), EINTR);
    assert(poll(&entry, 1, 1) >= 0);
    gives(poll(&entry, 1, 1), EINTR);
    close(epoll);
}

static void names(void) {
    struct addrinfo *found;
    struct timespec before;
    struct timespec after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert(getaddrinfo("127.0.0.1", NULL, NULL, &found) == 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    freeaddrinfo(found);
    const long ms =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert(failing ? ms >= 20 && ms <= 51 : ms == 0);
    const int result = getaddrinfo("127.0.0.1", NULL, NULL, &found);
    assert(result == (failing ? EAI_AGAIN : 0));
    if (result == 0) {
        freeaddrinfo(found);
    }
}

/* The first accept after 1 s. */
static void accepts(void) {
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    const int door = socket(AF_INET, SOCK_STREAM, 0);
    const int guest = socket(AF_INET, SOCK_STREAM, 0);
    assert(listen(door, 4) == 0 && getsockname(door, (struct sockaddr *)&name, &size) == 0);
    assert(connect(guest, (struct sockaddr *)&name, size) == 0);
    sleep(2);
    const int refused = accept(door, NULL, NULL);
    gives(refused, EMFILE);
    if (failing) {
        const int taken = accept(door, NULL, NULL); /* it still stands in the queue */
        assert(taken >= 0);
        close(taken);
    } else {
        close(refused);
    }
    close(door);
    close(guest);
}

int program(int argc, char **argv) {
    assert(argc == 2);
    failing = atoi(argv[1]);
    opens();
    threads();
    memory();
    reads();
    streams();
    waits();
    names();
    accepts();
    sim_count("done", 1);
    return 0;
}

SIM_SCENARIO(world) {
    static const char *const yes[] = {"1", NULL};
    static const char *const no[] = {"0", NULL};
    static const struct {
        const char *call, *error;
        uint32_t nth;
    } second[] = {
        {"socket", "EMFILE", 2},
        {"open", "ENFILE", 2},
        {"pthread_create", "EAGAIN", 2},
        {"malloc", "ENOMEM", 2},
        {"mmap", "ENOMEM", 2},
        {"read", "EINTR", 2},
        {"read", "EAGAIN", 2},
        {"write", "ENOSPC", 2},
        {"fsync", "EIO", 2},
        {"epoll_wait", "EINTR", 2},
        {"poll", "EINTR", 2},
        {"getaddrinfo", "EAI_AGAIN", 2},
    };
    const uint32_t node = sim_node(world, "failing", "program", yes);
    sim_node(world, "sound", "program", no);
    for (unsigned i = 0; i < sizeof second / sizeof second[0]; i++) {
        const struct sim_strikes strikes = {.nth = second[i].nth};
        sim_call_fails(world, node, second[i].call, second[i].error, strikes);
    }
    sim_call_fails(world, node, "accept", "EMFILE", (struct sim_strikes){.at_ns = SIM_S(1)});
    sim_call_short(world, node, "send", (struct sim_strikes){.chance_ppm = 1000000});
    sim_lookup(world, node, SIM_MS(20), SIM_MS(50));
    sim_finally(world, "both came to their end", "done", sim_equal(2));
}
