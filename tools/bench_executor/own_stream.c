#include <errno.h>

#include <ex/future.h>
#include <ex/scheduler.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

static uint64_t spent;

/* Runs `frame`, in memory that outlives the run, to its end; its result. */
static int64_t run(struct ex_frame *(*init)(void *memory), size_t size) {
    struct ex_scheduler *scheduler = own_begin();
    void *memory = ex_task_new(scheduler, size);
    row_expect(memory != NULL, "there is memory for a task");
    struct ex_task *task = ex_task_spawn(init(memory));
    row_expect(ex_scheduler_run(scheduler) == 0, "the task has returned");
    const int64_t result = ex_task_take(task);
    own_end(scheduler);
    return result;
}

/* ---- erased calls: a source and three that add one to each element ---- */

struct stream {
    struct ex_future (*next)(struct stream *stream);
    struct ex_recycler recycler;
    struct stream *below;
    int64_t state;
};

struct source_next {
    struct ex_frame frame;
    struct stream *stream;
};

EX_RESUME(source_next) {
    EX_BEGIN(source_next);
    EX_RETURN(self->stream->state++);
    EX_END();
}

static struct ex_future source_next(struct stream *stream) {
    struct source_next *self = ex_recycler_take(&stream->recycler, sizeof *self);
    if (self == NULL) {
        return ex_future_of_error(-ENOMEM);
    }
    self->stream = stream;
    return ex_future_of_block(EX_FRAME(self, source_next));
}

struct add_next {
    struct ex_frame frame;
    struct stream *stream;
    struct ex_future future;
};

EX_RESUME(add_next) {
    EX_BEGIN(add_next);
    EX_AWAIT_FUTURE(self->future, self->stream->below->next(self->stream->below));
    EX_RETURN(value < 0 ? value : value + self->stream->state);
    EX_END();
}

static struct ex_future add_next(struct stream *stream) {
    struct add_next *self = ex_recycler_take(&stream->recycler, sizeof *self);
    if (self == NULL) {
        return ex_future_of_error(-ENOMEM);
    }
    self->stream = stream;
    return ex_future_of_block(EX_FRAME(self, add_next));
}

struct sum {
    struct ex_frame frame;
    struct stream *volatile outermost;
    struct ex_future future;
    uint64_t i, sum, before;
};

static uint64_t wanted;
static struct stream streams[4];

EX_RESUME(sum) {
    EX_BEGIN(sum);
    self->before = row_cpu_ns();
    for (; self->i < wanted; self->i++) {
        EX_AWAIT_FUTURE(self->future, self->outermost->next(self->outermost));
        self->sum += (uint64_t)value;
    }
    spent = row_cpu_ns() - self->before;
    EX_RETURN((int64_t)self->sum);
    EX_END();
}

static struct ex_frame *sum(void *memory) {
    struct sum *self = memory;
    *self = (struct sum){.outermost = &streams[3]};
    return EX_FRAME(self, sum);
}

uint64_t own_nested_stream(uint64_t count) {
    wanted = count;
    streams[0] = (struct stream){.next = source_next};
    for (int i = 1; i < 4; i++) {
        streams[i] = (struct stream){.next = add_next, .below = &streams[i - 1], .state = 1};
    }
    const int64_t result = run(sum, sizeof(struct sum));
    row_expect((uint64_t)result == count * (count - 1) / 2 + 3 * count, "every element came");
    for (int i = 0; i < 4; i++) {
        row_expect(streams[i].recycler.block_count == 1, "each layer has allocated once");
        ex_recycler_deinit(&streams[i].recycler);
    }
    return spent;
}
