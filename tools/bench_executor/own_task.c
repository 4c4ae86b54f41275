#include <errno.h>
#include <stdlib.h>

#include <ex/scheduler.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

struct ex_scheduler *own_begin(void) {
    struct ex_scheduler *scheduler;
    const struct ex_scheduler_options options = {0};
    row_expect(ex_scheduler_create(&scheduler, &options) == 0, "there is a scheduler");
    return scheduler;
}

void own_end(struct ex_scheduler *scheduler) {
    row_expect(ex_scheduler_run(scheduler) == 0, "every task has returned");
    ex_scheduler_destroy(scheduler);
}

static __attribute__((noinline, cold, noreturn)) void no_memory(void) {
    row_expect(false, "there is memory for a task");
    abort();
}

static inline __attribute__((always_inline)) void *new_task(struct ex_scheduler *scheduler,
                                                            size_t size) {
    void *frame = ex_task_new(scheduler, size);
    if (frame == NULL) {
        no_memory();
    }
    return frame;
}

/* What the outermost task of a benchmark is given, and leaves. */
static uint64_t wanted;
static uint64_t before;
static uint64_t result;
static uint64_t ended; /* tasks that came to their end */

/* Runs one outermost task of a benchmark. */
static uint64_t run(struct ex_frame *(*init)(void *memory), size_t size, uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    wanted = count;
    ended = 0;
    ex_task_spawn_detached(init(new_task(scheduler, size)));
    own_end(scheduler);
    return result;
}

/* ---- memory ---- */

struct idle {
    struct ex_frame frame;
    uint64_t words[3];
};

EX_RESUME(idle) {
    EX_BEGIN(idle);
    while (!ex_strand_take_cancel(strand)) {
        self->words[0]++;
        EX_SUSPEND();
    }
    EX_RETURN(-ECANCELED);
    EX_END();
}

static struct ex_frame *idle(struct idle *self) {
    return EX_FRAME(self, idle);
}

struct crowd {
    struct ex_frame frame;
};

EX_RESUME(crowd) {
    EX_BEGIN(crowd);
    before = row_resident_bytes();
    for (uint64_t i = 0; i < wanted; i++) {
        ex_task_spawn_detached(idle(new_task(NULL, sizeof(struct idle))));
    }
    EX_YIELD(); /* each of them has waited */
    result = row_resident_bytes() - before;
    ex_scheduler_abort(ex_scheduler_current());
    EX_END();
}

static struct ex_frame *crowd(void *memory) {
    struct crowd *self = memory;
    return EX_FRAME(self, crowd);
}

uint64_t own_task(uint64_t count) {
    return run(crowd, sizeof(struct crowd), count);
}

/* ---- yield ---- */

static uint64_t tasks; /* that yield */

struct yielding {
    struct ex_frame frame;
    uint64_t left;
};

/* Out of the way of what is measured. */
static __attribute__((noinline)) void note_end(void) {
    ended++;
    if (ended == tasks) {
        result = row_cpu_ns() - before; /* by one alone: looking costs more than a yield */
    }
}

EX_RESUME(yielding) {
    EX_BEGIN(yielding);
    do { /* the first time before any goes on: all are spawned then */
        EX_YIELD();
    } while (self->left-- != 0);
    note_end();
    EX_END();
}

static struct ex_frame *yielding(struct yielding *self, uint64_t left) {
    self->left = left;
    return EX_FRAME(self, yielding);
}

/* Spawns tasks, and takes the time from when all of them wait for their second turn; the last to
 * end takes it then. */
struct yield_all {
    struct ex_frame frame;
};

EX_RESUME(yield_all) {
    EX_BEGIN(yield_all);
    for (uint64_t i = 0; i < tasks; i++) {
        struct yielding *task = new_task(NULL, sizeof *task);
        ex_task_spawn_detached(yielding(task, wanted / tasks));
    }
    EX_YIELD();
    before = row_cpu_ns();
    EX_END();
}

static struct ex_frame *yield_all_1(void *memory) {
    struct yield_all *self = memory;
    tasks = 1;
    return EX_FRAME(self, yield_all);
}

static struct ex_frame *yield_all_100k(void *memory) {
    struct yield_all *self = memory;
    tasks = OWN_TASKS_MANY;
    return EX_FRAME(self, yield_all);
}

uint64_t own_yield_1(uint64_t count) {
    const uint64_t spent = run(yield_all_1, sizeof(struct yield_all), count);
    row_expect(ended == 1, "the task has yielded to the end");
    return spent;
}

uint64_t own_yield_100k(uint64_t count) {
    const uint64_t spent = run(yield_all_100k, sizeof(struct yield_all), count);
    row_expect(ended == OWN_TASKS_MANY, "every task has yielded to the end");
    return spent;
}

/* ---- spawn ---- */

struct child {
    struct ex_frame frame;
};

EX_RESUME(child) {
    EX_BEGIN(child);
    ended++;
    EX_RETURN(1);
    EX_END();
}

static struct ex_frame *child(struct child *self) {
    return EX_FRAME(self, child);
}

struct batches {
    struct ex_frame frame;
};

EX_RESUME(batches) {
    EX_BEGIN(batches);
    before = row_cpu_ns();
    while (ended < wanted) {
        for (uint32_t i = 0; i < OWN_SPAWN_BATCH; i++) {
            ex_task_spawn_detached(child(new_task(NULL, sizeof(struct child))));
        }
        EX_YIELD();
    }
    result = row_cpu_ns() - before;
    EX_END();
}

static struct ex_frame *batches(void *memory) {
    struct batches *self = memory;
    return EX_FRAME(self, batches);
}

uint64_t own_spawn_run(uint64_t count) {
    const uint64_t spent = run(batches, sizeof(struct batches), count);
    row_expect(ended == count, "every task has run");
    return spent;
}

struct parent {
    struct ex_frame frame;
    struct ex_task_join join;
    uint64_t left;
};

EX_RESUME(parent) {
    EX_BEGIN(parent);
    do {
        EX_AWAIT(
            ex_task_join(&self->join, ex_task_spawn(child(new_task(NULL, sizeof(struct child))))));
    } while ((self->left -= (uint64_t)value) != 0);
    EX_END();
}

static struct ex_frame *parent(struct parent *self, uint64_t count) {
    self->left = count;
    return EX_FRAME(self, parent);
}

struct timed_parent {
    struct ex_frame frame;
    struct parent parent;
};

EX_RESUME(timed_parent) {
    EX_BEGIN(timed_parent);
    before = row_cpu_ns();
    EX_AWAIT(parent(&self->parent, wanted));
    result = row_cpu_ns() - before;
    EX_END();
}

static struct ex_frame *timed_parent(void *memory) {
    struct timed_parent *self = memory;
    return EX_FRAME(self, timed_parent);
}

uint64_t own_spawn_await(uint64_t count) {
    const uint64_t spent = run(timed_parent, sizeof(struct timed_parent), count);
    row_expect(ended == count, "every child was awaited");
    return spent;
}
