#include <ex/channel.h>
#include <ex/scheduler.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

static struct ex_channel there, back;
static uint64_t spent;

/* What each side awaits, one at a time. */
union call {
    struct ex_channel_send send;
    struct ex_channel_recv receive;
};

/* Sends there and receives what comes back. */
struct server {
    struct ex_frame frame;
    union call call;
    uint64_t sent;
    uint64_t received;
    uint64_t count;
    uint64_t before;
};

EX_RESUME(server) {
    EX_BEGIN(server);
    self->before = row_cpu_ns();
    for (self->sent = 0; self->sent < self->count; self->sent++) {
        EX_AWAIT(ex_channel_send(&self->call.send, &there, &self->sent));
        EX_AWAIT(ex_channel_recv(&self->call.receive, &back, &self->received));
        if (self->received != self->sent) {
            row_expect(false, "what comes back is what was sent");
        }
    }
    spent = row_cpu_ns() - self->before;
    ex_channel_close(&there);
    EX_END();
}

static struct ex_frame *server(struct server *self, uint64_t count) {
    self->count = count;
    return EX_FRAME(self, server);
}

struct returner {
    struct ex_frame frame;
    union call call;
    uint64_t element;
};

EX_RESUME(returner) {
    EX_BEGIN(returner);
    for (;;) {
        EX_AWAIT(ex_channel_recv(&self->call.receive, &there, &self->element));
        if (value != 0) {
            break; /* closed */
        }
        EX_AWAIT(ex_channel_send(&self->call.send, &back, &self->element));
    }
    EX_END();
}

static struct ex_frame *returner(struct returner *self) {
    return EX_FRAME(self, returner);
}

uint64_t own_chan1_round(uint64_t count) {
    uint64_t there_slot;
    uint64_t back_slot;
    ex_channel_init_mem(&there, EX_WAIT_LOCAL, sizeof there_slot, &there_slot, sizeof there_slot);
    ex_channel_init_mem(&back, EX_WAIT_LOCAL, sizeof back_slot, &back_slot, sizeof back_slot);
    struct ex_scheduler *scheduler = own_begin();
    struct server *one = ex_task_new(scheduler, sizeof *one);
    struct returner *other = ex_task_new(scheduler, sizeof *other);
    row_expect(one != NULL && other != NULL, "there is memory for two tasks");
    ex_task_detach(ex_task_spawn(server(one, count)));
    ex_task_detach(ex_task_spawn(returner(other)));
    own_end(scheduler);
    ex_channel_deinit(&there);
    ex_channel_deinit(&back);
    return spent;
}
