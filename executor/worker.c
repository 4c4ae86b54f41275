#include "executor/worker.h"

#include <errno.h>
#include <ex/panic.h>
#include <string.h>
#ifndef EX_SMALL
#include <unistd.h>
#endif

_Static_assert(EX_LOCAL_LIST_COUNT == EX_SLAB_CLASS_COUNT + EX_SLAB_BIG_COUNT, "a list a class");

/* Of threads that run no tasks; never written. */
static struct ex_local nobody = {.owner = EX_WORKER_NOT_PLAIN};

#ifdef EX_SMALL
struct ex_worker *ex_worker_self;
struct ex_local *ex_local_self = &nobody;
#else
__thread struct ex_local *ex_local_self = &nobody;
__thread struct ex_worker *ex_worker_self __attribute__((tls_model("initial-exec")));
#endif
struct ex_worker *ex_worker_of[EX_WORKER_COUNT_MAX];

#ifndef EX_SMALL
static void wait_in_park(struct ex_worker *worker, uint64_t deadline_ns) {
    ex_park_wait(&worker->park, deadline_ns);
}

void ex_worker_notify_thread(struct ex_worker *worker) {
    static const uint64_t one = 1;

    ex_park_notify(&worker->park);
    const int bell = __atomic_load_n(&worker->bell, __ATOMIC_SEQ_CST);
    if (bell >= 0 && write(bell, &one, sizeof one) < 0) {
        /* Its count is at the top: it was rung, and is still heard. */
        EX_ASSERT(errno == EAGAIN);
    }
}

static const struct ex_worker_wait park_waits = {wait_in_park, ex_worker_notify_thread};
#endif

void ex_worker_become(struct ex_worker *worker) {
    ex_worker_self = worker;
    ex_local_self = worker == NULL ? &nobody : &worker->local;
}

static int take_id(struct ex_worker *worker) {
    for (uint16_t id = 0; id < EX_WORKER_COUNT_MAX; id++) {
        struct ex_worker *none = NULL;
        if (__atomic_compare_exchange_n(&ex_worker_of[id],
                                        &none,
                                        worker,
                                        false,
                                        __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
            worker->id = id;
            return 0;
        }
    }
    return -EAGAIN;
}

int ex_worker_init(struct ex_worker *worker,
                   struct ex_scheduler *scheduler,
                   struct ex_memory *memory,
                   const struct ex_observer *observer,
                   bool keeps_times,
                   bool is_shared) {
    memset(worker, 0, sizeof *worker);
    worker->local.tail = &worker->local.queue;
    worker->scheduler = scheduler;
    worker->is_shared = is_shared;
    worker->is_plain = !is_shared && observer == NULL && !keeps_times;
    worker->keeps_times = keeps_times;
    worker->observer = observer;
    worker->local.spawn_state = EX_WORKER_SPAWN;
    ex_slab_init(&worker->slab, worker->local.free, memory, worker, scheduler);
    worker->slab.has_times = keeps_times;
    worker->slab.local = worker->is_plain ? worker : EX_WORKER_NOT_LOCAL;
#ifndef EX_SMALL
    pthread_mutex_init(&worker->theft, NULL);
    ex_park_init(&worker->park);
    pthread_mutex_init(&worker->wheel_lock, NULL);
    ex_wheel_init(&worker->wheel);
    worker->bell = -1;
    worker->waits = &park_waits;
#endif
    const int status = take_id(worker);
    worker->slab.owner_id = worker->id;
    worker->local.owner = worker->is_plain ? worker->id : EX_WORKER_NOT_PLAIN;
    return status;
}

void ex_worker_deinit(struct ex_worker *worker) {
    EX_ASSERT(__atomic_load_n(&ex_worker_of[worker->id], __ATOMIC_RELAXED) == worker);

    __atomic_store_n(&ex_worker_of[worker->id], NULL, __ATOMIC_RELEASE);
    ex_slab_deinit(&worker->slab);
#ifndef EX_SMALL
    ex_stack_deinit(&worker->stacks);
    EX_ASSERT(ex_wheel_next(&worker->wheel) == EX_WHEEL_NEVER);
    pthread_mutex_destroy(&worker->wheel_lock);
    ex_park_deinit(&worker->park);
    pthread_mutex_destroy(&worker->theft);
#endif
}
