#include "executor/turn.h"

#include "executor/call.h"
#include "executor/clock.h"
#include "executor/observer.h"
#include "executor/ready.h"
#include "executor/task.h"

#include <ex/budget.h>

__attribute__((noinline)) int64_t
ex_turn_climb(struct ex_strand *strand, struct ex_frame *frame, int64_t value) {
    do {
        value = frame->resume(frame, strand, value);
        if (value == EX_PENDING) {
            break;
        }
        frame = __atomic_load_n(&frame->up, __ATOMIC_RELAXED);
    } while (((uintptr_t)frame & 1) == 0);
    return value;
}

void ex_turn_close_slowly(struct ex_strand *strand) {
    EX_REQUIRE(!ex_strand_is(strand, EX_STRAND_SCOPES),
               "a task or branch returns with a scope open, whose children would outlive it; await "
               "ex_scope_leave first");
    ex_call_release(strand);
}

/* ---- a watched worker, or one that keeps times ---- */

static struct ex_strand *take_next(struct ex_worker *worker) {
    ex_ready_enter(worker);
    struct ex_strand *const strand =
        worker->is_shared ? ex_ready_next(worker) : ex_queue_pop(worker);
    if (strand != NULL) {
        ex_strand_clear(strand, EX_STRAND_READY);
        worker->local.running = strand;
        ex_worker_add(&worker->counters.resume_count, 1);
    }
    ex_ready_leave(worker);
    return strand;
}

/* What ran waits now, or is ready once more. */
static void put_back(struct ex_worker *worker, struct ex_strand *strand) {
    ex_ready_enter(worker);
    worker->local.running = NULL;
    if (ex_strand_is(strand, EX_STRAND_READY)) {
        if (worker->is_shared) {
            ex_ready_queue_again(worker, strand);
        } else {
            ex_queue_push(worker, strand);
        }
    }
    ex_ready_leave(worker);
}

/* Inside the bracket, for a thief may be delivering a wake of it. */
static inline void note_return(struct ex_worker *worker, struct ex_strand *strand) {
    ex_ready_enter(worker);
    ex_strand_set(strand, EX_STRAND_RETURNED);
    worker->local.running = NULL;
    ex_ready_leave(worker);
}

static bool run_watched(struct ex_worker *worker) {
    const struct ex_observer *const observer = worker->observer;
    int resumes = EX_TURN_RESUMES_MAX;

    for (; resumes > 0; resumes--) {
        struct ex_strand *const strand = take_next(worker);

        if (strand == NULL) {
            break;
        }
        ex_budget_left = EX_WORKER_BUDGET;
        EX_OBSERVER_TELL(observer, resumed, strand);
        const int64_t value = ex_turn_resume(strand, 0);
        if (value == EX_PENDING) {
            EX_OBSERVER_TELL(observer, waits, strand);
            if (worker->keeps_times) {
                *ex_slab_time(strand) = ex_clock_now();
            }
            put_back(worker, strand);
        } else {
            ex_turn_close(strand);
            note_return(worker, strand);
            if (observer != NULL && observer->returned != NULL) {
                observer->returned(observer->context, ex_observer_task(strand), value);
            }
            ex_task_return(worker, strand, value);
        }
    }
    return resumes == 0;
}

/* ---- a shared worker ---- */

/* Begins what was taken inside the bracket, and leaves it. */
static inline void begin_and_leave(struct ex_worker *worker, struct ex_strand *strand) {
    ex_strand_clear(strand, EX_STRAND_READY);
    worker->local.running = strand;
    ex_worker_add(&worker->counters.resume_count, 1);
    ex_ready_leave_shared(worker);
    ex_budget_left = EX_WORKER_BUDGET;
}

/* What ran on a shared worker is ready once more: it is queued, and the next one is given. */
static inline struct ex_strand *next_after(struct ex_worker *worker, struct ex_strand *strand) {
    struct ex_strand *const first = worker->local.queue.next;

    if (__builtin_expect(worker->lifo != NULL || first == NULL ||
                             ((first->state | strand->state) & EX_STRAND_PINNED) != 0,
                         0)) {
        ex_ready_queue_again(worker, strand);
        return ex_ready_next(worker);
    }
    worker->lifo_streak = 0;
    ex_queue_push(worker, strand);
    return ex_queue_pop(worker);
}

