#include <ex/scope.h>

#include "executor/task.h"
#include "executor/wait.h"

#include <errno.h>

/* Runs the child's own frame, which lies behind it, and tells the scope of its end. */
struct ex_scope_child {
    struct ex_frame frame;
    struct ex_scope *scope;
    struct ex_scope_child *next;
    struct ex_scope_child *previous;
};

_Static_assert(sizeof(struct ex_scope_child) % 16 == 0, "the frame behind it is aligned to 16");

static struct ex_frame *body_of(struct ex_scope_child *child) {
    return (struct ex_frame *)(void *)(child + 1);
}

static struct ex_task *task_of(struct ex_scope_child *child) {
    return (struct ex_task *)(void *)child - 1;
}

static void link_child(struct ex_scope *self, struct ex_scope_child *child) {
    child->next = NULL;
    child->previous = self->last;
    if (self->last != NULL) {
        self->last->next = child;
    } else {
        self->first = child;
    }
    self->last = child;
}

static void unlink_child(struct ex_scope *self, struct ex_scope_child *child) {
    if (child->previous != NULL) {
        child->previous->next = child->next;
    } else {
        self->first = child->next;
    }
    if (child->next != NULL) {
        child->next->previous = child->previous;
    } else {
        self->last = child->previous;
    }
}

/* Those that stand in the list have not returned. Inside the guard. */
static void tell_all(struct ex_scope *self) {
    if (self->is_ending) {
        return;
    }
    self->is_ending = true;
    for (struct ex_scope_child *child = self->first; child != NULL; child = child->next) {
        ex_task_abort_once(task_of(child));
    }
}

/* From here on the scope knows nothing of the child, and when it was the last one may be gone. */
static void end_child(struct ex_scope_child *child, int64_t result) {
    struct ex_scope *const self = child->scope;

    ex_wait_enter(&self->guard);
    unlink_child(self, child);
    if (result < 0 && self->error == 0 && !(result == -ECANCELED && self->is_ending)) {
        self->error = result;
        if ((self->flags & EX_SCOPE_END_ON_ERROR) != 0) {
            tell_all(self);
        }
    }
    if (self->first == NULL && self->waiter != NULL) {
        ex_wait_wake(&self->guard, self->waiter);
    }
    ex_wait_leave(&self->guard);
}

EX_RESUME(ex_scope_child) {
    EX_BEGIN(ex_scope_child);
    EX_AWAIT(body_of(self));
    end_child(self, value);
    EX_RETURN(value);
    EX_END();
}

void ex_scope_open(struct ex_scope *self, struct ex_strand *strand, unsigned flags) {
    const struct ex_worker *const worker = ex_worker_self;

    EX_REQUIRE(worker != NULL, "ex_scope_open: outside of any task");
    EX_REQUIRE((strand->state & EX_STRAND_SCOPES) != EX_STRAND_SCOPES,
               "ex_scope_open: 15 are open in this strand; leave one first");
    *self = (struct ex_scope){.flags = (uint8_t)flags,
                              .is_open = true,
                              .was_canceled = ex_strand_is(strand, EX_STRAND_CANCELED)};
#ifdef EX_SMALL
    ex_wait_guard_init(&self->guard, EX_WAIT_LOCAL);
#else
    ex_wait_guard_init(&self->guard, worker->is_shared ? EX_WAIT_SHARED : EX_WAIT_LOCAL);
#endif
    strand->state = (uint16_t)(strand->state + EX_STRAND_SCOPE_ONE);
}

void *ex_scope_new(struct ex_scope *self, size_t frame_size) {
    EX_REQUIRE(self->is_open, "ex_scope_new: the scope is not open; call ex_scope_open first");
    EX_REQUIRE(frame_size >= sizeof(struct ex_frame),
               "ex_scope_new: a size smaller than a struct ex_frame, with which each frame begins");
    if (frame_size > SIZE_MAX - sizeof(struct ex_scope_child)) {
        return NULL;
    }
    struct ex_scope_child *const child =
        ex_task_new(NULL, sizeof(struct ex_scope_child) + frame_size);
    return child == NULL ? NULL : body_of(child);
}

void ex_scope_discard(void *frame) {
    ex_task_discard((struct ex_scope_child *)frame - 1);
}

void ex_scope_spawn(struct ex_scope *self, struct ex_frame *frame) {
    struct ex_scope_child *const child = (struct ex_scope_child *)(void *)frame - 1;

    EX_REQUIRE(self->is_open, "ex_scope_spawn: the scope is not open; call ex_scope_open first");
    child->scope = self;
    ex_wait_enter(&self->guard);
    link_child(self, child);
    /* It cannot return before the guard is free: until then its task may be used. */
    struct ex_task *const task = ex_task_spawn(EX_FRAME(child, ex_scope_child));
    if (self->is_ending) {
        ex_task_abort_once(task);
    }
    ex_task_detach(task);
    ex_wait_leave(&self->guard);
}

void ex_scope_cancel(struct ex_scope *self) {
    if (!self->is_open) {
        return; /* all children have returned */
    }
    ex_wait_enter(&self->guard);
    tell_all(self);
    ex_wait_leave(&self->guard);
}

int64_t ex_scope_error(struct ex_scope *self) {
    if (!self->is_open) {
        return self->error;
    }
    ex_wait_enter(&self->guard);
    const int64_t error = self->error;
    ex_wait_leave(&self->guard);
    return error;
}

/* ---- leaving ---- */

/* True when no child is left; else the last one will wake the strand. */
static bool is_empty(struct ex_scope *self, struct ex_strand *strand) {
    ex_wait_enter(&self->guard);
    if (!self->was_canceled && ex_strand_is(strand, EX_STRAND_CANCELED)) {
        tell_all(self);
    }
    if (self->first != NULL && !self->is_told && ex_strand_take_cancel(strand)) {
        self->is_told = true;
        tell_all(self);
    }
    const bool result = self->first == NULL;
    self->waiter = strand;
    ex_wait_leave(&self->guard);
    return result;
}

static void close_scope(struct ex_scope *self, struct ex_strand *strand) {
    EX_REQUIRE(ex_strand_is(strand, EX_STRAND_SCOPES),
               "ex_scope_leave: by another strand than opened it");
    strand->state = (uint16_t)(strand->state - EX_STRAND_SCOPE_ONE);
    self->is_open = false;
    ex_wait_guard_deinit(&self->guard);
}

EX_RESUME(ex_scope) {
    EX_BEGIN(ex_scope);
    EX_REQUIRE(self->is_open, "ex_scope_leave: the scope is not open, or was left before");
    while (!is_empty(self, strand)) {
        EX_SUSPEND();
    }
    close_scope(self, strand);
    EX_RETURN(self->is_told ? -ECANCELED : self->error);
    EX_END();
}

struct ex_frame *ex_scope_leave(struct ex_scope *self) {
    return EX_FRAME(self, ex_scope);
}
