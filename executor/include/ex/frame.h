/* What an async function is: a plain struct, its frame, and a resume function.
 *
 *   struct greet {                            // live across awaits; gdb prints it
 *       struct ex_frame frame;                // first member
 *       struct ex_sleep sleep;                // a child, built in place
 *       const char *name;
 *   };
 *
 *   static struct ex_frame *greet(struct greet *self, const char *name);   // EX_FRAME(self, greet)
 *
 *   EX_RESUME(greet) {
 *       EX_BEGIN(greet);
 *       EX_AWAIT(ex_sleep_for(&self->sleep, 1000));
 *       if (value < 0) {                      // what the awaited one returned
 *           EX_RETURN(value);
 *       }
 *       puts(self->name);
 *       EX_END();
 *   }
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
 *   - `at` is 0 before the first resume, else EX_AT_WORD(line): a debugger reads the position from
 * it.
 *
 * Children that never live at one time share a union: a frame is as big as its biggest moment.
 *
 * An await is a statement, and a case of the switch that EX_BEGIN opened. So, and the compiler
 * says:
 *   - In if, else, for and while it is as any statement, braces or not.
 *   - It is no expression: not `if (EX_AWAIT(x) < 0)`, but EX_AWAIT(x); if (value < 0), or EX_TRY.
 *   - Two on one line are a duplicate case value, for the line is the position.
 *   - Inside a switch of your own: the case value overflows its type (a warning that is on by
 *     default; make it an error). Use if and else, or compute first and await behind the switch.
 *   - A local does not live across an await; keep it in the frame. One that does: "may be used
 *     uninitialized" (-Wall; gcc from -O1 on). Arrays and structs: gcc -Wjump-misses-init, which
 *     also reports locals that are harmless; clang says nothing. Of variable length: an error.
 *   - A break outside of your own loops: the function's end is reached (-Wreturn-type).
 *
 * Memory:  the frame is its caller's; nothing is allocated.
 * Errors:  a negative errno value; -ECANCELED from any await (ex/task.h).
 * Threads: a frame belongs to the strand that runs it.
 * Source:  Duff's device as in Tatham's coroutines and Dunkels' protothreads; resuming the leaf
 *          with a link to the caller is symmetric transfer of C++20 without its allocation.
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

/* `at` is none of the function's positions: the frame was overwritten, or never initialised. */
EX_PUBLIC __attribute__((noreturn)) void ex_frame_lost(const struct ex_frame *frame);

/* Ends an initialiser: returns the frame of `self` (a struct NAME), to be awaited or spawned. */
#define EX_FRAME(self, name) ex_frame_init(&(self)->frame, name##_resume)

static inline struct ex_frame *ex_frame_init(struct ex_frame *frame, ex_resume_function *resume) {
    frame->resume = resume;
    frame->at = 0;
    return frame;
}

/* The head of NAME's resume function; its parameters are `frame`, `strand` and `value`. */
#define EX_RESUME(name)                                                                            \
    static int64_t name##_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value)

/* Opens the body. From here on `self` is the struct NAME, `value` what the last await returned. */
#define EX_BEGIN(name) EX_BEGIN_BRANCHES(name, NULL)

/* The same for a function that runs branches: BRANCH tells dumps which (ex/position.h). */
#define EX_BEGIN_BRANCHES(name, branch)                                                            \
    struct name *const self = (struct name *)(void *)frame;                                        \
    _Static_assert(offsetof(struct name, frame) == 0, "the frame is the first member");            \
    EX_POSITION_FUNCTION(name, branch);                                                            \
    (void)strand;                                                                                  \
    (void)value;                                                                                   \
    switch (EX_AT_BIT | self->frame.at) {                                                          \
    case EX_AT_BIT:

/* Closes the body; what gets here returns 0. */
#define EX_END()                                                                                   \
    EX_RETURN(0);                                                                                  \
    default:                                                                                       \
        ex_frame_lost(frame);                                                                      \
        }

#define EX_RETURN(result)                                                                          \
    do {                                                                                           \
        const int64_t ex_result_ = (result);                                                       \
        frame->resume = ex_frame_completed;                                                        \
        return ex_result_;                                                                         \
    } while (0)

/* Runs the initialised frame that CALL gives and waits until it returned; `value` is its result. */
#define EX_AWAIT(call)                                                                             \
    do {                                                                                           \
        struct ex_frame *ex_child_;                                                                \
        EX_POSITION(#call);                                                                        \
        ex_child_ = (call);                                                                        \
        value = ex_child_->resume(ex_child_, strand, 0);                                           \
        if (value == EX_PENDING) {                                                                 \
            ex_child_->up = frame;                                                                 \
            frame->at = EX_AT_WORD(__LINE__);                                                      \
            return EX_PENDING;                                                                     \
        case EX_AT(__LINE__):;                                                                     \
        }                                                                                          \
    } while (0)

/* Awaits CALL, and returns its result if that is an error. */
#define EX_TRY(call)                                                                               \
    do {                                                                                           \
        EX_AWAIT(call);                                                                            \
        if (value < 0) {                                                                           \
            EX_RETURN(value);                                                                      \
        }                                                                                          \
    } while (0)

#endif
