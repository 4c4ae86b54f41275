#include <errno.h>

#include <ex/scheduler.h>
#include <ex/waker.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

/* A channel of one slot that costs next to nothing itself, for one thread. */
struct slot {
    uint64_t value;
    bool is_full;
    bool has_sender; /* `sender` waits */
    bool has_receiver;
    struct ex_waker sender;
    struct ex_waker receiver;
};

struct slot_send {
    struct ex_frame frame;
    struct slot *slot;
    uint64_t sent;
};

EX_RESUME(slot_send) {
    EX_BEGIN(slot_send);
    while (self->slot->is_full) {
        if (ex_strand_take_cancel(strand)) {
            EX_RETURN(-ECANCELED);
        }
        self->slot->sender = ex_waker_of(strand);
        self->slot->has_sender = true;
        EX_SUSPEND();
    }
    self->slot->value = self->sent;
    self->slot->is_full = true;
    if (self->slot->has_receiver) {
        self->slot->has_receiver = false;
        ex_waker_wake(self->slot->receiver);
    }
    EX_END();
}

static struct ex_frame *slot_send(struct slot_send *self, struct slot *slot, uint64_t sent) {
    self->slot = slot;
    self->sent = sent;
    return EX_FRAME(self, slot_send);
}

struct slot_receive {
    struct ex_frame frame;
    struct slot *slot;
};

/* What it does at once is worth its code at each await. */
__attribute__((always_inline)) EX_RESUME(slot_receive) {
    EX_BEGIN(slot_receive);
    while (!self->slot->is_full) {
        if (ex_strand_take_cancel(strand)) {
            EX_RETURN(-ECANCELED);
        }
        self->slot->receiver = ex_waker_of(strand);
        self->slot->has_receiver = true;
        EX_SUSPEND();
    }
    self->slot->is_full = false;
    if (self->slot->has_sender) {
        self->slot->has_sender = false;
        ex_waker_wake(self->slot->sender);
    }
    EX_RETURN((int64_t)self->slot->value);
    EX_END();
}

static struct ex_frame *slot_receive(struct slot_receive *self, struct slot *slot) {
    self->slot = slot;
    return EX_FRAME(self, slot_receive);
}

static struct slot there, back;
static uint64_t spent;

/* Sends there and receives what comes back. */
struct serve {
    struct ex_frame frame;
    union {
        struct slot_send send;
        struct slot_receive receive;
    } call;
    uint64_t left;
    uint64_t before;
};

EX_RESUME(serve) {
    EX_BEGIN(serve);
    self->before = row_cpu_ns();
    while (self->left != 0) {
        EX_AWAIT(slot_send(&self->call.send, &there, 1));
        EX_AWAIT(slot_receive(&self->call.receive, &back));
        self->left -= (uint64_t)value;
    }
    spent = row_cpu_ns() - self->before;
    EX_END();
}

static struct ex_frame *serve(struct serve *self, uint64_t count) {
    self->left = count;
    return EX_FRAME(self, serve);
}

struct give_back {
    struct ex_frame frame;
    union {
        struct slot_send send;
        struct slot_receive receive;
    } call;
    uint64_t left;
};

EX_RESUME(give_back) {
    EX_BEGIN(give_back);
    for (; self->left != 0; self->left--) {
        EX_AWAIT(slot_receive(&self->call.receive, &there));
        EX_AWAIT(slot_send(&self->call.send, &back, (uint64_t)value));
    }
    EX_END();
}

static struct ex_frame *give_back(struct give_back *self, uint64_t count) {
    self->left = count;
    return EX_FRAME(self, give_back);
}

uint64_t own_slot_round(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct serve *server = ex_task_new(scheduler, sizeof *server);
    struct give_back *returner = ex_task_new(scheduler, sizeof *returner);
    row_expect(server != NULL && returner != NULL, "there is memory for two tasks");
    ex_task_detach(ex_task_spawn(serve(server, count)));
    ex_task_detach(ex_task_spawn(give_back(returner, count)));
    own_end(scheduler);
    return spent;
}