/* One bracket for what ran and what runs next. */
static bool run_shared(struct ex_worker *worker) {
    int resumes = EX_TURN_RESUMES_MAX;

    ex_ready_enter_shared(worker);
    struct ex_strand *strand = ex_ready_next(worker);
    while (strand != NULL) {
        begin_and_leave(worker, strand);
        const int64_t value = ex_turn_resume(strand, 0);
        const bool is_last = --resumes == 0;
        if (value != EX_PENDING) {
            ex_turn_close(strand);
            ex_ready_enter_shared(worker);
            worker->local.running = NULL;
            ex_task_return_shared(worker, strand, value);
            strand = is_last ? NULL : ex_ready_next(worker);
            continue;
        }
        ex_ready_enter_shared(worker);
        worker->local.running = NULL;
        if (!ex_strand_is(strand, EX_STRAND_READY)) {
            strand = is_last ? NULL : ex_ready_next(worker);
        } else if (!is_last) {
            strand = next_after(worker, strand);
        } else {
            ex_ready_queue_again(worker, strand);
            strand = NULL;
        }
    }
    ex_ready_leave_shared(worker);
    return resumes == 0;
}

/* ---- a worker that is neither shared nor watched ---- */

static inline void begin(struct ex_worker *worker, struct ex_strand *strand) {
    worker->local.running = strand;
    ex_budget_left = EX_WORKER_BUDGET;
}

static inline int64_t resume_plain(struct ex_worker *worker, struct ex_strand *strand) {
    struct ex_frame *const leaf = strand->leaf;

    ex_strand_clear(strand, EX_STRAND_READY);
    begin(worker, strand);
    const int64_t value = leaf->resume(leaf, strand, 0);
    if (value == EX_PENDING || leaf == ex_task_frame(ex_task_of(strand))) {
        return value;
    }
    return ex_turn_pass(strand, leaf->up, value);
}

/* Goes on with the value of what its leaf, a join, waited for. */
static inline int64_t go_on(struct ex_worker *worker, struct ex_strand *strand, int64_t value) {
    struct ex_frame *const join = strand->leaf;
    struct ex_frame *const up = __atomic_load_n(&join->up, __ATOMIC_RELAXED);

    begin(worker, strand);
    join->resume = ex_frame_completed;
    return ex_turn_pass(strand, up, value);
}

/* The next one, when `strand` waits or is ready once more; NULL: no more this turn. */
static inline struct ex_strand *
follow(struct ex_worker *worker, struct ex_strand *strand, int resumes) {
    if (ex_strand_is(strand, EX_STRAND_READY)) {
        if (ex_queue_is_empty(worker) && resumes != 0) {
            return strand;
        }
        ex_queue_push(worker, strand);
    }
    return __builtin_expect(resumes == 0, 0) ? NULL : ex_queue_pop(worker);
}

/* The next one, when `strand` returned `value`; those that waited for it, and for them, went on. */
static inline struct ex_strand *
finish(struct ex_worker *worker, struct ex_strand *strand, int64_t value, int *resumes) {
    do {
        ex_turn_close(strand);
        if (__builtin_expect(*resumes == 0, 0)) {
            ex_task_return(worker, strand, value);
            return NULL;
        }
        strand = ex_task_return_plain(worker, strand, value);
        if (strand == NULL) {
            return ex_queue_pop(worker);
        }
        value = go_on(worker, strand, value);
        --*resumes;
    } while (value != EX_PENDING);
    return follow(worker, strand, *resumes);
}

static bool run_plain(struct ex_worker *worker) {
    int resumes = EX_TURN_RESUMES_MAX;
    struct ex_strand *strand = ex_queue_pop(worker);

    while (strand != NULL) {
        const int64_t value = resume_plain(worker, strand);
        resumes--;
        strand = __builtin_expect(value == EX_PENDING, 1) ? follow(worker, strand, resumes)
                                                          : finish(worker, strand, value, &resumes);
    }
    worker->local.running = NULL;
    ex_worker_add(&worker->counters.resume_count, (uint64_t)(EX_TURN_RESUMES_MAX - resumes));
    return resumes == 0;
}

bool ex_turn_run(struct ex_worker *worker) {
    if (__builtin_expect(worker->is_plain, 1)) {
        return run_plain(worker);
    }
    return worker->observer != NULL || worker->keeps_times ? run_watched(worker)
                                                           : run_shared(worker);
}
