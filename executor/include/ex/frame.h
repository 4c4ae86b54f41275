/* What an async function is: a plain struct, its frame, and a resume function. How to write one in
 * C is in ex/async.h.
 *
 *        strand.leaf ──► [sleep] ─up─► [greet] ─up─► [caller] ─up─► 1 (outermost)
 *
 * The ABI (a compiler may emit it as well as these macros do):
 *   - A frame begins with {resume, up, at}. An initialiser fills its arguments, `resume` and
 *     at = 0, and runs nothing. It is not moved from then on.
 *   - `resume(frame, strand, value)` runs until the function returns (any value but EX_PENDING),
 *     or has to wait (EX_PENDING). `value` is what the awaited child returned; 0 the first time.
 *   - Awaiting runs the child at once: what completes without waiting is a plain call. Only when
 *     it is pending does the caller write the child's `up`, its own `at`, and return EX_PENDING
 *     in turn. The one that waits, the leaf, writes strand->leaf = frame.
 *   - A wake resumes the leaf. When it returns, its `up` is resumed with its value, and so on:
 *     what a wake costs does not depend on how deep the leaf lies.
 *   - On return `resume` becomes ex_frame_completed, which panics: no state for "returned".
 *   - `at` is 0 before the first resume, else EX_AT_WORD(line): a debugger reads it.
 *
 * Undefined, for no await looks: a frame that is NULL, that was not initialised, that is awaited
 * while it waits already, or that is initialised again, moved or freed before it returned. So an
 * initialiser never gives NULL; one that may have no memory for its frame is a future
 * (ex/future.h).
 *
 * Children that never live at one time share a union: a frame is as big as its biggest moment.
 *
 * Memory:  the frame is its caller's; nothing is allocated.
 * Errors:  a negative errno value; -ECANCELED from any await (ex/task.h).
 * Threads: a frame belongs to the strand that runs it.
 * Source:  resuming the leaf with a link to the caller is symmetric transfer of C++20 without its
 *          allocation.
 */
#ifndef EXECUTOR_INCLUDE_EX_FRAME_H
#define EXECUTOR_INCLUDE_EX_FRAME_H

#include <ex/panic.h>
#include <ex/position.h>
#include <stddef.h>
#include <stdint.h>

struct ex_frame;
struct ex_strand;

/* What a resume function returns when it has to wait. No async function may return it. */
#define EX_PENDING INT64_MIN

typedef int64_t ex_resume_function(struct ex_frame *frame, struct ex_strand *strand, int64_t value);

struct ex_frame {
    ex_resume_function *resume;
    struct ex_frame *up; /* the caller's; valid while pending. Bit 0: it is the outermost */
    uint64_t at;         /* where to go on: 0 or EX_AT_WORD(line) */
};

/* What `resume` is after the function returned: resuming it again panics. */
EX_PUBLIC ex_resume_function ex_frame_completed;

/* Where `at` is none of the function's positions: the frame was overwritten, or never initialised.
 * It panics. A resume function, to which the other jumps with the arguments that it was given. */
EX_PUBLIC __attribute__((cold)) ex_resume_function ex_frame_lost;

/* Ends an initialiser: returns the frame of `self` (a struct NAME), to be awaited or spawned. */
#define EX_FRAME(self, name) ex_frame_init(&(self)->frame, name##_resume)

static inline struct ex_frame *ex_frame_init(struct ex_frame *frame, ex_resume_function *resume) {
    frame->resume = resume;
    frame->at = 0;
    return frame;
}

/* Runs a frame that `frame` awaits at `line`: its result, or EX_PENDING with link and position
 * written. Code for size calls one function for all awaits; else they are in line. */
EX_PUBLIC int64_t ex_frame_await(struct ex_frame *child,
                                 struct ex_strand *strand,
                                 struct ex_frame *frame,
                                 uint32_t line);

static inline int64_t ex_frame_await_here(struct ex_frame *child,
                                          struct ex_strand *strand,
                                          struct ex_frame *frame,
                                          uint32_t line) {
    const int64_t value = child->resume(child, strand, 0);

    if (value == EX_PENDING) {
        child->up = frame;
        frame->at = EX_AT_WORD(line);
    }
    return value;
}

/* Where a leaf waits: a store for each place. Compilers would make one of all, for which each place
 * loads its line. */
#ifdef __OPTIMIZE_SIZE__
#define EX_FRAME_AWAIT ex_frame_await
#define EX_FRAME_WAITS_AT(frame, line) ((void)((frame)->at = EX_AT_WORD(line)))
#else
#define EX_FRAME_AWAIT ex_frame_await_here
#define EX_FRAME_WAITS_AT(frame, line) (*(volatile uint64_t *)&(frame)->at = EX_AT_WORD(line))
#endif

#endif
