#include "executor/loop.h"

#include "executor/crew.h"
#include "executor/ready.h"
#include "executor/timer.h"
#include "executor/turn.h"

#include <errno.h>

static bool is_over(const struct ex_scheduler *scheduler) {
    return __atomic_load_n(&scheduler->is_stopped, __ATOMIC_ACQUIRE) != 0 ||
           ex_crew_live_count(scheduler) == 0;
}

/* One turn, what others woke, and what is due; true when something is ready. */
static bool step(struct ex_worker *worker) {
    bool is_ready = ex_turn_run(worker);

    is_ready = ex_ready_drain(worker) || is_ready;
    return ex_timer_fire(worker) || is_ready;
}

static void sleep_until(struct ex_worker *worker, uint64_t deadline_ns) {
    __atomic_store_n(&worker->is_asleep, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&worker->remote, __ATOMIC_SEQ_CST) == NULL &&
        __atomic_load_n(&worker->scheduler->is_stopped, __ATOMIC_SEQ_CST) == 0) {
        worker->waits->wait(worker, deadline_ns);
    }
    __atomic_store_n(&worker->is_asleep, 0, __ATOMIC_RELAXED);
}

int ex_loop_run(struct ex_worker *worker) {
    int status = 0;

    while (!is_over(worker->scheduler)) {
        if (step(worker) || is_over(worker->scheduler)) {
            continue;
        }
        if (worker->waits == NULL) {
            status = -EDEADLK;
            break;
        }
        sleep_until(worker, ex_timer_next(worker));
    }
    return status;
}

void ex_loop_poll(struct ex_worker *worker) {
    while (step(worker)) {
    }
}
