#include "tests/modules/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/modules/script.h"

#define STEPS 240
#define NUMBER_MAX 40
#define EVENTS_MAX 8
#define BYTES_MAX SCRIPT_BYTES_MAX

/* Kinds of files, so that most calls have a number that suits them. */
enum { KIND_EVENT = 1, KIND_PIPE = 2, KIND_SOCKET = 4, KIND_EPOLL = 8, KIND_ANY = 15 };

static unsigned char kinds[NUMBER_MAX]; /* of what was opened there last */

/* A number that is probably open, 3 or above, and most often of these kinds. */
static int number_of(struct script *script, unsigned wanted) {
    if (script_below(script, 12) == 0) {
        wanted = KIND_ANY;
    }
    for (unsigned i = 0; i < 30; i++) {
        const int candidate = 3 + (int)script_below(script, 16);
        if ((kinds[candidate] & wanted) != 0 && fcntl(candidate, F_GETFD) >= 0) {
            return candidate;
        }
    }
    return 3 + (int)script_below(script, NUMBER_MAX - 3);
}

static int number(struct script *script) {
    return number_of(script, KIND_ANY);
}

static void opened(int number, unsigned kind) {
    if (number >= 0 && number < NUMBER_MAX) {
        kinds[number] = (unsigned char)kind;
    }
}

/* ---- opening and closing ---- */

static void call_open(struct script *script) {
    int numbers[2] = {-1, -1};
    switch (script_below(script, 5)) {
    case 0: {
        const unsigned value = script_below(script, 3);
        const int flags = EFD_NONBLOCK | (script_below(script, 3) == 0 ? EFD_SEMAPHORE : 0);
        script_say(script, "eventfd %u %d", value, flags);
        const int event = eventfd(value, flags);
        script_result(script, event);
        opened(event, KIND_EVENT);
        break;
    }
    case 1:
        script_say(script, "pipe");
        script_result(script, pipe2(numbers, O_NONBLOCK));
        script_say(script, "  %d %d\n", numbers[0], numbers[1]);
        opened(numbers[0], KIND_PIPE);
        opened(numbers[1], KIND_PIPE);
        break;
    case 2:
        script_say(script, "socketpair");
        script_result(script, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, numbers));
        script_say(script, "  %d %d\n", numbers[0], numbers[1]);
        opened(numbers[0], KIND_SOCKET);
        opened(numbers[1], KIND_SOCKET);
        break;
    default: {
        const int epoll = epoll_create1(0);
        script_say(script, "epoll_create");
        script_result(script, epoll);
        opened(epoll, KIND_EPOLL);
        break;
    }
    }
}

static void call_close(struct script *script) {
    const int which = number(script);
    script_say(script, "close %d", which);
    script_result(script, close(which));
}

static void call_dup(struct script *script) {
    const int which = number(script);
    const int wanted = 3 + (int)script_below(script, 16);
    int made = -1;
    switch (script_below(script, 4)) {
    case 0:
        script_say(script, "dup %d", which);
        made = dup(which);
        break;
    case 1:
        script_say(script, "dup2 %d %d", which, wanted);
        made = dup2(which, wanted);
        break;
    case 2:
        script_say(script, "dup3 %d %d", which, wanted);
        made = dup3(which, wanted, O_CLOEXEC);
        break;
    default:
        script_say(script, "dupfd %d %d", which, wanted);
        made = fcntl(which, F_DUPFD, wanted);
        break;
    }
    script_result(script, made);
    opened(made, kinds[which]);
}

static void call_close_range(struct script *script) {
    const unsigned first = 3 + script_below(script, 16);
    const unsigned last = first; /* of several, Linux releases the last one first */
    script_say(script, "close_range %u %u", first, last);
    script_result(script, close_range(first, last, 0));
}

/* ---- bytes ---- */

/* Not for a write of more than 8 bytes to an eventfd: whether that is an error depends on the
 * kernel's version. */
