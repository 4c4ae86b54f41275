/* Which generators wait for the one that runs: for dumps, since links up lead past them.
 *
 * Memory:  borrowed.
 * Threads: while the task does not run.
 */
#ifndef EXECUTOR_STREAM_H
#define EXECUTOR_STREAM_H

#include <ex/stream.h>

/* The generator that handed over to `frame`, if that is the innermost one of a stream that waits;
 * its own `outer` is the next. NULL: there is none. */
const struct ex_frame *ex_stream_outer(const struct ex_frame *frame);

#endif
