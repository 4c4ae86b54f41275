/* Tasks: spawn an async function, wait for its result, cancel it.
 *
 *   struct greet *g = ex_task_new(scheduler, sizeof *g);      // NULL: out of memory
 *   struct ex_task *task = ex_task_spawn(greet(g, "world"));  // ready; the scheduler runs it
 *
 *        ex_task_new ──► spawn ──► ready ⇄ waiting ──► returned ──► join or detach ──► memory kept
 *             └──────► discard                 abort ┘ (its next await returns -ECANCELED)
 *
 * Cancellation. C has no destructors, so it is spelled out: after ex_task_abort the task's next
 * await (the one it waits in, or the next that it makes) returns -ECANCELED, once. The function
 * frees what it holds and returns, by the path it takes for any error. The awaits of that clean-up
 * run as ever. A task that was never resumed is resumed all the same: its first await tells it.
 * What the task returns is its own affair; by convention -ECANCELED.
 *
 * Memory:  header and frame in one block of the scheduler's. The handle is the caller's until it
 *          joins or detaches; a joined handle is gone.
 * Errors:  ex_task_new gives NULL; the join gives the task's own result.
 * Threads: any, also outside of the scheduler.
 */
#ifndef EXECUTOR_INCLUDE_EX_TASK_H
#define EXECUTOR_INCLUDE_EX_TASK_H

#include <ex/strand.h>

struct ex_scheduler;
struct ex_task;

/* Sizes of frames that have a class, for what follows. */
#define EX_TASK_SIZE_SMALL 480

/* ex_task_new from a task whose scheduler is to run the new one, too, and for any other. The class
 * is what the frame takes in steps of 16 bytes. */
EX_PUBLIC void *ex_task_new_small(size_t class_);
EX_PUBLIC void *ex_task_new_any(struct ex_scheduler *scheduler, size_t frame_size);

/* Memory for a frame of `frame_size` bytes at its start (alignment 16), uninitialised. A NULL
 * scheduler means that of the calling task. */
static inline void *ex_task_new(struct ex_scheduler *scheduler, size_t frame_size) {
    if (__builtin_constant_p(scheduler == NULL) && scheduler == NULL &&
        __builtin_constant_p(frame_size) && frame_size >= sizeof(struct ex_frame) &&
        frame_size <= EX_TASK_SIZE_SMALL) {
        return ex_task_new_small((frame_size + 15) / 16);
    }
    return ex_task_new_any(scheduler, frame_size);
}

/* Gives back what ex_task_new gave, instead of spawning it. */
EX_PUBLIC void ex_task_discard(void *frame);

/* Makes the initialised frame a task; it lies in memory of ex_task_new. Never fails. */
EX_PUBLIC struct ex_task *ex_task_spawn(struct ex_frame *frame);

/* The same without a handle: its result is dropped. */
EX_PUBLIC void ex_task_spawn_detached(struct ex_frame *frame);

/* The task goes on; its result is dropped. The handle is gone. */
EX_PUBLIC void ex_task_detach(struct ex_task *task);

/* Asks the task to cancel. Nothing happens to one that has returned. The handle stays. */
EX_PUBLIC void ex_task_abort(struct ex_task *task);

/* True once the task has returned: a join will not wait. */
EX_PUBLIC bool ex_task_is_done(struct ex_task *task);

/* Awaitable: the task's result; the handle is gone then. -ECANCELED when the one who waits was
 * cancelled: the handle stays. One at a time may wait for a task; a second panics. */
struct ex_task_join {
    struct ex_frame frame;
    struct ex_task *task;
    bool canceled; /* whoever gets -ECANCELED can tell the task's from its own: true if its own */
};
EX_PUBLIC ex_resume_function ex_task_join_resume;

static inline struct ex_frame *ex_task_join(struct ex_task_join *self, struct ex_task *task) {
    self->task = task;
    self->canceled = false;
    return EX_FRAME(self, ex_task_join);
}

/* From a plain thread, or once ex_task_is_done: the result; the handle is gone. Panics when the
 * task has not returned. */
EX_PUBLIC int64_t ex_task_take(struct ex_task *task);

/* The task that runs on this thread; NULL outside of any. Borrowed: no handle. */
EX_PUBLIC struct ex_task *ex_task_current(void);

#endif
