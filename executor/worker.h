/* One thread's share of a scheduler: its ready queue, and the list of what other threads woke.
 *
 *   own wake ───────────────────────────────────────► [ready queue] ──► resume (executor/turn.h)
 *   foreign wake ──► signal exchanged ──► [remote list] ──drain──┘   ▲
 *                                   thief (executor/steal.h) ────────┘ takes half
 *
 * Memory:  part of its scheduler.
 * Threads: each function says; "the owner" is the worker's thread.
 */
#ifndef EXECUTOR_WORKER_H
#define EXECUTOR_WORKER_H

#include "executor/memory.h"
#ifndef EX_SMALL
#include "executor/park.h"
#endif
#include "executor/slab.h"
#include "executor/stack.h"
#ifndef EX_SMALL
#include "executor/wheel.h"
#endif

#include <ex/counters.h>
#include <ex/local.h>
#include <ex/observer.h>
#include <ex/strand.h>

enum {
    EX_WORKER_SPAWN = EX_STRAND_LIVE | EX_STRAND_READY, /* `spawn_state` */
#ifdef EX_SMALL
    EX_WORKER_COUNT_MAX = 1,
#else
    EX_WORKER_COUNT_MAX = 1024, /* as ex/scheduler.h says */
#endif
    EX_WORKER_AWAKE = 0,
    EX_WORKER_ASLEEP = 1,
    EX_WORKER_NOTIFIED = 2,
    EX_WORKER_NOT_PLAIN = EX_STRAND_OWNER_THREAD - 1, /* no strand's owner, root or branch */
    EX_WORKER_BUDGET = 128, /* operations that a task may complete at once before it gives way */
};

struct ex_scheduler;
struct ex_worker;

/* How a worker waits, and how others end its wait; by whoever can wait (a thread, a reactor). */
struct ex_worker_wait {
    /* Until a notify, an event, or `deadline_ns` (UINT64_MAX: none). May return early. By the
     * owner. */
    void (*wait)(struct ex_worker *worker, uint64_t deadline_ns);
    void (*notify)(struct ex_worker *worker); /* from any thread */
};

struct ex_worker {
    struct ex_local local; /* the ready queue, and what else is used in line */
    uint32_t nested_count; /* calls of ex_call_begin on the stack of this thread */
    uint32_t turn_count;   /* so far; for the reactor, when there is one */
    uint16_t id;
    bool is_shared;
    bool is_plain;    /* neither shared nor watched */
    bool keeps_times; /* when each task was put aside last: ex_slab_time */
    bool hides_fiber; /* ex_fiber_hide, when its thread became the worker's */
    bool needs_fence; /* no membarrier here: enter fences */
    uint8_t busy;     /* the owner is between enter and leave */
    uint8_t thief;    /* a thief has, or wants, the queue */
    uint64_t now_ns;  /* the clock at the beginning of this turn */
    /* Of shared workers only: */
    struct ex_strand *lifo; /* woken last by the running task; read by others */
    uint32_t lifo_streak;   /* how often in a row it was taken from there */
    uint32_t ready_count;   /* without `lifo`; read by others */
    uint32_t search_next;   /* where the next search begins */
    uint64_t resumes_seen;  /* resumes at the watcher's last look; the watcher's */
    bool has_surplus;       /* something was queued inside this bracket: who idles may take it */
    struct ex_counters counters; /* but `spawn_count`; written by the owner, read by all */
    struct ex_slab slab;
    struct ex_scheduler *scheduler;
    const struct ex_observer *observer; /* NULL: not watched */
    const struct ex_worker_wait *waits; /* read by others; a reactor replaces it */
    struct ex_strand *remote __attribute__((aligned(64))); /* woken by others, linked by `link` */
    uint8_t shall_abort; /* cancel all tasks that were spawned here, and are from now on */
    uint8_t is_asleep;   /* EX_WORKER_…: whoever pushes to `remote` must notify */
#ifndef EX_SMALL
    pthread_t thread;
    pthread_mutex_t theft __attribute__((aligned(64))); /* one thief at a time */
    struct ex_park park;
    /* An eventfd to ring while the owner waits for descriptors, else -1; read by others. */
    int bell;
    pthread_mutex_t wheel_lock; /* of a shared worker; for the wheel and who stands in it */
    struct ex_wheel wheel;
    struct ex_stack_pool stacks; /* of its fibers; all zero before the first */
#endif
};

/* Adds to one of the worker's counters. By the owner. */
static inline void ex_worker_add(uint64_t *counter, uint64_t more) {
    ex_local_add(counter, more);
}

/* The same for an identity. */
static inline void ex_worker_add_identity(uint32_t *identity, uint32_t more) {
#if defined(__x86_64__)
    __asm__("addl %1, %0" : "+m"(*identity) : "ir"(more) : "cc");
#else
    __atomic_store_n(identity, *identity + more, __ATOMIC_RELAXED);
#endif
}

/* `local` of a slab whose tasks any thread may handle: equal to no worker, and not to NULL. */
#define EX_WORKER_NOT_LOCAL ((void *)1)

/* The worker whose thread this is; NULL on any other thread. A small machine has one thread. */
#ifdef EX_SMALL
extern struct ex_worker *ex_worker_self;
#else
extern __thread struct ex_worker *ex_worker_self __attribute__((tls_model("initial-exec")));
#endif

/* The calling thread's is `worker` from now on; NULL: none. */
void ex_worker_become(struct ex_worker *worker);

/* The worker of an id, as it stands in a strand's `owner`. */
extern struct ex_worker *ex_worker_of[EX_WORKER_COUNT_MAX];

/* `is_shared`: its tasks may run on, and be handled by, other threads. `observer`: NULL, or told
 * of all. -EAGAIN when all ids are taken. */
int ex_worker_init(struct ex_worker *worker,
                   struct ex_scheduler *scheduler,
                   struct ex_memory *memory,
                   const struct ex_observer *observer,
                   bool keeps_times,
                   bool is_shared);
void ex_worker_deinit(struct ex_worker *worker);

/* Waits as struct ex_worker_wait says; by the owner, which can. */
static inline void ex_worker_sleep(struct ex_worker *worker, uint64_t deadline_ns) {
    __atomic_load_n(&worker->waits, __ATOMIC_ACQUIRE)->wait(worker, deadline_ns);
}

#ifndef EX_SMALL
/* The notify of every worker that has a thread: leaves a notice in the park and, if the owner waits
 * for descriptors, rings the bell there. A bell that is rung too late is heard by whoever waits
 * there next, and ends a wait for nothing; the notice is not lost. */
void ex_worker_notify_thread(struct ex_worker *worker);
#endif

/* Ends that wait, or the next one. From any thread. */
static inline void ex_worker_notify(struct ex_worker *worker) {
    __atomic_load_n(&worker->waits, __ATOMIC_ACQUIRE)->notify(worker);
}

#endif
