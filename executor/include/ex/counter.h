/* A counter that tasks wait for and anything adds to: other threads, libraries, signal handlers.
 *
 *   add ──► count ──► take: all of it, at least 1
 *
 * It is an eventfd, so a foreign event loop or a child process can wait for it or add to it as
 * well, through its number (ex_io_descriptor). Between tasks, ex/semaphore.h is cheaper.
 *
 * Memory:  as in ex/io.h; ex_io_close closes it.
 * Errors:  negative errno values.
 * Threads: as in ex/io.h. One task at a time may take.
 */
#ifndef EXECUTOR_INCLUDE_EX_COUNTER_H
#define EXECUTOR_INCLUDE_EX_COUNTER_H

#include <ex/io.h>

/* A NULL scheduler means that of the calling task. */
EX_PUBLIC int ex_counter_open(struct ex_io *io, struct ex_scheduler *scheduler, uint32_t count);

/* Never waits. -EBADF: closed; -EAGAIN: the count would pass 2^64 - 2; -EINVAL: `count` does. From
 * any task or, unless the scheduler is local, any thread; a signal handler writes the 8 bytes
 * itself. */
EX_PUBLIC int ex_counter_add(struct ex_io io, uint64_t count);

/* Awaitable: the count, which is 0 then; INT64_MAX stands for more. Panics for what is no
 * counter, as far as that shows. */
struct ex_counter_take {
    struct ex_io_operation operation;
};
EX_PUBLIC struct ex_frame *ex_counter_take(struct ex_counter_take *self, struct ex_io io);

#endif
