#include <ex/scheduler.h>
#include <ex/stream.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

#define WRAPPERS 3

static uint64_t wanted;
static uint64_t spent;

/* One after the other, until nobody wants more. */
struct source {
    struct ex_frame frame;
    struct ex_generator generator;
    int64_t next;
};

EX_RESUME(source) {
    EX_BEGIN(source);
    for (;;) {
        EX_YIELD_ITEM(self->next);
        if (value < 0) {
            EX_RETURN(value);
        }
        self->next++;
    }
    EX_END();
}

static struct ex_frame *source(struct source *self) {
    self->next = 0;
    return EX_FRAME(self, source);
}

/* Yields one more than each item of a stream, whatever that is. */
struct wrapper {
    struct ex_frame frame;
    struct ex_generator generator;
    struct ex_stream inner;
};

EX_RESUME(wrapper) {
    EX_BEGIN(wrapper);
    for (;;) {
        EX_AWAIT(ex_stream_next(&self->inner));
        if (value <= 0) {
            EX_RETURN(value);
        }
        EX_YIELD_ITEM(self->inner.item + 1);
        if (value < 0) {
            EX_AWAIT(ex_stream_close(&self->inner));
            EX_RETURN(value);
        }
    }
    EX_END();
}

static struct ex_frame *wrapper(struct wrapper *self, struct ex_frame *generator) {
    ex_stream_open(&self->inner, generator);
    return EX_FRAME(self, wrapper);
}

struct consumer {
    struct ex_frame frame;
    struct ex_stream stream;
    struct wrapper wrappers[WRAPPERS];
    struct source source;
    uint64_t before;
    uint64_t left;
    int64_t sum;
};

EX_RESUME(consumer) {
    EX_BEGIN(consumer);
    self->before = row_cpu_ns();
    for (self->left = wanted; self->left != 0; self->left--) {
        EX_AWAIT(ex_stream_next(&self->stream));
        if (value <= 0) {
            break;
        }
        self->sum += self->stream.item;
    }
    spent = row_cpu_ns() - self->before;
    row_expect(self->left == 0, "the stream has no end");
    EX_AWAIT(ex_stream_close(&self->stream));
    EX_RETURN(self->sum);
    EX_END();
}

static struct ex_frame *consumer(struct consumer *self) {
    struct ex_frame *inner = source(&self->source);
    for (unsigned i = 0; i < WRAPPERS; i++) {
        inner = wrapper(&self->wrappers[i], inner);
    }
    ex_stream_open(&self->stream, inner);
    self->sum = 0;
    return EX_FRAME(self, consumer);
}

uint64_t own_nested_generator(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct consumer *frame = ex_task_new(scheduler, sizeof *frame);
    row_expect(frame != NULL, "there is memory for a task");
    wanted = count;
    struct ex_task *task = ex_task_spawn(consumer(frame));
    row_expect(ex_scheduler_run(scheduler) == 0, "the task has returned");
    row_expect((uint64_t)ex_task_take(task) == count * (count - 1) / 2 + WRAPPERS * count,
               "every item came through every wrapper");
    own_end(scheduler);
    return spent;
}
