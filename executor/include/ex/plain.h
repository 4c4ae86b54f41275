/* Operations that are done at once, in line in the function that awaits them.
 *
 *   init ──► x_plainly ──allowed, and there is what it wants──► returned: no call at all
 *                ├──allowed to wait, and nothing else to do──► pending
 *                └────────────── else ──► x_slowly, the library's: does everything, says why not
 *
 * An initialiser in a header names a resume function in the same header. Where the compiler sees
 * both, an await is that function's body in line. Code for size calls the library at once.
 *
 * Memory:  none.
 * Threads: inside a strand.
 */
#ifndef EXECUTOR_INCLUDE_EX_PLAIN_H
#define EXECUTOR_INCLUDE_EX_PLAIN_H

#include <ex/budget.h>

/* Ends an initialiser: `plainly` where it is worth its code. */
#ifdef __OPTIMIZE_SIZE__
#define EX_PLAIN_FRAME(self, plainly, slowly)                                                      \
    ((void)(plainly), ex_frame_init(&(self)->frame, slowly))
#else
#define EX_PLAIN_FRAME(self, plainly, slowly) ex_frame_init(&(self)->frame, plainly)
#endif

/* Ends an operation that has just begun, and can be done at once, with 0; false: no budget is left,
 * or a cancel is due. It spends one, which is given back when it cannot be done after all. */
static inline bool ex_plain_end(struct ex_frame *frame, const struct ex_strand *strand) {
    if (__builtin_expect(ex_strand_is(strand, EX_STRAND_CANCEL), 0)) {
        return false;
    }
    frame->resume = ex_frame_completed;
    return __builtin_expect(--ex_budget_left >= 0, 1);
}

/* The same for one that is going to wait: true, it may. */
static inline bool ex_plain_begin(const struct ex_strand *strand) {
    if (__builtin_expect(ex_strand_is(strand, EX_STRAND_CANCEL), 0)) {
        return false;
    }
    return __builtin_expect(--ex_budget_left >= 0, 1);
}

/* For dumps (ex/position.h). */
#ifdef EX_SMALL
#define EX_PLAIN_RECORD(name, resumer) ((void)0)
#else
#define EX_PLAIN_RECORD(name, resumer)                                                             \
    static const struct ex_position_function ex_position_function_ = {resumer,                     \
                                                                      #name,                       \
                                                                      __FILE__,                    \
                                                                      NULL};                       \
    EX_POSITION("")
#endif

/* Waits in the operation `name`; `resumer` goes on, which is one function for this position. */
#define EX_PLAIN_WAIT(name, resumer)                                                               \
    do {                                                                                           \
        EX_PLAIN_RECORD(name, resumer);                                                            \
        frame->resume = (resumer);                                                                 \
        frame->at = EX_AT_WORD(__LINE__);                                                          \
        strand->leaf = frame;                                                                      \
        return EX_PENDING;                                                                         \
    } while (0)

/* The long way of one that was not. Either way `resume` is written once more, so that the compiler
 * need not write it before. */
static inline int64_t ex_plain_give_up(struct ex_frame *frame,
                                       struct ex_strand *strand,
                                       int64_t value,
                                       ex_resume_function *slowly) {
    frame->resume = slowly;
    return slowly(frame, strand, value);
}

#endif
