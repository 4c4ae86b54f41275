#include <ex/blocking.h>

#include "executor/crew.h"
#include "executor/wait.h"

/* On a thread of the pool. The scheduler lives until its pool is gone, so the waker may be late. */
static void run(struct ex_pool_job *job) {
    struct ex_blocking_call *const self =
        (struct ex_blocking_call *)(void *)((char *)job - offsetof(struct ex_blocking_call, job));
    const struct ex_waker waker = self->waker;

    self->value = self->function(self->argument);
    EX_REQUIRE(self->value != EX_PENDING,
               "ex_blocking_call: the function returned EX_PENDING, which is no result; return "
               "another number");
    ex_pool_end(self->pool, job);
    ex_waker_wake(waker);
}

static int begin(struct ex_blocking_call *self, struct ex_strand *strand) {
    EX_REQUIRE(ex_worker_self != NULL,
               "ex_blocking_call: awaited outside of any scheduler; await it in a task");
    self->pool = &ex_worker_self->scheduler->pool;
    self->waker = ex_waker_of(strand);
    self->job.run = run;
    return ex_pool_add(self->pool, &self->job);
}

/* EX_PENDING: it waits on. */
static int64_t go_on(struct ex_blocking_call *self, struct ex_strand *strand) {
    const bool is_cancelled =
        ex_strand_is(strand, EX_STRAND_CANCEL) && !ex_strand_is(strand, EX_STRAND_SHIELDS);
    const uint8_t state = ex_pool_ask(self->pool, &self->job, is_cancelled);

    if (state == EX_POOL_ENDED) {
        return self->value;
    }
    return state == EX_POOL_QUEUED && ex_strand_take_cancel(strand) ? -ECANCELED : EX_PENDING;
}

EX_RESUME(ex_blocking_call) {
    EX_BEGIN(ex_blocking_call);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    if (value != 0) {
        EX_RETURN(value);
    }
    do {
        EX_SUSPEND();
        value = go_on(self, strand);
    } while (value == EX_PENDING);
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *
ex_blocking_call(struct ex_blocking_call *self, ex_blocking_function *function, void *argument) {
    EX_REQUIRE(function != NULL, "ex_blocking_call: the function is NULL");
    self->function = function;
    self->argument = argument;
    return EX_FRAME(self, ex_blocking_call);
}
