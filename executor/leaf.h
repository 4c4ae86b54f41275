/* Waiting in a resume function that is written without EX_BEGIN: one function for each position,
 * and no switch between them.
 *
 * Threads: inside a strand.
 */
#ifndef EXECUTOR_LEAF_H
#define EXECUTOR_LEAF_H

#include <ex/strand.h>

/* For dumps (ex/position.h). */
#ifdef EX_SMALL
#define EX_LEAF_RECORD(name, resumer) ((void)0)
#else
#define EX_LEAF_RECORD(name, resumer)                                                              \
    static const struct ex_position_function ex_position_function_ = {resumer,                     \
                                                                      #name,                       \
                                                                      __FILE__,                    \
                                                                      NULL};                       \
    EX_POSITION("")
#endif

/* What one that went on the long way returns: `value`, or it waits on as the leaf. */
static inline int64_t
ex_leaf_return(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    if (value == EX_PENDING) {
        strand->leaf = frame;
    } else {
        frame->resume = ex_frame_completed;
    }
    return value;
}

/* Waits in the operation `name`; `resumer` goes on. */
#define EX_LEAF_WAIT(name, resumer)                                                                \
    do {                                                                                           \
        EX_LEAF_RECORD(name, resumer);                                                             \
        frame->resume = (resumer);                                                                 \
        frame->at = EX_AT_WORD(__LINE__);                                                          \
        strand->leaf = frame;                                                                      \
        return EX_PENDING;                                                                         \
    } while (0)

#endif
