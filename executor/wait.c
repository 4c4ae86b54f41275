#include "executor/wait.h"

#ifndef EX_SMALL
#include "executor/park.h"

_Static_assert(EX_WORKER_COUNT_MAX <= EX_STRAND_OWNER_THREAD, "no worker has this number");

struct thread {
    struct ex_strand strand;
    struct ex_park park;
};
#endif

void ex_wait_guard_init_slowly(struct ex_wait_guard *guard, enum ex_wait_kind kind) {
#ifdef EX_SMALL
    (void)guard;
    (void)kind;
    EX_REQUIRE(false, "an ex_*_init: a kind other than EX_WAIT_LOCAL");
#else
    EX_REQUIRE(kind == EX_WAIT_SHARED,
               "an ex_*_init or ex_*_create: a kind other than EX_WAIT_LOCAL and EX_WAIT_SHARED");
    guard->thread = 0;
    const int status = pthread_mutex_init(&guard->mutex, NULL);
    EX_ASSERT(status == 0);
#endif
}

void ex_wait_guard_deinit_slowly(struct ex_wait_guard *guard) {
#ifdef EX_SMALL
    (void)guard;
#else
    const int status = pthread_mutex_destroy(&guard->mutex);
    EX_REQUIRE(
        status == 0,
        "an ex_*_deinit, ex_*_destroy or last ex_*_drop: another thread uses the object still");
#endif
}

void ex_wait_require_thread(const struct ex_wait_guard *guard) {
    EX_REQUIRE(
        guard->thread == 0 || guard->thread == ex_wait_thread(),
        guard->thread == EX_WAIT_DESTROYED
            ? "a lock, channel or the like is used after its ex_*_deinit, or its last ex_*_drop"
            : "a lock, channel or the like of kind EX_WAIT_LOCAL is used by another thread "
              "than made it, or was never initialised; make it with EX_WAIT_SHARED");
}

void ex_wait_enter_slowly(struct ex_wait_guard *guard) {
    ex_wait_require_thread(guard);
#ifndef EX_SMALL
    pthread_mutex_lock(&guard->mutex);
#endif
}

void ex_wait_wake_slowly(struct ex_strand *strand) {
#ifndef EX_SMALL
    if (__atomic_load_n(&strand->owner, __ATOMIC_RELAXED) == EX_STRAND_OWNER_THREAD) {
        ex_park_notify(&((struct thread *)(void *)strand)->park);
        return;
    }
#endif
    ex_waker_wake_strand(strand);
}

void ex_wait_end_all(const struct ex_wait_guard *guard,
                     struct ex_wait_queue *queue,
                     int64_t value) {
    while (queue->first != NULL) {
        ex_wait_end(guard, queue, queue->first, value);
    }
}

#ifndef EX_SMALL
int64_t ex_wait_block(const struct ex_wait_guard *guard, struct ex_frame *operation) {
    struct thread self = {.strand = {.leaf = operation, .owner = EX_STRAND_OWNER_THREAD}};

    EX_REQUIRE(
        guard->thread == 0,
        "an ex_*_blocking: the object is of kind EX_WAIT_LOCAL; make it with EX_WAIT_SHARED");
    EX_REQUIRE(ex_worker_self == NULL,
               "an ex_*_blocking: inside a task, whose thread would stand still; await the "
               "operation instead");
    ex_park_init(&self.park);
    int64_t value = operation->resume(operation, &self.strand, 0);
    while (value == EX_PENDING) {
        EX_ASSERT(self.strand.leaf == operation);
        ex_park_wait(&self.park, UINT64_MAX);
        value = operation->resume(operation, &self.strand, 0);
    }
    ex_park_deinit(&self.park);
    return value;
}
#endif
