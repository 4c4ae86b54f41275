#include <ex/channel.h>
#include <ex/scheduler.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

#define CAPACITY_MAX 128

static struct ex_channel there, back;
static uint64_t ring_there[CAPACITY_MAX], ring_back[CAPACITY_MAX];
static uint64_t spent;

static void begin_channels(size_t capacity) {
    const size_t size = capacity * sizeof(uint64_t);

    ex_channel_init_mem(&there, EX_WAIT_LOCAL, sizeof(uint64_t), ring_there, size);
    ex_channel_init_mem(&back, EX_WAIT_LOCAL, sizeof(uint64_t), ring_back, size);
}

static void end_channels(void) {
    ex_channel_deinit(&there);
    ex_channel_deinit(&back);
}

/* What each side keeps. */
struct side {
    union {
        struct ex_channel_send send;
        struct ex_channel_recv recv;
    } call;
    uint64_t left;
    uint64_t element;
    uint64_t before;
};

static void *new_task(struct ex_scheduler *scheduler, size_t size) {
    void *frame = ex_task_new(scheduler, size);

    row_expect(frame != NULL, "there is memory for a task");
    return frame;
}

/* ---- a value goes there and comes back ---- */

struct serve {
    struct ex_frame frame;
    struct side side;
};

EX_RESUME(serve) {
    EX_BEGIN(serve);
    self->side.before = row_cpu_ns();
    while (self->side.left != 0) {
        EX_AWAIT(ex_channel_send(&self->side.call.send, &there, &self->side.element));
        EX_AWAIT(ex_channel_recv(&self->side.call.recv, &back, &self->side.element));
        self->side.left -= self->side.element;
    }
    spent = row_cpu_ns() - self->side.before;
    EX_END();
}

struct give_back {
    struct ex_frame frame;
    struct side side;
};

EX_RESUME(give_back) {
    EX_BEGIN(give_back);
    for (; self->side.left != 0; self->side.left--) {
        EX_AWAIT(ex_channel_recv(&self->side.call.recv, &there, &self->side.element));
        EX_AWAIT(ex_channel_send(&self->side.call.send, &back, &self->side.element));
    }
    EX_END();
}

uint64_t own_channel_round(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct serve *server = new_task(scheduler, sizeof *server);
    struct give_back *returner = new_task(scheduler, sizeof *returner);

    begin_channels(1);
    server->side = (struct side){.left = count, .element = 1};
    returner->side = (struct side){.left = count};
    ex_task_detach(ex_task_spawn(EX_FRAME(server, serve)));
    ex_task_detach(ex_task_spawn(EX_FRAME(returner, give_back)));
    own_end(scheduler);
    end_channels();
    return spent;
}

/* ---- one sends, one receives ---- */

struct produce {
    struct ex_frame frame;
    struct side side;
};

EX_RESUME(produce) {
    EX_BEGIN(produce);
    for (; self->side.left != 0; self->side.left--) {
        EX_AWAIT(ex_channel_send(&self->side.call.send, &there, &self->side.element));
    }
    EX_END();
}

struct consume {
    struct ex_frame frame;
    struct side side;
};

EX_RESUME(consume) {
    EX_BEGIN(consume);
    self->side.before = row_cpu_ns();
    while (self->side.left != 0) {
        EX_AWAIT(ex_channel_recv(&self->side.call.recv, &there, &self->side.element));
        self->side.left -= self->side.element;
    }
    spent = row_cpu_ns() - self->side.before;
    EX_END();
}

uint64_t own_channel_pass(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct produce *producer = new_task(scheduler, sizeof *producer);
    struct consume *consumer = new_task(scheduler, sizeof *consumer);

    begin_channels(CAPACITY_MAX);
    producer->side = (struct side){.left = count, .element = 1};
    consumer->side = (struct side){.left = count};
    ex_task_detach(ex_task_spawn(EX_FRAME(consumer, consume)));
    ex_task_detach(ex_task_spawn(EX_FRAME(producer, produce)));
    own_end(scheduler);
    end_channels();
    return spent;
}
