/* Fibers: async functions with a stack of their own, which wait at any depth of calls.
 *
 *   static int64_t serve(void *argument) {             // a plain function
 *       struct ex_task_join join;                      // what it awaits may lie on its stack
 *       return ex_fiber_await(ex_task_join(&join, argument));    // or in a function that it calls
 *   }
 *   struct ex_task *task = ex_fiber_spawn(scheduler, serve, other);
 *
 *        [leaf] ─up─► [machine] ─up─► [fiber] ─up─► [machine] …      one chain of frames
 *                                        └─ switches to its stack, where ex_fiber_await returns
 *
 * A fiber is a frame whose resume switches to its stack. So state machines await fibers, and fibers
 * await whatever is a frame: the leaf is resumed first, and the fiber only when what it awaits has
 * returned. To wait for several things at once takes no more fibers: await a frame that does.
 *
 * What is awaited runs at once on the fiber's stack; when it has to wait, the fiber is left until
 * it returned. A state machine does not wait with ex_fiber_await, also when a fiber awaits it.
 *
 * A fiber that has begun stays on its thread, and so does its task from then on: compilers keep the
 * addresses of thread-local variables across a call. errno is the thread's, not the fiber's.
 *
 * Cancellation is that of its task: after ex_task_abort its next await returns -ECANCELED, once.
 *
 * Memory:  a stack while it runs, from its thread's pool: 64 KiB, or what the scheduler's options
 *          say; mapped from the system, also where the scheduler has memory of its caller's. The
 *          pages that a stack touched stay used until ex_fiber_trim.
 * Limits:  a stack that overflows panics with a sentence, by a handler of SIGSEGV which passes on
 *          what is not its own. Processors' shadow stacks must be off.
 * Errors:  -ENOMEM as the fiber's result when there is no stack: its function has not run.
 * Threads: each function is called by the fiber that it concerns.
 */
#ifndef EXECUTOR_INCLUDE_EX_FIBER_H
#define EXECUTOR_INCLUDE_EX_FIBER_H

#include <ex/task.h>

/* Its result is the fiber's; never EX_PENDING. */
typedef int64_t ex_fiber_function(void *argument);

struct ex_fiber {
    struct ex_frame frame;
    ex_fiber_function *function;
    void *argument;
    struct ex_fiber_place *place; /* at the top of its stack; valid while it runs */
};

/* Awaitable, by state machines and by fibers: the function's result. */
EX_PUBLIC struct ex_frame *
ex_fiber_run(struct ex_fiber *self, ex_fiber_function *function, void *argument);

/* The same as a task of its own; NULL: out of memory. A NULL scheduler means that of the caller. */
EX_PUBLIC struct ex_task *
ex_fiber_spawn(struct ex_scheduler *scheduler, ex_fiber_function *function, void *argument);

/* Runs the initialised frame and waits until it returned; its result. Panics outside of a fiber. */
EX_PUBLIC int64_t ex_fiber_await(struct ex_frame *frame);

/* Lets the others that are ready go first. */
EX_PUBLIC void ex_fiber_yield(void);

/* Waits until the strand is woken for any reason, as EX_SUSPEND does: look at the condition before,
 * and again afterwards. */
EX_PUBLIC void ex_fiber_suspend(void);

/* The fiber that calls; NULL outside of any, and in what it awaits. */
EX_PUBLIC struct ex_fiber *ex_fiber_current(void);

/* The strand of the fiber that calls: for wakers, shields and ex_strand_take_cancel. */
EX_PUBLIC struct ex_strand *ex_fiber_strand(void);

/* Gives the system back what this thread's stacks that no fiber uses hold, except of the `keep`
 * that were used last. Returns of how many. From a task of the thread. */
EX_PUBLIC size_t ex_fiber_trim(size_t keep);

#endif
