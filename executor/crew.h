/* A scheduler: what its workers share, and how a thread reaches a strand that is not its own.
 *
 *   ex_crew_wake ──► the owner's list ── or, without an owner: it is ready already
 *   ex_crew_inject ──► [injected] ──► ex_crew_take: a worker that has time
 *
 * Counterexample that the marks in `signal` answer: (1) B is told of a wake of task X, which ended;
 * (2) B sees that it owns X's memory; (3) elsewhere that memory becomes task Y of worker A; (4) B,
 * slow, finds Y alive and queues it a second time. So memory that stands in a list is freed by who
 * takes it off, and memory is given a new owner before it is freed.
 *
 * Memory:  one block from malloc, or the beginning of the user's block.
 * Threads: each field says.
 */
#ifndef EXECUTOR_CREW_H
#define EXECUTOR_CREW_H

#ifndef EX_SMALL
#include "executor/pool.h"
#endif
#include "executor/worker.h"

/* `signal`: stands in a list of remote wakes; to be freed by who takes it off that list. */
enum { EX_STRAND_SIGNAL_LISTED = 1, EX_STRAND_SIGNAL_FREED = 2 };

/* `requests`: what other threads ask of the owner. */
enum {
    EX_STRAND_REQUEST_CANCEL = 1 << 0,
    EX_STRAND_REQUEST_WAKE_ALL = 1 << 1,
    EX_STRAND_REQUEST_CANCEL_ONCE = 1 << 2, /* to cancel, unless it was told before */
};

enum { EX_CREW_ALIVE = 0x65786563 }; /* `life`: what memory seldom holds */

struct ex_scheduler {
    struct ex_memory memory;
    struct ex_worker *workers; /* a local scheduler has one */
    uint32_t worker_count;
    bool is_local;
    struct ex_observer observer; /* `context` and all else NULL: not watched */
    bool is_watched;
    bool keeps_times;    /* slots end with when their task was last put aside: ex_slab_time */
    uint8_t is_stopped;  /* ex_scheduler_run shall return; from any thread */
    uint8_t is_closing;  /* worker threads end when they have nothing left to do */
    uint8_t has_watcher; /* one worker that idles looks now and then at those who work */
    uint32_t idle_count;
    uint32_t searching_count;
    size_t fiber_stack_size; /* 0: the default */
#ifndef EX_SMALL
    struct ex_pool pool;        /* has its own lock */
    pthread_mutex_t lock;       /* for all below */
    struct ex_park park;        /* who waits in ex_scheduler_run */
    struct ex_reactor *reactor; /* NULL: no descriptor was opened; may be read without the lock */
#endif
    struct ex_strand *injected; /* ready, without an owner; linked by `next` */
    struct ex_strand **injected_tail;
    uint32_t injected_count; /* may be read without the lock */
    size_t foreign_count;    /* tasks spawned by threads that are none of its workers; likewise */
    struct ex_strand *foreign_free[EX_LOCAL_LIST_COUNT]; /* of the slab below */
    struct ex_slab foreign;                              /* their memory */
    uintptr_t thread;                                    /* that made it (ex_wait_thread) */
    uint32_t life;                                       /* EX_CREW_ALIVE until it is destroyed */
    bool is_run; /* `thread` is in ex_scheduler_run or _poll */
};

void ex_crew_init(struct ex_scheduler *scheduler);
void ex_crew_deinit(struct ex_scheduler *scheduler);

/* A slot for a thread that is none of the workers; NULL: out of memory. */
struct ex_strand *ex_crew_allocate(struct ex_scheduler *scheduler, size_t size);

/* Makes the root ready. From a thread that does not own it. */
void ex_crew_wake(struct ex_strand *root, uint8_t requests);

/* Puts a root whose signal says so on the list of what others woke, and ends the worker's sleep. */
void ex_crew_list(struct ex_worker *worker, struct ex_strand *root);

/* Queues `count` roots that are ready and the caller's, linked by `next`, for any worker. */
void ex_crew_inject(struct ex_scheduler *scheduler, struct ex_strand *first, uint32_t count);

/* The longest queued `wanted` of them, as far as there are, linked by `next`: the worker's from now
 * on; how many. By it, outside the bracket. */
uint32_t ex_crew_take(struct ex_scheduler *scheduler,
                      struct ex_worker *worker,
                      uint32_t wanted,
                      struct ex_strand **taken);

/* Ends the wait of one worker that idles, unless one is searching already. From any thread. */
void ex_crew_notify_one(struct ex_scheduler *scheduler);

/* Gives the slot back on any thread, once nobody else can free it. */
void ex_crew_free(struct ex_strand *slot);

/* Tasks that have not returned: never less than there are at some moment of the call, and exact
 * when none is spawned or returns meanwhile. */
size_t ex_crew_live_count(const struct ex_scheduler *scheduler);

#endif
