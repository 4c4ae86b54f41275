#include <errno.h>

#include <ex/scheduler.h>
#include <ex/waker.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

static uint64_t wanted;

/* The innermost: wakes its strand, as whatever it waits for would, and waits. */
struct layer_00 {
    struct ex_frame frame;
    uint64_t left;
};

EX_RESUME(layer_00) {
    EX_BEGIN(layer_00);
    self->left = wanted;
    do {
        if (ex_strand_take_cancel(strand)) {
            EX_RETURN(-ECANCELED);
        }
        ex_waker_wake(ex_waker_of(strand));
        EX_SUSPEND();
    } while (--self->left != 0);
    EX_RETURN(1);
    EX_END();
}

static struct ex_frame *layer_00(struct layer_00 *self) {
    return EX_FRAME(self, layer_00);
}

/* A function of its own, with the one below in its frame and a local that lives meanwhile. */
#define LAYER(number, below)                                                                       \
    struct layer_##number {                                                                        \
        struct ex_frame frame;                                                                     \
        struct layer_##below inner;                                                                \
        int64_t local;                                                                             \
    };                                                                                             \
    EX_RESUME(layer_##number) {                                                                    \
        EX_BEGIN(layer_##number);                                                                  \
        self->local = (int64_t)(wanted ^ 0##number);                                               \
        EX_AWAIT(layer_##below(&self->inner));                                                     \
        EX_RETURN(value + (self->local == (int64_t)(wanted ^ 0##number)));                         \
        EX_END();                                                                                  \
    }                                                                                              \
    static struct ex_frame *layer_##number(struct layer_##number *self) {                          \
        return EX_FRAME(self, layer_##number);                                                     \
    }
#define SEVEN(row)                                                                                 \
    LAYER(row##1, row##0)                                                                          \
    LAYER(row##2, row##1)                                                                          \
    LAYER(row##3, row##2)                                                                          \
    LAYER(row##4, row##3) LAYER(row##5, row##4) LAYER(row##6, row##5) LAYER(row##7, row##6)

/* Sixty-four, in octal. */
SEVEN(0)
LAYER(10, 07)
SEVEN(1)
LAYER(20, 17)
SEVEN(2)
LAYER(30, 27)
SEVEN(3)
LAYER(40, 37)
SEVEN(4)
LAYER(50, 47)
SEVEN(5)
LAYER(60, 57)
SEVEN(6)
LAYER(70, 67)
SEVEN(7)

static uint64_t
finish(struct ex_scheduler *scheduler, struct ex_frame *frame, uint64_t count, int64_t depth) {
    struct ex_task *task = ex_task_spawn(frame);
    wanted = count;
    const uint64_t before = row_cpu_ns();
    row_expect(ex_scheduler_run(scheduler) == 0, "the task has returned");
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(ex_task_take(task) == depth, "every layer came to its end");
    own_end(scheduler);
    return spent;
}

static void *new_task(struct ex_scheduler *scheduler, size_t size) {
    void *frame = ex_task_new(scheduler, size);
    row_expect(frame != NULL, "there is memory for a task");
    return frame;
}

uint64_t own_wake_leaf_1(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct layer_00 *task = new_task(scheduler, sizeof *task);
    return finish(scheduler, layer_00(task), count, 1);
}

uint64_t own_wake_leaf_8(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct layer_07 *task = new_task(scheduler, sizeof *task);
    return finish(scheduler, layer_07(task), count, 8);
}

uint64_t own_wake_leaf_64(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct layer_77 *task = new_task(scheduler, sizeof *task);
    return finish(scheduler, layer_77(task), count, 64);
}
