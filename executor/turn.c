#include "executor/turn.h"

#include "executor/ready.h"
#include "executor/task.h"

/* Written once for both kinds of worker, so that a local one pays for no bracket. */
static inline __attribute__((always_inline)) struct ex_strand *take_next(struct ex_worker *worker,
                                                                         bool is_shared) {
    if (is_shared) {
        ex_ready_enter(worker);
    }
    struct ex_strand *const strand = ex_ready_pop(worker);
    if (strand != NULL) {
        ex_strand_clear(strand, EX_STRAND_READY);
        worker->running = strand;
    }
    if (is_shared) {
        ex_ready_leave(worker);
    }
    return strand;
}

static inline __attribute__((always_inline)) void
put_back(struct ex_worker *worker, struct ex_strand *strand, bool is_shared) {
    if (is_shared) {
        ex_ready_enter(worker);
    }
    ex_ready_push(worker, strand);
    if (is_shared) {
        ex_ready_leave(worker);
    }
}

static inline __attribute__((always_inline)) bool run(struct ex_worker *worker, bool is_shared) {
    for (int resumes = EX_TURN_RESUMES_MAX; resumes > 0; resumes--) {
        struct ex_strand *const strand = take_next(worker, is_shared);

        if (strand == NULL) {
            break;
        }
        worker->budget = EX_WORKER_BUDGET;
        const int64_t value = ex_turn_resume(strand, 0);
        if (__builtin_expect(value != EX_PENDING, 0)) {
            ex_task_return(worker, strand, value);
        } else if (ex_strand_is(strand, EX_STRAND_READY)) {
            put_back(worker, strand, is_shared);
        }
    }
    worker->running = NULL;
    return worker->head != NULL;
}

bool ex_turn_run(struct ex_worker *worker) {
    return worker->is_shared ? run(worker, true) : run(worker, false);
}
