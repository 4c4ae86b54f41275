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
    if (__builtin_expect(
            worker->lifo != NULL || ex_queue_is_empty(worker) ||
                ((worker->local.queue.next->state | strand->state) & EX_STRAND_PINNED) != 0,
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

/* What a task, or whom it waited for, has returned so far. */
struct outcome {
    int64_t value;
    uintptr_t up; /* of the frame that returned it */
};

static inline uintptr_t load_up(const struct ex_frame *frame) {
    return (uintptr_t)__atomic_load_n(&frame->up, __ATOMIC_RELAXED);
}

/* Hands it to the callers of who returned it. True: it is the outermost's by now, and its `up` is
 * where others wait for the task; else the strand waits. */
static inline bool climb_plain(struct ex_strand *strand, struct outcome *outcome) {
    if ((outcome->up & 1) != 0) {
        return true;
    }
    struct ex_frame *const frame = (struct ex_frame *)outcome->up;
    const int64_t value = frame->resume(frame, strand, outcome->value);
    if (ex_turn_is_pending(value)) {
        return false;
    }
    outcome->value = ex_turn_copy(value);
    outcome->up = load_up(frame);
    if ((outcome->up & 1) == 0) {
        outcome->value = ex_turn_climb(strand, (struct ex_frame *)outcome->up, outcome->value);
        outcome->up = load_up(ex_task_frame(ex_task_of(strand)));
    }
    return !ex_turn_is_pending(outcome->value);
}

static inline bool resume_plain(struct ex_strand *strand, struct outcome *outcome) {
    struct ex_frame *const leaf = strand->leaf;

    __asm__("" : : : "memory"); /* gcc would keep `state` in a register */
    ex_strand_clear(strand, EX_STRAND_READY);
    ex_budget_left = EX_WORKER_BUDGET;
    const int64_t value = leaf->resume(leaf, strand, 0);
    if (ex_turn_is_pending(value)) {
        return false;
    }
    outcome->value = ex_turn_copy(value);
    outcome->up = load_up(leaf);
    return climb_plain(strand, outcome);
}

/* Goes on with the value of what its leaf, a join, waited for. */
static inline bool
go_on_plain(struct ex_worker *worker, struct ex_strand *strand, struct outcome *outcome) {
    struct ex_frame *const join = strand->leaf;

    outcome->up = load_up(join);
    worker->local.running = strand;
    ex_budget_left = EX_WORKER_BUDGET;
    join->resume = ex_frame_completed;
    return climb_plain(strand, outcome);
}

static inline void end(struct ex_worker *worker, struct ex_strand *root) {
    ex_worker_add(&worker->counters.return_count, 1);
    ex_worker_add_identity(&root->identity, EX_STRAND_IDENTITY(1, 0));
    root->state ^= EX_STRAND_LIVE | EX_STRAND_RETURNED; /* what else is set, a spawn clears */
    ex_slab_free(root);
}

/* Ends a task that has returned. Who waits for it, if that one can go on at once; else NULL. */
static inline struct ex_strand *
end_plain(struct ex_worker *worker, struct ex_strand *root, const struct outcome *outcome) {
    struct ex_strand *const joiner = ex_task_joiner_plain(outcome->up);

    if ((outcome->up & EX_TASK_UP_PLAIN) == 0) {
        if (__builtin_expect(outcome->up == EX_TASK_UP_DETACHED, 1)) {
            end(worker, root);
            return NULL;
        }
    } else if (__builtin_expect(!ex_strand_is(joiner, EX_STRAND_READY), 1)) {
        uintptr_t up = outcome->up;
        end(worker, root);
        __asm__("" : "+r"(up)); /* so that it takes the register of `root`, which is gone */
        struct ex_strand *const next = ex_task_joiner_plain(up);
        if (next == NULL) {
            __builtin_unreachable();
        }
        return next;
    }
    ex_task_return(worker, root, outcome->value);
    return NULL;
}

/* Resumes `strand`, and who waits for it when it returned, and so on, which are counted in `left`
 * but not limited by it: each but the last returns. The one that waits now; NULL: all have
 * returned. */
static inline struct ex_strand *
run_one(struct ex_worker *worker, struct ex_strand *strand, int *left) {
    struct outcome outcome;
    bool has_returned = resume_plain(strand, &outcome);

    while (has_returned) {
        struct ex_strand *const root = strand;
        ex_turn_close(root);
        --*left;
        strand = end_plain(worker, root, &outcome);
        if (strand == NULL) {
            return NULL;
        }
        has_returned = go_on_plain(worker, strand, &outcome);
    }
    --*left;
    return strand;
}

static bool run_plain(struct ex_worker *worker) {
    struct ex_strand *strand = ex_queue_pop(worker);
    int left = EX_TURN_RESUMES_MAX - 1; /* after this one: its sign is at hand */

    while (strand != NULL) {
        worker->local.running = strand;
        do {
            strand = run_one(worker, strand, &left);
        } while (strand != NULL && left >= 0 &&
                 __builtin_expect(ex_strand_is(strand, EX_STRAND_READY), 0) &&
                 ex_queue_is_empty(worker));
        if (strand != NULL && __builtin_expect(ex_strand_is(strand, EX_STRAND_READY), 0)) {
            ex_queue_push(worker, strand);
        }
        strand = left < 0 ? NULL : ex_queue_pop(worker);
    }
    worker->local.running = NULL;
    ex_worker_add(&worker->counters.resume_count, (uint64_t)(EX_TURN_RESUMES_MAX - 1 - left));
    return left < 0;
}

bool ex_turn_run(struct ex_worker *worker) {
    if (__builtin_expect(worker->is_plain, 1)) {
        return run_plain(worker);
    }
    return worker->observer != NULL || worker->keeps_times ? run_watched(worker)
                                                           : run_shared(worker);
}
