/* How an async function is written: macros over the frames of ex/frame.h.
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
 * An await is a statement, and a case of the switch that EX_BEGIN opened. So, and the
 * compiler says:
 *   - In if, else, for and while it is as any statement, braces or not.
 *   - It is no expression: not `if (EX_AWAIT(x) < 0)`, but EX_AWAIT(x); if (value < 0), or EX_TRY.
 *   - Two on one line are a duplicate case value, for the line is the position.
 *   - Inside a switch of your own: the case value overflows its type (a warning that is on by
 *     default; make it an error). Use if and else, or compute first and await behind the switch.
 *   - A local does not live across an await; keep it in the frame. Give gcc -Wjump-misses-init: it
 *     reports each local with an initial value that has an await, or EX_END, further down in its
 *     block; one that is harmless gets a block of its own. Of variable length: an error.
 *   - A break outside of your own loops: the function's end is reached (-Wreturn-type).
 * It does not see all locals. gcc with -Wall alone: none at -O0, and none that was given a
 * constant; with -Wjump-misses-init: none that has no initial value and is given a constant later.
 * clang with -Wall: no array, no struct, no pointer to const that is only handed to a function.
 *
 * Memory:  the frame is its caller's; nothing is allocated.
 * Errors:  a negative errno value; -ECANCELED from any await (ex/task.h).
 * Threads: a function runs on the thread of the strand that awaits it.
 * Source:  Duff's device as in Tatham's coroutines and Dunkels' protothreads.
 */
#ifndef EXECUTOR_INCLUDE_EX_ASYNC_H
#define EXECUTOR_INCLUDE_EX_ASYNC_H

#include <ex/frame.h>

/* The head of NAME's resume function; its parameters are `frame`, `strand` and `value`. Inline, for
 * where it is awaited its beginning is then the caller's code: no call, and no look at `at`. */
#define EX_RESUME(name)                                                                            \
    static inline int64_t name##_resume(struct ex_frame *frame,                                    \
                                        struct ex_strand *strand,                                  \
                                        int64_t value)

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
        return ex_frame_lost(frame, strand, value);                                                \
        }

#define EX_RETURN(result)                                                                          \
    do {                                                                                           \
        const int64_t ex_result_ = (result);                                                       \
        EX_REQUIRE(!__builtin_constant_p(result) || ex_result_ != EX_PENDING,                      \
                   "EX_RETURN(EX_PENDING): to wait, use EX_SUSPEND() or EX_AWAIT");                \
        frame->resume = ex_frame_completed;                                                        \
        return ex_result_;                                                                         \
    } while (0)

/* Runs the initialised frame that CALL gives and waits until it returned; `value` is its result. */
#define EX_AWAIT(call)                                                                             \
    do {                                                                                           \
        EX_POSITION(#call);                                                                        \
        value = EX_FRAME_AWAIT((call), strand, frame, __LINE__);                                   \
        if (value == EX_PENDING) {                                                                 \
            return value;                                                                          \
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
