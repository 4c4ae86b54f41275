/* Going on in a resume function that is written without EX_BEGIN: one function for each position,
 * and no switch between them (EX_PLAIN_WAIT).
 *
 * Threads: inside a strand.
 */
#ifndef EXECUTOR_LEAF_H
#define EXECUTOR_LEAF_H

#include <ex/plain.h>

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

#endif
