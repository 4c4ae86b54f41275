/* Calls that fail or do less than they were asked to, since a scenario says so.
 *
 *   hook ─► mishap_error, mishap_short ─► a fault that is about this call ─► does it strike?
 *                │                         its chance, its n-th call, or armed by a time or
 *                │                         an occasion
 *                ├─ no:    the call goes on
 *                ├─ short: it moves a part
 *                └─ error: point and event as of the call, which has no effect
 *
 * What a call can give on Linux is in the table of mishap.c; nothing else can be declared. Where it
 * also depends on the descriptor (EAGAIN: only of one that does not wait; ENOSPC: only of a file),
 * calls on others are left alone and not counted.
 *
 * Memory:      part of the world.
 * Limits:      those of the description.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: a choice (CHOICE_FAULT) of the running thread for each call that may fail by chance,
 *              alternative 0: it does not; none where nothing is declared, or its class is off.
 */
#ifndef SIM_MISHAP_H
#define SIM_MISHAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/declaration.h"
#include "sim/description.h"
#include "sim/fault.h"
#include "sim/file.h"
#include "sim/schedule.h"

/* call, its word in scenarios, its kind of point */
#define MISHAP_CALLS(X)                                                                            \
    X(READ, "read", POINT_READ)                                                                    \
    X(WRITE, "write", POINT_WRITE)                                                                 \
    X(RECEIVE, "recv", POINT_RECEIVE)                                                              \
    X(SEND, "send", POINT_SEND)                                                                    \
    X(ACCEPT, "accept", POINT_ACCEPT)                                                              \
    X(CONNECT, "connect", POINT_CONNECT)                                                           \
    X(SOCKET, "socket", POINT_SOCKET)                                                              \
    X(OPEN, "open", POINT_OPEN)                                                                    \
    X(FSYNC, "fsync", POINT_CONTROL)                                                               \
    X(EPOLL_CONTROL, "epoll_ctl", POINT_EPOLL_CONTROL)                                             \
    X(EPOLL_WAIT, "epoll_wait", POINT_EPOLL_WAIT)                                                  \
    X(POLL, "poll", POINT_POLL)                                                                    \
    X(THREAD, "pthread_create", POINT_CREATE)                                                      \
    X(LOOKUP, "getaddrinfo", POINT_CALL)                                                           \
    X(MALLOC, "malloc", POINT_CALL)                                                                \
    X(MAP, "mmap", POINT_CALL)

enum mishap_call {
#define MISHAP_ENUM(call, word, kind) MISHAP_##call,
    MISHAP_CALLS(MISHAP_ENUM)
#undef MISHAP_ENUM
        MISHAP_CALL_COUNT
};

/* What became of a fault in this run. */
struct mishap {
    uint32_t calls;  /* so many could have failed by it */
    uint32_t armed;  /* so many of the next ones will */
    uint32_t struck; /* so many did */
};

struct mishaps {
    struct schedule *schedule;
    const struct description *description;
    const struct faults *declared; /* which strike in this run, if by chance */
    uint32_t calls; /* a bit for each that a fault is about: nothing is asked for others */
    struct mishap faults[DESCRIPTION_FAULTS_MAX];
};

/* Once. The description and the faults are borrowed. */
void mishap_init(struct mishaps *mishaps,
                 struct schedule *schedule,
                 const struct description *description,
                 const struct faults *declared);

/* Starts a run. */
void mishap_begin(struct mishaps *mishaps);

/* A fault's time or occasion has come: the next call fails. */
void mishap_arm(struct mishaps *mishaps, uint32_t fault);

/* What the running thread's call gives instead of taking effect: a negative errno (LOOKUP: an
 * EAI_), 0 = it goes on. file: what the call is about, NULL = no descriptor. */
int64_t mishap_error(struct mishaps *mishaps,
                     enum mishap_call call,
                     const struct file *file,
                     const void *site);

/* How many of `size` bytes it moves at most; `size` = all. */
uint64_t mishap_short(struct mishaps *mishaps,
                      enum mishap_call call,
                      const struct file *file,
                      uint64_t size,
                      const void *site);

/* True when a scenario says anything about this call. */
static inline bool mishap_asked(const struct mishaps *mishaps, enum mishap_call call) {
    return (mishaps->calls >> call & 1) != 0;
}

/* The kind of point and event of a call, and its word. */
unsigned mishap_kind(enum mishap_call call);
const char *mishap_word(enum mishap_call call);

/* The call with this word, MISHAP_CALL_COUNT = none. The error with this name that it can give, 0 =
 * none. What there is instead, cut to size: "EINTR, EAGAIN, EIO". */
enum mishap_call mishap_call_find(const char *word);
int32_t mishap_error_find(enum mishap_call call, const char *name);
const char *mishap_error_name(enum mishap_call call, int32_t error);
void mishap_calls_print(bool shortened, char *text, size_t size);
void mishap_errors_print(enum mishap_call call, char *text, size_t size);

/* Whether such a call may move less than it was asked to. */
bool mishap_may_be_short(enum mishap_call call);

#endif
