#include "executor/timer.h"

#ifndef EX_SMALL

#include "executor/branch.h"
#include "executor/clock.h"
#include "executor/turn.h"

#include <errno.h>
#include <ex/waker.h>

uint64_t ex_timer_now(void) {
    return ex_clock_now();
}

/* ---- the worker's wheel ---- */

static void lock(struct ex_worker *worker) {
    if (worker->is_shared) {
        pthread_mutex_lock(&worker->wheel_lock);
    }
}

static void unlock(struct ex_worker *worker) {
    if (worker->is_shared) {
        pthread_mutex_unlock(&worker->wheel_lock);
    }
}

static void init(struct ex_timer *timer, uint64_t deadline_ns) {
    timer->node.next = NULL;
    timer->node.deadline_ns = deadline_ns;
}

static void start(struct ex_timer *timer, struct ex_strand *strand) {
    struct ex_worker *const worker = ex_worker_self;

    EX_REQUIRE(worker != NULL,
               "ex_sleep, ex_deadline: awaited outside of any scheduler; await it in a task");
    timer->strand = strand;
    timer->worker = worker;
    lock(worker);
    ex_wheel_insert(&worker->wheel, &timer->node, timer->node.deadline_ns);
    unlock(worker);
}

static void stop(struct ex_timer *timer) {
    lock(timer->worker);
    ex_wheel_cancel(&timer->worker->wheel, &timer->node);
    unlock(timer->worker);
}

static bool is_time(struct ex_timer *timer) {
    lock(timer->worker);
    const bool is_armed = ex_wheel_armed(&timer->node);
    unlock(timer->worker);
    return !is_armed;
}

static struct ex_timer *timer_of(struct ex_wheel_node *node) {
    _Static_assert(offsetof(struct ex_timer, node) == 0, "the node is the first member");
    return (struct ex_timer *)(void *)node;
}

static bool fire(struct ex_worker *worker) {
    const uint64_t next_ns = ex_wheel_next(&worker->wheel);
    uint64_t fired_count = 0;

    if (next_ns == EX_TIMER_NEVER) {
        return false;
    }
    const uint64_t now_ns = ex_timer_now();
    if (next_ns > now_ns) {
        return false;
    }
    ex_wheel_advance(&worker->wheel, now_ns);
    for (struct ex_wheel_node *node = ex_wheel_pop(&worker->wheel); node != NULL;
         node = ex_wheel_pop(&worker->wheel)) {
        ex_waker_wake_strand(timer_of(node)->strand);
        fired_count++;
    }
    ex_worker_add(&worker->counters.timer_count, fired_count);
    return fired_count != 0;
}

bool ex_timer_fire_slowly(struct ex_worker *worker) {
    lock(worker);
    const bool has_woken = fire(worker);
    unlock(worker);
    return has_woken;
}

uint64_t ex_timer_next(struct ex_worker *worker) {
    lock(worker);
    const uint64_t next_ns = ex_wheel_next(&worker->wheel);
    unlock(worker);
    return next_ns;
}

/* ---- sleeping ---- */

EX_RESUME(ex_sleep) {
    EX_BEGIN(ex_sleep);
    if (ex_strand_take_cancel(strand)) {
        EX_RETURN(-ECANCELED);
    }
    start(&self->timer, strand);
    for (;;) {
        EX_SUSPEND();
        if (is_time(&self->timer)) {
            EX_RETURN(0); /* an abort of the same moment is for the next await */
        }
        if (ex_strand_take_cancel(strand)) {
            stop(&self->timer);
            EX_RETURN(-ECANCELED);
        }
    }
    EX_END();
}

struct ex_frame *ex_sleep_until(struct ex_sleep *self, uint64_t deadline_ns) {
    init(&self->timer, deadline_ns);
    return EX_FRAME(self, ex_sleep);
}

struct ex_frame *ex_sleep_for(struct ex_sleep *self, uint64_t duration_ns) {
    const uint64_t now_ns = ex_timer_now();

    return ex_sleep_until(self,
                          duration_ns < EX_TIMER_NEVER - now_ns ? now_ns + duration_ns
                                                                : EX_TIMER_NEVER);
}

/* ---- deadlines ---- */

/* Tells the child to cancel, once in its life, if there is reason to. */
static void tell(struct ex_deadline *self, struct ex_strand *strand, bool is_late) {
    if (self->is_told || self->is_handed) {
        return;
    }
    self->is_handed = ex_strand_take_cancel(strand);
    self->is_told = !self->is_handed && is_late;
    if (self->is_handed || self->is_told) {
        ex_strand_set(&self->branch.strand, EX_STRAND_CANCEL);
    }
}

/* Runs the child on, whatever the reason of the wake was: it looks for itself. */
static int64_t resume_child(struct ex_deadline *self, struct ex_strand *strand) {
    struct ex_strand *const branch = &self->branch.strand;

    ex_strand_clear(branch, EX_STRAND_READY);
    if (ex_strand_is(strand, EX_STRAND_WAKE_ALL)) {
        ex_strand_clear(strand, EX_STRAND_WAKE_ALL);
        ex_strand_set(branch, EX_STRAND_WAKE_ALL);
    }
    const int64_t value = ex_turn_resume(branch, 0);
    if (value != EX_PENDING) {
        ex_turn_close(branch);
    } else if (ex_strand_is(branch, EX_STRAND_READY)) {
        ex_strand_set(strand, EX_STRAND_READY); /* it yields */
    }
    return value;
}

/* The result, when the child has returned `value`. */
static int64_t result(const struct ex_deadline *self, struct ex_strand *strand, int64_t value) {
    if (self->is_handed && ex_strand_is(&self->branch.strand, EX_STRAND_CANCEL)) {
        ex_strand_set(strand, EX_STRAND_CANCEL); /* the child awaited nothing: for the next await */
    }
    return self->is_told && value == -ECANCELED ? -ETIMEDOUT : value;
}

static struct ex_branch *branch_at(struct ex_frame *frame, size_t index) {
    return index == 0 ? &((struct ex_deadline *)(void *)frame)->branch : NULL;
}

EX_RESUME(ex_deadline) {
    EX_BEGIN_BRANCHES(ex_deadline, branch_at);
    ex_branch_adopt(&self->branch, strand);
    tell(self, strand, false);
    value = resume_child(self, strand);
    if (value != EX_PENDING) {
        EX_RETURN(result(self, strand, value));
    }
    start(&self->timer, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        tell(self, strand, is_time(&self->timer));
        value = resume_child(self, strand);
    }
    stop(&self->timer);
    EX_RETURN(result(self, strand, value));
    EX_END();
}

struct ex_frame *
ex_deadline(struct ex_deadline *self, struct ex_frame *child, uint64_t deadline_ns) {
    EX_REQUIRE(child != NULL, "ex_deadline: the frame is NULL");
    init(&self->timer, deadline_ns);
    ex_branch_init(&self->branch, child);
    self->is_told = false;
    self->is_handed = false;
    return EX_FRAME(self, ex_deadline);
}

#endif
