/* Signals, awaited instead of handled: signalfd(2).
 *
 *   sigset_t set;
 *   sigemptyset(&set);
 *   sigaddset(&set, SIGTERM);
 *   ex_signal_block(&set);                       // first of all, in the main thread
 *   … ex_scheduler_create …
 *   ex_signal_open(&signals, scheduler, &set);
 *   EX_AWAIT(ex_signal_next(&self->next, signals, &self->info));    // value: SIGTERM
 *
 *   sent ──► pending, for it is blocked in every thread ──► taken by one ex_signal_next
 *               └─ a thread where it is not blocked runs its handler, or ends the process
 *
 * So a signal has to be blocked before the first thread is created, which inherits that; the
 * threads of ex/blocking.h block all. A signal that is pending is one, however often it was sent
 * (but for those from SIGRTMIN on). Whoever starts another program unblocks them there.
 * Faults (SIGSEGV and its like) are never awaited: they end the process, or their handler runs.
 *
 * Memory:  as in ex/io.h; ex_io_close closes it.
 * Errors:  negative errno values.
 * Threads: as in ex/io.h. Two handles with a signal in common: either may get it.
 */
#ifndef EXECUTOR_INCLUDE_EX_SIGNAL_H
#define EXECUTOR_INCLUDE_EX_SIGNAL_H

#include <ex/io.h>
#include <signal.h>
#include <sys/signalfd.h>

/* Blocks the set in the calling thread and those that it creates from now on. */
EX_PUBLIC void ex_signal_block(const sigset_t *set);

/* -EINVAL: one of the set is not blocked in the calling thread. A NULL scheduler means that of the
 * calling task. */
EX_PUBLIC int ex_signal_open(struct ex_io *io, struct ex_scheduler *scheduler, const sigset_t *set);

/* Awaitable: the number of the next signal; `info`, unless it is NULL, tells more. */
struct ex_signal_next {
    struct ex_io_operation operation;
    struct signalfd_siginfo *info;
};
EX_PUBLIC struct ex_frame *
ex_signal_next(struct ex_signal_next *self, struct ex_io io, struct signalfd_siginfo *info);

#endif
