/* Descriptors sent over AF_UNIX sockets: each step asserts what Linux does. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/scenario.h"

#define FILES_MAX 253

static union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE((FILES_MAX + 1) * sizeof(int))];
} control;

static int pair[2];

/* Sends bytes and descriptors. */
static ssize_t
give_at(int number, const void *bytes, size_t size, const int *files, unsigned count) {
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        memset(&control, 0, sizeof control);
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.head), files, count * sizeof(int));
    }
    return sendmsg(number, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t give(const char *text, const int *files, unsigned count) {
    return give_at(pair[0], text, strlen(text), files, count);
}

static struct {
    char text[64];
    int files[FILES_MAX];
    unsigned count;
    int flags;
    size_t control_size;
} got;

/* Receives up to `size` bytes, and descriptors into `room` bytes of control data. */
static ssize_t take(size_t size, size_t room, int flags) {
    struct iovec part = {got.text, size};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = room};
    memset(&got, 0, sizeof got);
    const ssize_t result = recvmsg(pair[1], &header, flags | MSG_DONTWAIT);
    const struct cmsghdr *head = CMSG_FIRSTHDR(&header);
    got.flags = header.msg_flags;
    got.control_size = header.msg_controllen;
    if (result >= 0 && head != NULL) {
        assert(head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS);
        got.count = (unsigned)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(got.files, CMSG_DATA(head), got.count * sizeof(int));
    }
    return result;
}

static void close_got(void) {
    for (unsigned i = 0; i < got.count; i++) {
        assert(close(got.files[i]) == 0);
    }
}

static const size_t wide = sizeof control;

static int lowest(void) {
    const int number = dup(0);
    close(number);
    return number;
}

/* What is sent is the open file itself, whatever becomes of the sender's number. */
static void one(void) {
    uint64_t value = 0;
    const int event = eventfd(5, EFD_NONBLOCK);
    assert(give("x", &event, 1) == 1);
    close(event);
    assert(take(10, wide, 0) == 1 && got.count == 1 && got.flags == 0 && got.text[0] == 'x');
    assert(got.control_size == CMSG_SPACE(sizeof(int)) && fcntl(got.files[0], F_GETFD) == 0);
    assert((fcntl(got.files[0], F_GETFL) & O_NONBLOCK) != 0);
    assert(read(got.files[0], &value, sizeof value) == sizeof value && value == 5);
    assert(give("y", &got.files[0], 1) == 1);
    close_got();
    assert(take(10, wide, MSG_CMSG_CLOEXEC) == 1 && got.count == 1);
    assert((got.flags & MSG_CMSG_CLOEXEC) != 0 && fcntl(got.files[0], F_GETFD) == FD_CLOEXEC);
    close_got();
}

static void refusals(void) {
    int files[FILES_MAX + 1] = {0};
    assert(give("x", files, FILES_MAX + 1) == -1 && errno == EINVAL);
    assert(give("x", files, FILES_MAX) == 1);
    files[1] = 1000;
    assert(give("x", files, 2) == -1 && errno == EBADF);
    assert(take(10, wide, 0) == 1 && got.count == FILES_MAX && got.flags == 0);
    close_got();
    assert(take(10, wide, 0) == -1 && errno == EAGAIN); /* what was refused was not sent */

    struct iovec part = {"z", 1};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = CMSG_SPACE(sizeof(int))};
    control.head = (struct cmsghdr){CMSG_LEN(sizeof(int)) + 100, SOL_SOCKET, SCM_RIGHTS};
    assert(sendmsg(pair[0], &header, 0) == -1 && errno == EINVAL);
    control.head = (struct cmsghdr){3, SOL_SOCKET, SCM_RIGHTS};
    assert(sendmsg(pair[0], &header, 0) == -1 && errno == EINVAL);
    control.head = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, 99};
    assert(sendmsg(pair[0], &header, 0) == -1 && errno == EINVAL);
    control.head = (struct cmsghdr){CMSG_LEN(0), SOL_SOCKET, SCM_RIGHTS};
    assert(sendmsg(pair[0], &header, 0) == 1); /* of nothing */
    control.head = (struct cmsghdr){CMSG_LEN(sizeof(int)), IPPROTO_IP, 99};
    assert(sendmsg(pair[0], &header, 0) == 1); /* of another level: ignored */
    assert(recv(pair[1], got.text, 1, 0) == 1 && recv(pair[1], got.text, 1, 0) == 1);
}

