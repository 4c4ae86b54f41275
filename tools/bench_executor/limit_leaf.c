#include "tools/bench_executor/limit.h"
#include "tools/bench_executor/limit_queue.h"
#include "tools/bench_executor/row.h"

#define DEPTH_MAX 64

/* A call that is suspended. Each layer keeps a local over the call of the next. */
struct limit_frame {
    void (*resume)(struct limit_task *task, struct limit_frame *frame);
    uint64_t local;
    uint64_t result; /* of the call that it awaits */
};

static struct limit_frame frames[DEPTH_MAX];
static void (*const layers[DEPTH_MAX])(struct limit_task *task, struct limit_frame *frame);
static unsigned depth;

/* Ends a call: its caller goes on at once with the result. */
static void finish(struct limit_task *task, struct limit_frame *frame, uint64_t result) {
    if (frame == frames) {
        task->result = (uint32_t)result;
        return;
    }
    frame[-1].result = result;
    frame[-1].resume(task, frame - 1);
}

static void leaf_resume(struct limit_task *task, struct limit_frame *frame) {
    if (task->left-- != 0) {
        limit_push(task);
    } else {
        finish(task, frame, frame->local);
    }
}

/* Sixty-four functions that no compiler can merge, since each adds its own number. */
#define LAYER(number)                                                                              \
    static void after_##number(struct limit_task *task, struct limit_frame *frame) {               \
        finish(task, frame, frame->result + frame->local + 0##number);                             \
    }                                                                                              \
    static void layer_##number(struct limit_task *task, struct limit_frame *frame) {               \
        frame->local = task->left ^ 0##number;                                                     \
        frame->resume = after_##number;                                                            \
        const unsigned below = (unsigned)(frame - frames) + 1;                                     \
        if (below == depth) {                                                                      \
            frame->resume = leaf_resume;                                                           \
            task->leaf = frame;                                                                    \
            limit_push(task);                                                                      \
        } else {                                                                                   \
            layers[below](task, &frames[below]);                                                   \
        }                                                                                          \
    }
#define EIGHT(make, row)                                                                           \
    make(row##0) make(row##1) make(row##2) make(row##3) make(row##4) make(row##5) make(row##6)     \
        make(row##7)
#define ALL(make)                                                                                  \
    EIGHT(make, 0)                                                                                 \
    EIGHT(make, 1)                                                                                 \
    EIGHT(make, 2)                                                                                 \
    EIGHT(make, 3) EIGHT(make, 4) EIGHT(make, 5) EIGHT(make, 6) EIGHT(make, 7)

ALL(LAYER)

#define NAME(number) layer_##number,
static void (*const layers[DEPTH_MAX])(struct limit_task *task,
                                       struct limit_frame *frame) = {ALL(NAME)};

static void task_resume(struct limit_task *task) {
    task->leaf->resume(task, task->leaf);
}

static uint64_t wake_leaf(uint64_t count, unsigned layers_wanted) {
    struct limit_task task = {.resume = task_resume, .left = count};
    depth = layers_wanted;
    layers[0](&task, &frames[0]);
    const uint64_t before = row_cpu_ns();
    limit_drain();
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(task.left == UINT64_MAX, "the leaf was resumed to the end");
    return spent;
}

uint64_t limit_wake_leaf_1(uint64_t count) {
    return wake_leaf(count, 1);
}

uint64_t limit_wake_leaf_8(uint64_t count) {
    return wake_leaf(count, 8);
}

uint64_t limit_wake_leaf_64(uint64_t count) {
    return wake_leaf(count, DEPTH_MAX);
}
