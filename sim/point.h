/* A place where the scheduler may switch, announced before it takes effect.
 *
 *   hook: point announced ─► strategy decides who goes on ─► effect ─► event in the trace
 *
 * The kinds name operations, in points and in trace events alike. Their numbers are part of the
 * fingerprint: new ones go at the end, and TRACE_VERSION changes when one changes meaning.
 *
 * Memory:      plain data.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: `site` is an address for people and never decides anything.
 */
#ifndef SIM_POINT_H
#define SIM_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* kind, word in traces */
#define POINT_KINDS(X)                                                                             \
    X(NONE, "none")                                                                                \
    /* the world */                                                                                \
    X(THREAD_START, "starts")                                                                      \
    X(THREAD_END, "ends")                                                                          \
    X(NODE_EXIT, "exits")                                                                          \
    X(TIMER_EXPIRE, "timer expires")                                                               \
    X(MESSAGE_ARRIVE, "message arrives")                                                           \
    X(MARK, "mark")                                                                                \
    X(COUNT, "count")                                                                              \
    X(INVOKE, "invoke")                                                                            \
    X(RETURN, "return")                                                                            \
    X(FAIL, "fail")                                                                                \
    X(OUTPUT, "output")                                                                            \
    X(CALL, "call") /* any other hooked call */                                                    \
    /* threads */                                                                                  \
    X(YIELD, "yield")                                                                              \
    X(CREATE, "create")                                                                            \
    X(JOIN, "join")                                                                                \
    X(DETACH, "detach")                                                                            \
    X(ONCE, "once")                                                                                \
    X(LOCK, "lock")                                                                                \
    X(TRYLOCK, "try lock")                                                                         \
    X(UNLOCK, "unlock")                                                                            \
    X(READ_LOCK, "read lock")                                                                      \
    X(WRITE_LOCK, "write lock")                                                                    \
    X(WAIT, "wait")                                                                                \
    X(SIGNAL, "signal")                                                                            \
    X(BROADCAST, "broadcast")                                                                      \
    X(BARRIER, "barrier")                                                                          \
    X(SEMAPHORE_WAIT, "sem wait")                                                                  \
    X(SEMAPHORE_POST, "sem post")                                                                  \
    X(FUTEX_WAIT, "futex wait")                                                                    \
    X(FUTEX_WAKE, "futex wake")                                                                    \
    X(SLEEP, "sleep")                                                                              \
    X(CLOCK, "clock")                                                                              \
    X(RANDOM, "random")                                                                            \
    /* descriptors */                                                                              \
    X(OPEN, "open")                                                                                \
    X(CLOSE, "close")                                                                              \
    X(READ, "read")                                                                                \
    X(WRITE, "write")                                                                              \
    X(POLL, "poll")                                                                                \
    X(EPOLL_CONTROL, "epoll ctl")                                                                  \
    X(EPOLL_WAIT, "epoll wait")                                                                    \
    X(SOCKET, "socket")                                                                            \
    X(BIND, "bind")                                                                                \
    X(LISTEN, "listen")                                                                            \
    X(ACCEPT, "accept")                                                                            \
    X(CONNECT, "connect")                                                                          \
    X(SEND, "send")                                                                                \
    X(RECEIVE, "receive")                                                                          \
    X(SHUTDOWN, "shutdown")                                                                        \
    X(CONTROL, "control")                                                                          \
    /* signals */                                                                                  \
    X(RAISE, "raise")                                                                              \
    X(HANDLER, "handler")                                                                          \
    X(EXIT, "exit")                                                                                \
    /* the network */                                                                              \
    X(FAULT, "fault")                                                                              \
    X(HEAL, "heals")                                                                               \
    /* later */                                                                                    \
    X(SPIN_LOCK, "spin lock")                                                                      \
    X(HOLD_BREAK, "hold breaks")                                                                   \
    /* nodes */                                                                                    \
    X(CRASH, "crash")                                                                              \
    X(RESTART, "restart")                                                                          \
    X(PAUSE, "pause")                                                                              \
    X(RESUME, "resumes")                                                                           \
    /* memory, below the calls */                                                                  \
    X(ATOMIC_LOAD, "load")                                                                         \
    X(ATOMIC_STORE, "store")                                                                       \
    X(ATOMIC_UPDATE, "update") /* fetch_add, exchange … */                                       \
    X(COMPARE_EXCHANGE, "cas")                                                                     \
    X(FENCE, "fence")                                                                              \
    X(MEMORY_LOAD, "reads") /* plain ones */                                                       \
    X(MEMORY_STORE, "writes")

enum point_kind {
#define POINT_ENUM(kind, word) POINT_##kind,
    POINT_KINDS(POINT_ENUM)
#undef POINT_ENUM
        POINT_KIND_COUNT
};

struct point {
    uint16_t kind;    /* enum point_kind */
    uint8_t order;    /* memory order of an atomic, else 0 */
    uint8_t write;    /* 1 when the effect may change the object */
    uint32_t size;    /* bytes accessed, 0 = the whole object */
    uint32_t object;  /* display id, 0 = none or not yet created */
    uint32_t offset;  /* within the object */
    const void *site; /* return address of the call */
};

/* The word for a kind: "lock", "epoll wait" … */
const char *point_name(unsigned kind);

/* The kind with this word, POINT_KIND_COUNT when there is none. */
unsigned point_find(const char *name);

/* True when events of this kind are of a call that has taken effect. */
bool point_is_call(unsigned kind);

/* What a thread waits for, in words: "waits for mutex #3". Object is a thread's id for a join. */
void point_wait_print(unsigned kind, uint32_t object, char *text, size_t size);

/* In events this stands for any value in memory that is as large or larger, forth or back, since it
 * may be an address. */
#define POINT_VALUE_LARGE 4096

/* True when the result of an event of this kind is a value in memory, or whether one was exchanged.
 */
static inline bool point_about_value(unsigned kind) {
    return kind == POINT_ATOMIC_LOAD || kind == POINT_ATOMIC_STORE || kind == POINT_ATOMIC_UPDATE ||
           kind == POINT_COMPARE_EXCHANGE;
}

/* True when the object of an event of this kind is a thread's id. */
static inline bool point_about_thread(unsigned kind) {
    return kind == POINT_CREATE || kind == POINT_JOIN || kind == POINT_DETACH;
}

#endif
