#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <ex/scheduler.h>
#include <ex/timer.h>

#include "tools/bench_executor/deadline.h"
#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

#define FAR_NS (60 * EX_TIMER_S) /* nothing is due while it is measured */
#define NEAR_NS (200 * EX_TIMER_MS)

/* One task that waits for many times at once, as a join of sleeps would: it runs their frames
 * itself, so that what is measured is a timer and not the task that waits for it. */
struct timing {
    struct ex_frame frame;
    struct ex_sleep *sleeps;
    uint64_t count;
    uint64_t rounds;
    uint64_t before;
    bool waits; /* until they fire; else they are cancelled */
};

static struct {
    uint64_t insert_ns;
    uint64_t cancel_ns;
    uint64_t fire_ns;
} spent;

static void insert(struct timing *self, struct ex_strand *strand, uint64_t start_ns) {
    uint64_t state = 1;
    uint64_t waiting = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < self->count; i++) {
        struct ex_frame *sleep =
            ex_sleep_until(&self->sleeps[i], start_ns + deadline_ms(&state) * EX_TIMER_MS);
        waiting += sleep->resume(sleep, strand, 0) == EX_PENDING;
    }
    spent.insert_ns += row_cpu_ns() - before;
    row_expect(waiting == self->count, "every sleep waits");
}

/* Tells each of them to cancel, as an abort of its task does. */
static void cancel(struct timing *self, struct ex_strand *strand) {
    uint64_t canceled = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < self->count; i++) {
        struct ex_frame *sleep = &self->sleeps[i].frame;
        ex_strand_set(strand, EX_STRAND_CANCEL);
        canceled += sleep->resume(sleep, strand, 0) == -ECANCELED;
    }
    spent.cancel_ns += row_cpu_ns() - before;
    row_expect(canceled == self->count, "every sleep is cancelled");
}

/* The thread, not the task, waits until the last is due. */
static void let_pass(uint64_t start_ns) {
    const uint64_t due_ns = start_ns + (DEADLINE_MS_MAX + 1) * EX_TIMER_MS;
    const struct timespec due = {.tv_sec = (time_t)(due_ns / EX_TIMER_S),
                                 .tv_nsec = (long)(due_ns % EX_TIMER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0) {
    }
}

static void collect(struct timing *self, struct ex_strand *strand) {
    uint64_t fired = 0;
    for (uint64_t i = 0; i < self->count; i++) {
        struct ex_frame *sleep = &self->sleeps[i].frame;
        fired += sleep->resume(sleep, strand, 0) == 0;
    }
    row_expect(fired == self->count, "every sleep is over");
}

EX_RESUME(timing) {
    EX_BEGIN(timing);
    for (; self->rounds != 0; self->rounds--) {
        const uint64_t start_ns = ex_timer_now() + (self->waits ? NEAR_NS : FAR_NS);
        insert(self, strand, start_ns);
        if (!self->waits) {
            cancel(self, strand);
            continue;
        }
        let_pass(start_ns);
        self->before = row_cpu_ns();
        EX_SUSPEND(); /* all fire before the task that they wake is resumed */
        spent.fire_ns += row_cpu_ns() - self->before;
        collect(self, strand);
    }
    EX_END();
}

static struct ex_frame *
timing(struct timing *self, struct ex_sleep *sleeps, uint64_t count, uint64_t rounds, bool waits) {
    self->sleeps = sleeps;
    self->count = count;
    self->rounds = rounds;
    self->waits = waits;
    return EX_FRAME(self, timing);
}

static void run(uint64_t count, uint64_t rounds, bool waits) {
    struct ex_scheduler *scheduler = own_begin();
    struct ex_sleep *sleeps = calloc(count, sizeof *sleeps);
    struct timing *task = ex_task_new(scheduler, sizeof *task);
    row_expect(sleeps != NULL && task != NULL, "there is memory for the timers");
    for (uint64_t i = 0; i < count; i++) {
        ex_sleep_until(&sleeps[i], 0); /* touches it: the first touch of a page costs the kernel */
    }
    spent.insert_ns = spent.cancel_ns = spent.fire_ns = 0;
    ex_task_detach(ex_task_spawn(timing(task, sleeps, count, rounds, waits)));
    own_end(scheduler);
    free(sleeps);
}

uint64_t own_timer_insert(uint64_t count) {
    run(count, 1, false);
    return spent.insert_ns;
}

uint64_t own_timer_cancel(uint64_t count) {
    run(count, 1, false);
    return spent.cancel_ns;
}

uint64_t own_timer_fire(uint64_t count) {
    run(count, 1, true);
    return spent.fire_ns;
}

uint64_t own_timer_insert_1k(uint64_t count) {
    run(OWN_TIMERS_FEW, count / OWN_TIMERS_FEW, false);
    return spent.insert_ns;
}

uint64_t own_timer_cancel_1k(uint64_t count) {
    run(OWN_TIMERS_FEW, count / OWN_TIMERS_FEW, false);
    return spent.cancel_ns;
}

uint64_t own_timer_fire_1k(uint64_t count) {
    run(OWN_TIMERS_FEW, count / OWN_TIMERS_FEW, true);
    return spent.fire_ns;
}
