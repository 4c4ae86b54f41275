/* The end of a strand's stack of frames (ex/call.h).
 *
 *   root:    the word beside its slot (executor/slab.h)
 *   branch:  a word of its own
 *
 * Threads: the strand's own.
 */
#ifndef EXECUTOR_CALL_H
#define EXECUTOR_CALL_H

#include <ex/call.h>

/* Gives every chunk back. The strand returned; it has EX_STRAND_CALLS, or nothing happens. */
void ex_call_release(struct ex_strand *strand);

#endif