/* Bytes on which files depend are not read together with what comes after them. */
static void borders(bool stream) {
    const int file = 0;
    give("ab", NULL, 0);
    give("cde", &file, 1);
    give("fg", NULL, 0);
    give("hi", &file, 1);
    give("jk", &file, 1);
    if (!stream) {
        assert(take(20, wide, 0) == 2 && got.count == 0 && got.control_size == 0);
        assert(take(20, wide, MSG_PEEK) == 3 && got.count == 1);
        close_got();
        assert(take(1, wide, 0) == 1 && got.count == 1 && (got.flags & MSG_TRUNC) != 0);
        close_got();
        assert(take(20, wide, 0) == 2 && got.count == 0);
        assert(take(20, wide, 0) == 2 && got.count == 1);
        close_got();
        assert(recv(pair[1], got.text, 20, 0) == 2);
        return;
    }
    assert(take(1, wide, 0) == 1 && got.count == 0);
    assert(take(20, wide, 0) == 4 && got.count == 1 && memcmp(got.text, "bcde", 4) == 0);
    close_got();
    assert(take(20, wide, 0) == 4 && got.count == 1 && memcmp(got.text, "fghi", 4) == 0);
    close_got();
    assert(take(1, wide, MSG_PEEK) == 1 && got.count == 1);
    close_got();
    assert(take(1, wide, MSG_WAITALL) == 1 && got.count == 1 && got.text[0] == 'j');
    close_got();
    give("lm", NULL, 0);
    assert(take(20, wide, 0) == 3 && got.count == 0 && memcmp(got.text, "klm", 3) == 0);
    give("no", &file, 1);
    give("pq", NULL, 0);
    assert(recv(pair[1], got.text, 20, 0) == 2); /* dropped, and a border all the same */
    assert(take(20, wide, 0) == 2 && got.count == 0);
}

/* What does not fit is closed. */
static void narrow(void) {
    const int event = eventfd(0, 0);
    const int files[4] = {event, event, event, event};
    const int first = lowest();
    struct rlimit before;
    assert(give("x", files, 4) == 1);
    assert(take(10, CMSG_LEN(2 * sizeof(int)), 0) == 1 && got.count == 2);
    assert((got.flags & MSG_CTRUNC) != 0 && got.control_size == CMSG_LEN(2 * sizeof(int)));
    close_got();
    assert(give("x", files, 4) == 1);
    assert(take(10, CMSG_LEN(0), 0) == 1 && got.count == 0 && (got.flags & MSG_CTRUNC) != 0);
    assert(give("x", files, 4) == 1);
    assert(take(10, 0, 0) == 1 && got.count == 0 && (got.flags & MSG_CTRUNC) != 0);
    assert(give("x", files, 4) == 1);
    assert(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const struct rlimit tight = {(rlim_t)first + 1, before.rlim_max};
    assert(setrlimit(RLIMIT_NOFILE, &tight) == 0);
    assert(take(10, wide, 0) == 1 && got.count == 1 && (got.flags & MSG_CTRUNC) != 0);
    assert(setrlimit(RLIMIT_NOFILE, &before) == 0);
    close_got();
    assert(lowest() == first);
    close(event);
}

/* The other end of a pipe that is only on its way is open, until nobody can receive it any more. */
static bool is_hung_up(int number) {
    struct pollfd entry = {.fd = number};
    return poll(&entry, 1, 0) == 1 && entry.revents == POLLHUP;
}

static void dropped(int type) {
    int ends[2];
    int inner[2];
    assert(pipe(ends) == 0);
    assert(give("x", &ends[1], 1) == 1);
    close(ends[1]);
    assert(!is_hung_up(ends[0]));
    char byte;
    assert(read(pair[1], &byte, 1) == 1); /* read() takes no descriptors */
    assert(is_hung_up(ends[0]));
    close(ends[0]);

    assert(pipe(ends) == 0); /* in a socket that is in another one's queue itself */
    assert(socketpair(AF_UNIX, type, 0, inner) == 0);
    assert(give_at(inner[0], "x", 1, &ends[1], 1) == 1);
    assert(give("y", &inner[1], 1) == 1);
    close(ends[1]);
    close(inner[0]);
    close(inner[1]);
    assert(!is_hung_up(ends[0]));
    close(pair[1]);
    for (int tries = 0; !is_hung_up(ends[0]); tries++) { /* Linux may leave it to a later moment */
        assert(tries < 1000);
        usleep(1000);
    }
    close(ends[0]);
    const int file = 0;
    const ssize_t refused = give("x", &file, 1);
    assert(refused == -1 && errno == (type == SOCK_STREAM ? EPIPE : ECONNREFUSED));
    close(pair[0]);
}

/* ---- between threads ---- */

static void *pass_on(void *unused) {
    (void)unused;
    const int event = eventfd(0, 0);
    assert(give_at(pair[0], "x", 1, &event, 1) == 1);
    uint64_t value = 0;
    assert(read(event, &value, sizeof value) == sizeof value && value == 9);
    close(event);
    return NULL;
}

static void threads(void) {
    struct pollfd entry = {.fd = pair[1], .events = POLLIN};
    const uint64_t value = 9;
    pthread_t thread;
    pthread_create(&thread, NULL, pass_on, NULL);
    assert(poll(&entry, 1, -1) == 1);
    assert(take(1, wide, 0) == 1 && got.count == 1);
    assert(write(got.files[0], &value, sizeof value) == sizeof value);
    close_got();
    pthread_join(thread, NULL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int first = lowest();
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        assert(socketpair(AF_UNIX, type, 0, pair) == 0);
        one();
        refusals();
        borders(type == SOCK_STREAM);
        narrow();
        threads();
        dropped(type);
    }
    assert(lowest() == first);
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0); /* a socket in its own queue: the end */
    assert(give("x", pair, 2) == 1);
    close(pair[0]);
    close(pair[1]);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_forbid_leaks(world);
}
