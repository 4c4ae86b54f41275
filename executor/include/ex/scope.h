/* Scopes: tasks that end before the function that spawned them goes on.
 *
 *   ex_scope_open(&self->scope, strand, EX_SCOPE_END_ON_ERROR);
 *   for (int i = 0; i < 1000; i++) {
 *       struct fetch *fetch = ex_scope_new(&self->scope, sizeof *fetch);
 *       if (fetch == NULL) {
 *           ex_scope_cancel(&self->scope);
 *           break;
 *       }
 *       ex_scope_spawn(&self->scope, fetch_init(fetch, i));
 *   }
 *   EX_AWAIT(ex_scope_leave(&self->scope));        // 0, or the first error of a child
 *
 *        open ──► spawn … ──► leave ──► every child has returned ──► its value
 *                    │          └ the task is told to cancel ──► so is each child
 *                    └ a child may spawn further ones into the scope that it runs in
 *
 * Whatever a child borrows from the frame that opened the scope is there as long as it runs: leave
 * returns when all have returned, also after an error, also after a cancel. A task or branch that
 * returns with a scope open panics.
 *
 * Cancellation. When leave is told to cancel, or an await between open and leave was, the children
 * are told as by ex_task_abort; those that are told already are not told again. A child that is
 * spawned afterwards is told from birth. With EX_SCOPE_END_ON_ERROR a child's error does the same;
 * it does not wake the function that opened the scope, which learns of it when it leaves. A child
 * that returns -ECANCELED after it was told has no error.
 *
 * Memory:  children come from ex_scope_new, and each pays 48 bytes more than a task; the scope is
 *          part of a frame, and may be opened again once it was left.
 * Errors:  leave: -ECANCELED when leave itself was told to cancel; else the first negative result,
 *          in order of time; else 0. What else children have to say they write where they were
 *          told to.
 * Threads: open and leave by one strand; the others from it and from tasks of its scheduler.
 * Limits:  15 open scopes in one strand, one inside the other.
 * Source:  Smith, "Notes on structured concurrency" (2018); Sústrik's libdill.
 */
#ifndef EXECUTOR_INCLUDE_EX_SCOPE_H
#define EXECUTOR_INCLUDE_EX_SCOPE_H

#include <ex/task.h>
#include <ex/wait.h>

enum {
    EX_SCOPE_END_ON_ERROR = 1 << 0, /* a child's error cancels the others */
};

struct ex_scope_child;

/* Its insides are for the functions below. */
struct ex_scope {
    struct ex_frame frame; /* of leave */
    struct ex_wait_guard guard;
    struct ex_scope_child *first; /* the children that have not returned, in order of spawning */
    struct ex_scope_child *last;
    struct ex_strand *waiter; /* that waits in leave; else NULL */
    int64_t error;            /* the first; else 0 */
    uint8_t flags;
    bool is_open;
    bool is_ending;    /* each child is told */
    bool is_told;      /* leave was */
    bool was_canceled; /* the strand, when it opened the scope: says nothing about now */
};

/* Opens the scope for children; inside a resume function, whose strand it is. */
EX_PUBLIC void ex_scope_open(struct ex_scope *self, struct ex_strand *strand, unsigned flags);

/* Memory for a child's frame of `frame_size` bytes (alignment 16), uninitialised, or NULL. */
EX_PUBLIC void *ex_scope_new(struct ex_scope *self, size_t frame_size);

/* Gives back what ex_scope_new gave, instead of spawning it. */
EX_PUBLIC void ex_scope_discard(void *frame);

/* Makes the initialised frame, at the start of memory of ex_scope_new, a child. */
EX_PUBLIC void ex_scope_spawn(struct ex_scope *self, struct ex_frame *frame);

/* Tells each child to cancel that was not told yet. */
EX_PUBLIC void ex_scope_cancel(struct ex_scope *self);

/* The first error of a child so far; 0: none. */
EX_PUBLIC int64_t ex_scope_error(struct ex_scope *self);

/* Awaitable: returns when every child has, and closes the scope. */
EX_PUBLIC struct ex_frame *ex_scope_leave(struct ex_scope *self);

#endif
