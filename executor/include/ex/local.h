/* What wakes and spawns need of the calling thread's worker, for code in line: of their users, not
 * for them.
 *
 *   queue.next ──► root ─next─► root ─next─► root          (its `next` means nothing)
 *                                              ▲
 *                                             tail       (none is ready: tail is the queue itself)
 *
 * A thread that runs no tasks, and one that runs those of a worker that others see into, have an
 * `owner` that no strand has. So one comparison tells whether a strand may be handled by plain
 * words: it is alive, of this thread, and nobody else minds.
 *
 * Memory:  the worker's. What it holds and where is part of the ABI: it is compiled into programs.
 * Threads: the worker's own; `owner` and the counts are read by others.
 */
#ifndef EXECUTOR_INCLUDE_EX_LOCAL_H
#define EXECUTOR_INCLUDE_EX_LOCAL_H

#include <ex/strand.h>

#define EX_LOCAL_LIST_COUNT 52

struct ex_local {
    struct ex_strand queue;    /* of `next` alone: the first of those that are ready, roots all */
    struct ex_strand *tail;    /* the last of them */
    struct ex_strand *running; /* NULL between two tasks; written inside the bracket */
    uint64_t spawn_count;      /* tasks */
    uint16_t spawn_state;      /* of a new one: live, ready, cancelled from birth while closing */
    uint16_t owner; /* the worker's, if no other thread and no observer minds; else no strand's */
    /* Memory for tasks, linked by `next`: first of 16 bytes for all, then of 32 … What lies there
     * has this struct for its `leaf`, if it is to be spawned by plain words. */
    struct ex_strand *free[EX_LOCAL_LIST_COUNT];
};

/* Never NULL. A small machine has one thread. */
#ifdef EX_SMALL
EX_PUBLIC extern struct ex_local *ex_local_self;
#else
#ifndef EX_LOCAL_CONST /* the library changes it, and puts it back before it returns */
#define EX_LOCAL_CONST const
#endif
EX_PUBLIC extern __thread struct ex_local *EX_LOCAL_CONST ex_local_self
    __attribute__((tls_model("initial-exec")));
#endif

#define EX_LOCAL_LOOK extern inline __attribute__((gnu_inline, always_inline))

/* The long ways from code in line are said never to be gone, and take what they need in registers
 * that no pointer is in: so who does not go there saves none for them beforehand. */
#define EX_LOCAL_SELDOM(condition) __builtin_expect_with_probability((condition), 0, 1.0)
#if defined(__x86_64__) && defined(__SSE2__)
typedef double ex_local_word;
#else
typedef uintptr_t ex_local_word;
#endif
_Static_assert(sizeof(ex_local_word) == sizeof(uintptr_t), "it goes there and back");

/* A number or a pointer, as they take it. */
EX_LOCAL_LOOK ex_local_word ex_local_pass(uintptr_t number) {
    ex_local_word word;

    __builtin_memcpy(&word, &number, sizeof word);
    return word;
}

static inline uintptr_t ex_local_passed(ex_local_word word) {
    uintptr_t number;

    __builtin_memcpy(&number, &word, sizeof number);
    return number;
}

/* Adds to a count that others read: whole, though not at once with other writers. */
static inline void ex_local_add(uint64_t *count, uint64_t more) {
#if defined(__x86_64__)
    __asm__("addq %1, %0" : "+m"(*count) : "er"(more) : "cc"); /* gcc would make three of it */
#else
    __atomic_store_n(count, *count + more, __ATOMIC_RELEASE); /* crew.c counts on it */
#endif
}

/* Relaxed looks at words that other threads write, as one instruction each, and nothing to what
 * compilers know of memory: they take an atomic load for a use of all of it. */
#if defined(__has_feature)
#define EX_LOCAL_IS_CHECKED __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define EX_LOCAL_IS_CHECKED 1
#else
#define EX_LOCAL_IS_CHECKED 0
#endif
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__) && !EX_LOCAL_IS_CHECKED
#define EX_LOCAL_PLAIN_LOOKS 1
#endif

/* The frame is a task's outermost, for which nobody waits. */
EX_LOCAL_LOOK bool ex_local_is_outermost(const struct ex_frame *frame) {
#ifdef EX_LOCAL_PLAIN_LOOKS
    bool is;

    __asm__("cmpq %2, %1" : "=@cce"(is) : "m"(frame->up), "i"(EX_TASK_UP_OUTERMOST));
    return is;
#else
    return __atomic_load_n(&frame->up, __ATOMIC_RELAXED) == (struct ex_frame *)EX_TASK_UP_OUTERMOST;
#endif
}

EX_LOCAL_LOOK bool ex_local_has_owner(const struct ex_strand *strand, uint16_t owner) {
#ifdef EX_LOCAL_PLAIN_LOOKS
    bool has;

    __asm__("cmpw %2, %1" : "=@cce"(has) : "m"(strand->owner), "r"(owner));
    return has;
#else
    return __atomic_load_n(&strand->owner, __ATOMIC_RELAXED) == owner;
#endif
}

/* Queues a root behind all others. */
static inline void ex_local_push(struct ex_local *local, struct ex_strand *root) {
    local->tail->next = root;
    local->tail = root;
}

/* Makes a root ready that `local` owns. */
static inline void ex_local_wake(struct ex_local *local, struct ex_strand *root) {
    if (__builtin_expect(!ex_strand_is(root, EX_STRAND_READY | EX_STRAND_RETURNED), 1)) {
        __asm__("" : : : "memory"); /* two words of code instead of a load and four */
        ex_strand_set(root, EX_STRAND_READY);
        if (__builtin_expect(root != local->running, 1)) { /* queued when it has to wait */
            ex_local_push(local, root);
        }
    }
}

#endif
