#include <errno.h>

#include <ex/scheduler.h>
#include <ex/waker.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

/* A channel of one slot that costs next to nothing itself, for one thread. Its ends have no frames:
 * who uses one waits in its own, so that a wake resumes it directly. */
struct slot {
    uint64_t value;
    bool is_full;
    struct ex_waker sender; /* waits; its root is NULL: none does */
    struct ex_waker receiver;
};

static inline void wake(struct ex_waker *waker) {
    if (waker->root != NULL) {
        const struct ex_waker taken = *waker;
        waker->root = NULL;
        ex_waker_wake(taken);
    }
}

/* False: it is full, and the strand is woken when it may not be any more. */
static inline bool slot_send(struct slot *slot, uint64_t sent, struct ex_strand *strand) {
    if (slot->is_full) {
        ex_waker_put(&slot->sender, strand);
        return false;
    }
    slot->value = sent;
    slot->is_full = true;
    wake(&slot->receiver);
    return true;
}

/* False: it is empty, and the strand is woken when it may not be any more. */
static inline bool slot_receive(struct slot *slot, uint64_t *received, struct ex_strand *strand) {
    if (!slot->is_full) {
        ex_waker_put(&slot->receiver, strand);
        return false;
    }
    slot->is_full = false;
    wake(&slot->sender);
    *received = slot->value; /* nobody runs before the caller waits */
    return true;
}

static struct slot there, back;

/* Sends there and receives what comes back. */
struct serve {
    struct ex_frame frame;
    uint64_t left;
};

EX_RESUME(serve) {
    uint64_t received;

    EX_BEGIN(serve);
    if (self->left == 0) {
        EX_RETURN(0);
    }
    do {
        while (!slot_send(&there, 1, strand)) {
            if (ex_strand_take_cancel(strand)) {
                EX_RETURN(-ECANCELED);
            }
            EX_SUSPEND();
        }
        while (!slot_receive(&back, &received, strand)) {
            if (ex_strand_take_cancel(strand)) {
                EX_RETURN(-ECANCELED);
            }
            EX_SUSPEND();
        }
    } while ((self->left -= received) != 0);
    EX_END();
}

static struct ex_frame *serve(struct serve *self, uint64_t count) {
    self->left = count;
    return EX_FRAME(self, serve);
}

struct give_back {
    struct ex_frame frame;
    uint64_t left;
    uint64_t value; /* valid while it waits to send it */
};

EX_RESUME(give_back) {
    uint64_t received;

    EX_BEGIN(give_back);
    if (self->left == 0) {
        EX_RETURN(0);
    }
    do {
        while (!slot_receive(&there, &received, strand)) {
            if (ex_strand_take_cancel(strand)) {
                EX_RETURN(-ECANCELED);
            }
            EX_SUSPEND();
        }
        while (!slot_send(&back, received, strand)) {
            if (ex_strand_take_cancel(strand)) {
                EX_RETURN(-ECANCELED);
            }
            self->value = received;
            EX_SUSPEND();
            received = self->value;
        }
    } while (--self->left != 0);
    EX_END();
}

static struct ex_frame *give_back(struct give_back *self, uint64_t count) {
    self->left = count;
    return EX_FRAME(self, give_back);
}

/* All of the run is timed, so that its functions call nothing else. */
uint64_t own_slot_round(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct serve *server = ex_task_new(scheduler, sizeof *server);
    struct give_back *returner = ex_task_new(scheduler, sizeof *returner);
    row_expect(server != NULL && returner != NULL, "there is memory for two tasks");
    struct ex_task *task = ex_task_spawn(serve(server, count));
    ex_task_detach(ex_task_spawn(give_back(returner, count)));
    const uint64_t before = row_cpu_ns();
    row_expect(ex_scheduler_run(scheduler) == 0, "both tasks have returned");
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(ex_task_take(task) == 0, "every value went there and back");
    own_end(scheduler);
    return spent;
}
