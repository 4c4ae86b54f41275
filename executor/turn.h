/* One turn of a worker: resume what is ready, and look around between.
 *
 *   pop ──► resume(leaf) ──returned──► resume(caller) … ──returned──► ex_task_return
 *                 └─ pending: the leaf stands in strand.leaf already; woken meanwhile: queued again
 *
 * Threads: the worker's own.
 */
#ifndef EXECUTOR_TURN_H
#define EXECUTOR_TURN_H

#include "executor/worker.h"

enum {
    EX_TURN_RESUMES_MAX = 61
}; /* resumes between two looks at remote wakes, timers and events */

/* value == EX_PENDING, whose 64 bits would take a register: it alone has no number before it. */
static inline bool ex_turn_is_pending(int64_t value) {
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
    bool has_none;

    __asm__("cmpq $1, %1" : "=@cco"(has_none) : "r"(value)); /* compilers subtract from a copy */
    return has_none;
#else
    int64_t before;

    return __builtin_sub_overflow(value, 1, &before);
#endif
}

/* A copy of the value, made here: not before a look at it that seldom finds that it goes on. */
static inline int64_t ex_turn_copy(int64_t value) {
#if defined(__x86_64__)
    int64_t copy;

    __asm__("movq %1, %0" : "=r"(copy) : "r"(value));
    return copy;
#else
    return value;
#endif
}

/* Resumes `frame`, whose callee returned `value`, and, as they return, its callers. What the
 * outermost returned, or EX_PENDING. */
int64_t ex_turn_climb(struct ex_strand *strand, struct ex_frame *frame, int64_t value);

/* What a frame returned goes to its `up`. The same, the first step without a call. */
static inline int64_t ex_turn_pass(struct ex_strand *strand, struct ex_frame *up, int64_t value) {
    if (((uintptr_t)up & 1) != 0) {
        return value;
    }
    value = up->resume(up, strand, value);
    if (ex_turn_is_pending(value)) {
        return EX_PENDING;
    }
    /* The outermost one's is where others wait for the task. */
    up = __atomic_load_n(&up->up, __ATOMIC_RELAXED);
    return ((uintptr_t)up & 1) != 0 ? value : ex_turn_climb(strand, up, value);
}

/* Resumes the leaf and, as they return, its callers. Used for roots and, by joins, for branches. */
static inline int64_t ex_turn_resume(struct ex_strand *strand, int64_t value) {
    return ex_turn_pass(strand, strand->leaf, value);
}

/* What has to be put in order at a strand's end, of the upper byte of its state. */
enum { EX_TURN_CLOSE = (EX_STRAND_SCOPES | EX_STRAND_CALLS) >> 8 };

void ex_turn_close_slowly(struct ex_strand *strand);

/* By who ran a strand to its end. */
static inline void ex_turn_close(struct ex_strand *strand) {
    const unsigned char *const bytes = (const unsigned char *)&strand->state;

    if (__builtin_expect((bytes[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__] & EX_TURN_CLOSE) != 0,
                         0)) {
        ex_turn_close_slowly(strand);
    }
}

/* Resumes at most EX_TURN_RESUMES_MAX strands, and those that waited for the last one's return, and
 * for theirs; true when it stopped for that, false when none is ready. */
bool ex_turn_run(struct ex_worker *worker);

#endif
