#include <ex/scheduler.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

#define THREADS 2

/* CPU time of both threads until every task has returned; they run from the first spawn on. */
static uint64_t run(struct ex_scheduler *scheduler, uint64_t before) {
    row_expect(ex_scheduler_run(scheduler) == 0, "every task has returned");
    const uint64_t spent = row_cpu_ns() - before;
    ex_scheduler_destroy(scheduler);
    return spent;
}

static struct ex_scheduler *begin(void) {
    struct ex_scheduler *scheduler;
    const struct ex_scheduler_options options = {.worker_count = THREADS};
    row_expect(ex_scheduler_create(&scheduler, &options) == 0, "there is a scheduler");
    return scheduler;
}

static void *new_task(struct ex_scheduler *scheduler, size_t size) {
    void *frame = ex_task_new(scheduler, size);
    if (frame == NULL) {
        row_expect(false, "there is memory for a task");
    }
    return frame;
}

struct yielder {
    struct ex_frame frame;
    uint64_t left;
};

EX_RESUME(yielder) {
    EX_BEGIN(yielder);
    for (; self->left != 0; self->left--) {
        EX_YIELD();
    }
    EX_END();
}

static struct ex_frame *yielder(struct yielder *self, uint64_t left) {
    self->left = left;
    return EX_FRAME(self, yielder);
}

/* Enough for both threads, spawned by one task. */
struct yielders {
    struct ex_frame frame;
    uint64_t each;
};

EX_RESUME(yielders) {
    EX_BEGIN(yielders);
    for (uint32_t i = 0; i < OWN_THREADS_TASKS; i++) {
        struct yielder *task = new_task(NULL, sizeof *task);
        ex_task_detach(ex_task_spawn(yielder(task, self->each)));
    }
    EX_END();
}

static struct ex_frame *yielders(struct yielders *self, uint64_t each) {
    self->each = each;
    return EX_FRAME(self, yielders);
}

uint64_t own_mt_yield(uint64_t count) {
    struct ex_scheduler *scheduler = begin();
    const uint64_t before = row_cpu_ns();
    struct yielders *task = new_task(scheduler, sizeof *task);
    ex_task_detach(ex_task_spawn(yielders(task, count / OWN_THREADS_TASKS)));
    return run(scheduler, before);
}

struct leaf {
    struct ex_frame frame;
};

EX_RESUME(leaf) {
    EX_BEGIN(leaf);
    EX_RETURN(1);
    EX_END();
}

static struct ex_frame *leaf(struct leaf *self) {
    return EX_FRAME(self, leaf);
}

/* Spawns batches and awaits each of a batch; one for each thread. */
struct spawner {
    struct ex_frame frame;
    struct ex_task_join join;
    uint64_t left;
    uint32_t at;
    struct ex_task *batch[OWN_SPAWN_BATCH];
};

EX_RESUME(spawner) {
    EX_BEGIN(spawner);
    while (self->left != 0) {
        for (uint32_t i = 0; i < OWN_SPAWN_BATCH; i++) {
            self->batch[i] = ex_task_spawn(leaf(new_task(NULL, sizeof(struct leaf))));
        }
        for (self->at = 0; self->at < OWN_SPAWN_BATCH; self->at++) {
            EX_AWAIT(ex_task_join(&self->join, self->batch[self->at]));
            self->left -= (uint64_t)value;
        }
    }
    EX_END();
}

static struct ex_frame *spawner(struct spawner *self, uint64_t count) {
    self->left = count;
    return EX_FRAME(self, spawner);
}

uint64_t own_mt_spawn(uint64_t count) {
    row_expect(count % (THREADS * OWN_SPAWN_BATCH) == 0, "each thread spawns whole batches");
    struct ex_scheduler *scheduler = begin();
    const uint64_t before = row_cpu_ns();
    for (unsigned i = 0; i < THREADS; i++) {
        struct spawner *task = new_task(scheduler, sizeof *task);
        ex_task_detach(ex_task_spawn(spawner(task, count / THREADS)));
    }
    return run(scheduler, before);
}