static bool takes_bytes(int number) {
    struct stat status;
    return fstat(number, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static void call_write(struct script *script) {
    const int which = number_of(script, KIND_EVENT | KIND_PIPE | KIND_SOCKET);
    uint64_t value = script_below(script, 4);
    static const unsigned sizes[] = {0, 1, 7, 8, 100, 4095, 4096, 4097, BYTES_MAX};
    unsigned size = sizes[script_below(script, sizeof sizes / sizeof sizes[0])];
    size = takes_bytes(which) || size < 8 ? size : 8;
    if ((kinds[which] & KIND_SOCKET) != 0 && size > 100) {
        size = 100; /* Linux counts the memory of a socket's buffers, the simulator their bytes */
    }
    if (script_below(script, 8) == 0) {
        value = UINT64_MAX - script_below(script, 3);
    }
    for (unsigned i = 0; i < size; i++) {
        script->bytes[i] = (char)script_next(script);
    }
    memcpy(script->bytes, &value, sizeof value);
    script_say(script, "write %d %u (%llu)", which, size, (unsigned long long)value);
    script_result(script, write(which, script->bytes, size));
}

static void call_writev(struct script *script) {
    const int which = number(script);
    const struct iovec parts[] = {{script->bytes, script_below(script, 5)},
                                  {script->bytes + 5, 0},
                                  {script->bytes + 8, script_below(script, 300)}};
    memset(script->bytes, (int)script_below(script, 3), 400);
    script_say(script, "writev %d %zu %zu", which, parts[0].iov_len, parts[2].iov_len);
    script_result(script, takes_bytes(which) ? writev(which, parts, 3) : 0);
}

static void call_read(struct script *script) {
    const int which = number_of(script, KIND_EVENT | KIND_PIPE | KIND_SOCKET);
    static const unsigned sizes[] = {0, 1, 8, 8, 8, 50, 4096, BYTES_MAX};
    const unsigned size = sizes[script_below(script, sizeof sizes / sizeof sizes[0])];
    script_say(script, "read %d %u", which, size);
    const long count = read(which, script->bytes, size);
    script_result(script, count);
    script_sum(script, script->bytes, count);
}

static void call_readv(struct script *script) {
    const int which = number(script);
    const struct iovec parts[] = {{script->bytes, 3 + script_below(script, 5)},
                                  {script->bytes + 100, script_below(script, 300)}};
    memset(script->bytes, 0, 400);
    script_say(script, "readv %d %zu %zu", which, parts[0].iov_len, parts[1].iov_len);
    const long count = readv(which, parts, 2);
    script_result(script, count);
    script_sum(script, script->bytes, count < 0 ? 0 : 400);
}

/* ---- readiness ---- */

/* Ready is what is looked for: most items watch for what often comes. */
static void call_epoll_control(struct script *script) {
    static const int operations[] =
        {EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, 9};
    static const uint32_t wanted[] = {EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLRDHUP, 0};
    static const uint32_t modes[] =
        {0, 0, 0, EPOLLET, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT, EPOLLEXCLUSIVE};
    const int epoll = number_of(script, KIND_EPOLL);
    const int target = number(script);
    const int operation = operations[script_below(script, 6)];
    struct epoll_event event = {.events = wanted[script_below(script, 5)] |
                                          modes[script_below(script, 8)],
                                .data.u64 = script_next(script) % 1000};
    if ((kinds[target] & KIND_SOCKET) != 0) {
        event.events &= ~(uint32_t)EPOLLOUT; /* Linux tells of room whenever a buffer is freed */
    }
    script_say(script,
               "epoll_ctl %d %d %d %x %llu",
               epoll,
               operation,
               target,
               event.events,
               (unsigned long long)event.data.u64);
    script_result(script, epoll_ctl(epoll, operation, target, &event));
}

static void call_epoll_wait(struct script *script) {
    struct epoll_event events[EVENTS_MAX];
    const int epoll = number_of(script, KIND_EPOLL);
    const int count_max = (int)script_below(script, EVENTS_MAX + 1);
    script_say(script, "epoll_wait %d %d", epoll, count_max);
    const int count = epoll_wait(epoll, events, count_max, 0);
    script_result(script, count);
    for (int i = 0; i < count; i++) {
        script_say(script, "  %x %llu\n", events[i].events, (unsigned long long)events[i].data.u64);
    }
}

static void call_poll(struct script *script) {
    struct pollfd entries[5];
    script_say(script, "poll");
    for (unsigned i = 0; i < 5; i++) {
        entries[i] = (struct pollfd){.fd = script_below(script, 9) == 0 ? -1 : number(script),
                                     .events = (short)(script_next(script) & 0x20c7)};
        script_say(script, " %d:%x", entries[i].fd, (unsigned)entries[i].events);
    }
    script_result(script, poll(entries, 5, 0));
    for (unsigned i = 0; i < 5; i++) {
        script_say(script, "  %x\n", (unsigned)(unsigned short)entries[i].revents);
    }
}

static void call_select(struct script *script) {
    fd_set in, out, except;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&except);
    script_say(script, "select");
    for (unsigned i = 0; i < 4; i++) {
        const int which = number(script);
        const unsigned sets = script_below(script, 8);
        script_say(script, " %d:%x", which, sets);
        if ((sets & 1) != 0) {
            FD_SET(which, &in);
        }
        if ((sets & 2) != 0) {
            FD_SET(which, &out);
        }
        if ((sets & 4) != 0) {
            FD_SET(which, &except);
        }
    }
    struct timeval none = {0};
    const int count = select(NUMBER_MAX, &in, &out, &except, &none);
    script_result(script, count);
    for (int i = 0; count > 0 && i < NUMBER_MAX; i++) {
        const unsigned sets = (FD_ISSET(i, &in) ? 1u : 0u) | (FD_ISSET(i, &out) ? 2u : 0u) |
                              (FD_ISSET(i, &except) ? 4u : 0u);
        if (sets != 0) {
            script_say(script, "  %d:%x\n", i, sets);
        }
    }
}

/* ---- the rest ---- */

static void call_control(struct script *script) {
    const int which = number(script);
    int value = -1;
    switch (script_below(script, 6)) {
    case 0:
        script_say(script, "getfd %d", which);
        script_result(script, fcntl(which, F_GETFD));
        break;
    case 1:
        script_say(script, "setfd %d", which);
        script_result(script, fcntl(which, F_SETFD, FD_CLOEXEC));
        break;
    case 2:
        script_say(script, "getfl %d", which);
        script_result(script, fcntl(which, F_GETFL));
        break;
    case 3:
        script_say(script, "getpipe %d", which);
        script_result(script, fcntl(which, F_GETPIPE_SZ));
        break;
    case 4: {
        const int size = 1 << (8 + script_below(script, 10));
        script_say(script, "setpipe %d %d", which, size);
        script_result(script, fcntl(which, F_SETPIPE_SZ, size));
        break;
    }
    default: {
        const bool pipe_end = fcntl(which, F_GETPIPE_SZ) >= 0; /* elsewhere kinds differ */
        script_say(script, "readable %d", which);
        script_result(script, pipe_end ? ioctl(which, FIONREAD, &value) : 0);
        script_say(script, "  %d\n", value);
        break;
    }
    }
}

static void call_shutdown(struct script *script) {
    const int which = number_of(script, KIND_SOCKET);
    const int how = (int)script_below(script, 4);
    script_say(script, "shutdown %d %d", which, how);
    script_result(script, shutdown(which, how));
}

static void step(struct script *script) {
    static void (*const calls[])(struct script *) = {
        call_open,       call_open,          call_open,          call_close,
        call_dup,        call_write,         call_write,         call_write,
        call_writev,     call_read,          call_read,          call_read,
        call_readv,      call_epoll_control, call_epoll_control, call_epoll_control,
        call_epoll_wait, call_epoll_wait,    call_epoll_wait,    call_poll,
        call_select,     call_control,       call_shutdown,      call_close_range};
    const unsigned which = script_below(script, sizeof calls / sizeof calls[0]);
    if (which == sizeof calls / sizeof calls[0] - 1 && script_below(script, 3) != 0) {
        return; /* closes too much to be frequent */
    }
    calls[which](script);
}

size_t calls_run(uint64_t seed, char *text, size_t size) {
    struct script script = {.state = seed, .text = text, .size = size};
    memset(kinds, 0, sizeof kinds);
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < 6; i++) {
        call_open(&script);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step(&script);
    }
    return script.used;
}
