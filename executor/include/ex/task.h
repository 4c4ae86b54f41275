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
 * Misuse:  panics; but a handle that is gone names whoever lives in its memory by now, and to spawn
 *          a frame that is not of ex_task_new, or whose task has ended, is found only by luck.
 * Threads: any, also outside of the scheduler; but what a task of a local one has spawned is
 *          detached and taken on its thread.
 */
#ifndef EXECUTOR_INCLUDE_EX_TASK_H
#define EXECUTOR_INCLUDE_EX_TASK_H

#include <ex/local.h>

struct ex_scheduler;
struct ex_task;

/* Up to here memory for a frame whose size is known at compile time is found in line. */
#define EX_TASK_SIZE_SMALL 480

/* Of any size, on any thread; the same of the calling task's scheduler; spawned with that `up`. */
EX_PUBLIC void *ex_task_new_any(struct ex_scheduler *scheduler, size_t frame_size);
EX_PUBLIC void *ex_task_new_slowly(ex_local_word frame_size);
EX_PUBLIC __attribute__((returns_nonnull)) struct ex_task *ex_task_spawn_slowly(ex_local_word frame,
                                                                                ex_local_word up);

static inline struct ex_task *ex_task_spawn_here(struct ex_frame *frame, uintptr_t up) {
    struct ex_strand *const root = (struct ex_strand *)(void *)frame - 1;
    struct ex_local *const local = ex_local_self;

    if (EX_LOCAL_SELDOM((void *)root->leaf != local)) {
        return ex_task_spawn_slowly(ex_local_pass((uintptr_t)frame), ex_local_pass(up));
    }
    frame->up = (struct ex_frame *)up;
    root->leaf = frame;
    root->state = local->spawn_state;
    ex_local_add(&local->spawn_count, 1);
    ex_local_push(local, root);
    return (struct ex_task *)(void *)root;
}

/* Memory for a frame of `frame_size` bytes at its start (alignment 16), uninitialised. A NULL
 * scheduler means that of the calling task. */
static inline void *ex_task_new(struct ex_scheduler *scheduler, size_t frame_size) {
    if (__builtin_constant_p(scheduler == NULL) && scheduler == NULL &&
        __builtin_constant_p(frame_size) && frame_size >= sizeof(struct ex_frame) &&
        frame_size <= EX_TASK_SIZE_SMALL) {
        struct ex_strand **const list = &ex_local_self->free[(frame_size + 15) / 16 + 1];
        struct ex_strand *const root = *list;
        if (!EX_LOCAL_SELDOM(root == NULL)) {
            *list = root->next;
            return root + 1;
        }
        return ex_task_new_slowly(ex_local_pass(frame_size));
    }
    return ex_task_new_any(scheduler, frame_size);
}

/* Gives back what ex_task_new gave, instead of spawning it; once. */
EX_PUBLIC void ex_task_discard(void *frame);

/* Makes the initialised frame a task; it lies in memory of ex_task_new. Never fails. */
static inline struct ex_task *ex_task_spawn(struct ex_frame *frame) {
    return ex_task_spawn_here(frame, EX_TASK_UP_OUTERMOST);
}

/* The same without a handle: its result is dropped. */
static inline void ex_task_spawn_detached(struct ex_frame *frame) {
    ex_task_spawn_here(frame, EX_TASK_UP_DETACHED);
}

/* The task goes on; its result is dropped. The handle is gone. */
EX_PUBLIC void ex_task_detach(struct ex_task *task);

/* Asks the task to cancel. Nothing happens to one that has returned. The handle stays. */
EX_PUBLIC void ex_task_abort(struct ex_task *task);

/* True once the task has returned: a join will not wait. */
EX_PUBLIC bool ex_task_is_done(struct ex_task *task);

/* Awaitable: the task's result; the handle is gone then. -ECANCELED when the one who waits was
 * cancelled: the handle stays. One at a time may wait for a task; a second panics, and so does
 * the task itself. Two that wait for each other wait for ever. */
struct ex_task_join {
    struct ex_frame frame;
    struct ex_task *task;
    bool canceled; /* whoever gets -ECANCELED can tell the task's from its own: true if its own */
};
EX_PUBLIC ex_resume_function ex_task_join_resume;
EX_PUBLIC ex_resume_function ex_task_join_slowly;
EX_PUBLIC int64_t ex_task_join_passed(ex_local_word frame, ex_local_word strand);

/* Where it waits. */
enum { EX_TASK_JOIN_LINE = __LINE__ };

/* In line where it is awaited: a task that has not returned, of a worker that alone handles it. */
extern inline __attribute__((gnu_inline)) int64_t
ex_task_join_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_strand *const root =
        (struct ex_strand *)(void *)((struct ex_task_join *)(void *)frame)->task;

    if (frame->at != 0) {
        return ex_task_join_slowly(frame, strand, value);
    }
    if (EX_LOCAL_SELDOM(root == NULL || root == strand ||
                        !ex_local_is_outermost((struct ex_frame *)(void *)(root + 1)) ||
                        !ex_local_has_owner(root, strand->owner) ||
                        (strand->state & EX_STRAND_CANCEL) != 0)) {
        return ex_task_join_passed(ex_local_pass((uintptr_t)frame),
                                   ex_local_pass((uintptr_t)strand));
    }
    ((struct ex_frame *)(void *)(root + 1))->up =
        (struct ex_frame *)((uintptr_t)strand + EX_TASK_UP_PLAIN + EX_TASK_UP_OUTERMOST);
    strand->leaf = frame;
    frame->at = EX_AT_WORD(EX_TASK_JOIN_LINE);
    return EX_PENDING;
}

static inline struct ex_frame *ex_task_join(struct ex_task_join *self, struct ex_task *task) {
    self->task = task;
    self->canceled = false;
    return EX_FRAME(self, ex_task_join);
}

/* The result of a task that has returned (ex_task_is_done says so); the handle is gone. It does not
 * wait: from a plain thread it is for after ex_scheduler_run, and in a task ex_task_join waits.
 * Panics when the task has not returned, or was detached. */
EX_PUBLIC int64_t ex_task_take(struct ex_task *task);

/* The task that runs on this thread; NULL outside of any. Borrowed: no handle. */
EX_PUBLIC struct ex_task *ex_task_current(void);

#endif
