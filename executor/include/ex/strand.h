/* A strand: what runs at one time of a task. It is what a wake aims at.
 *
 *   task    = one strand (the root) and the frames it runs
 *   join    = one strand for each branch, inside the frame of the join; a wake of a branch makes
 *             its parent ready too, and the join resumes just those that are ready, in their order
 *
 *     wake ──► strand.leaf ──► [leaf] ─up─► [caller] ─up─► …
 *
 * The owner is the worker whose thread last ran the strand. Its own wakes are plain loads and
 * stores. Other threads never touch the owner's words: they exchange `signal`, and who finds it
 * clear pushes the root strand to the owner's list of remote wakes. The owner takes a strand off
 * that list, clears `signal` by an exchange, and only then makes it ready: what was written before
 * a wake that found the signal set is seen by the resume that follows.
 *
 * A wake is a hint: every leaf checks its condition again when it is resumed, and waits on when it
 * does not hold. So waking too often is harmless.
 *
 * Memory:  a root lies in its task, in memory that stays a task's as long as the scheduler lives: a
 *          late wake finds another task, or none, and does nothing worse than an extra resume.
 * Threads: what is here, from the strand itself only; wakes (ex/waker.h) from any.
 */
#ifndef EXECUTOR_INCLUDE_EX_STRAND_H
#define EXECUTOR_INCLUDE_EX_STRAND_H

#include <ex/async.h>
#include <stdbool.h>

/* `state`, the owner's. */
enum {
    EX_STRAND_LIVE = 1 << 0,     /* spawned and not yet released */
    EX_STRAND_READY = 1 << 1,    /* woken and not yet resumed; a strand may set its own: a yield */
    EX_STRAND_CANCEL = 1 << 2,   /* asked to cancel; no await was told yet */
    EX_STRAND_RETURNED = 1 << 3, /* its outermost frame returned */
    EX_STRAND_SHIELD_ONE = 1 << 4, /* 4 bits: how many shields are up */
    EX_STRAND_SHIELDS = 15 << 4,
    EX_STRAND_SCOPE_ONE = 1 << 8, /* 4 bits: how many scopes are open (ex/scope.h) */
    EX_STRAND_SCOPES = 15 << 8,
    EX_STRAND_CALLS = 1 << 12,    /* it has chunks for frames (ex/call.h); in the byte of scopes */
    EX_STRAND_CANCELED = 1 << 13, /* one await returned -ECANCELED; the others run as ever */
    EX_STRAND_PINNED = 1 << 14,   /* stays on its worker thread: a fiber that has begun */
    /* Woken for a branch that is not known: who runs them takes this, and sets it on each of them.
     */
    EX_STRAND_WAKE_ALL = 1 << 15,
};

/* `owner` of a branch, for good: the worker is its root's owner. */
#define EX_STRAND_OWNER_BRANCH UINT16_MAX
/* `owner` of a root that waits, ready, for whichever worker takes it, or that no task uses. */
#define EX_STRAND_OWNER_NONE (UINT16_MAX - 1)
/* `owner` of what stands for a plain thread that blocks (executor/wait.h). */
#define EX_STRAND_OWNER_THREAD (UINT16_MAX - 2)

/* `up` of an outermost frame: nobody waits for its task, or nobody will, or (beside) a root. */
enum { EX_TASK_UP_OUTERMOST = 1, EX_TASK_UP_PLAIN = 4, EX_TASK_UP_DETACHED = 9 };

struct ex_strand {
    struct ex_frame *leaf;  /* the innermost frame: what a resume resumes */
    struct ex_strand *next; /* in the ready queue, or in a list of free tasks */
    struct ex_strand *link; /* in a list of remote wakes */
    uint16_t state;         /* EX_STRAND_… */
    uint8_t signal;         /* 1: stands in a list of remote wakes */
    uint8_t requests;       /* EX_STRAND_REQUEST_… */
    union {                 /* read by other threads */
        uint32_t identity;  /* EX_STRAND_IDENTITY(generation, owner) */
        struct {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            uint16_t generation;
            uint16_t owner;
#else
            uint16_t owner;      /* the worker that may touch the words above */
            uint16_t generation; /* how often this memory became another task */
#endif
        };
    };
};

#define EX_STRAND_IDENTITY(generation, owner) ((uint32_t)(generation) << 16 | (owner))

/* A strand inside a frame; ex/branch.h says how it is used. */
struct ex_branch {
    struct ex_strand strand;
    struct ex_strand *parent; /* a root, or a branch again */
    struct ex_strand *root;
    int64_t result; /* what its outermost frame returned; valid once it has */
    void *calls;    /* valid with EX_STRAND_CALLS */
};

static inline bool ex_strand_is(const struct ex_strand *strand, unsigned flags) {
    return (strand->state & flags) != 0;
}

static inline void ex_strand_set(struct ex_strand *strand, unsigned flags) {
    strand->state = (uint16_t)(strand->state | flags);
}

static inline void ex_strand_clear(struct ex_strand *strand, unsigned flags) {
    strand->state = (uint16_t)(strand->state & ~flags);
}

static inline bool ex_strand_is_branch(const struct ex_strand *strand) {
    return __atomic_load_n(&strand->owner, __ATOMIC_RELAXED) == EX_STRAND_OWNER_BRANCH;
}

static inline struct ex_strand *ex_strand_root(struct ex_strand *strand) {
    return ex_strand_is_branch(strand) ? ((struct ex_branch *)(void *)strand)->root : strand;
}

/* True once for each request to cancel, unless a shield is up: the caller withdraws from what it
 * waits for and returns -ECANCELED. Every leaf asks before it waits. */
static inline bool ex_strand_take_cancel(struct ex_strand *strand) {
    if (__builtin_expect(!ex_strand_is(strand, EX_STRAND_CANCEL), 1)) {
        return false;
    }
    __asm__("" : : : "memory"); /* else the look before would load `state` for what follows */
    const bool is_told = !ex_strand_is(strand, EX_STRAND_SHIELDS);
    const unsigned told = (strand->state & ~(unsigned)EX_STRAND_CANCEL) | EX_STRAND_CANCELED;
    strand->state = is_told ? (uint16_t)told : strand->state;
    return is_told;
}

/* Between the two no await is told to cancel; up to 15 deep. Shields end with the strand. */
static inline void ex_strand_shield(struct ex_strand *strand) {
    EX_REQUIRE((strand->state & EX_STRAND_SHIELDS) != EX_STRAND_SHIELDS,
               "ex_strand_shield: 15 are up; one unshield for each");
    strand->state = (uint16_t)(strand->state + EX_STRAND_SHIELD_ONE);
}

static inline void ex_strand_unshield(struct ex_strand *strand) {
    EX_REQUIRE(ex_strand_is(strand, EX_STRAND_SHIELDS), "ex_strand_unshield: no shield is up");
    strand->state = (uint16_t)(strand->state - EX_STRAND_SHIELD_ONE);
}

/* Waits, inside a resume function of one's own, until the strand is woken for any reason. */
#define EX_SUSPEND()                                                                               \
    do {                                                                                           \
        EX_POSITION("");                                                                           \
        strand->leaf = frame;                                                                      \
        EX_FRAME_WAITS_AT(frame, __LINE__);                                                        \
        return EX_PENDING;                                                                         \
    case EX_AT(__LINE__):;                                                                         \
    } while (0)

/* Lets the others that are ready go first. */
#define EX_YIELD()                                                                                 \
    do {                                                                                           \
        ex_strand_set(strand, EX_STRAND_READY);                                                    \
        EX_SUSPEND();                                                                              \
    } while (0)

#endif
