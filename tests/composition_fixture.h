/* Async functions that say in a log what they go through, and a local scheduler to run them on.
 *
 *   fixture_start();
 *   struct ex_task *task = ex_task_spawn(worker(…));
 *   ck_assert_int_eq(fixture_run(task), 3);
 *   ck_assert_str_eq(log_text, "a1 b1 a2 ");
 *   fixture_stop();
 */
#ifndef TESTS_COMPOSITION_FIXTURE_H
#define TESTS_COMPOSITION_FIXTURE_H

#include "tests/suite.h"

#include <errno.h>
#include <ex/scheduler.h>
#include <ex/waker.h>
#include <stdio.h>
#include <string.h>

static struct ex_scheduler *scheduler;
static char log_text[4096];

static inline void note(const char *name, int64_t number) {
    const size_t length = strlen(log_text);
    snprintf(log_text + length, sizeof log_text - length, "%s%d ", name, (int)number);
}

static inline void fixture_start(void) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, NULL), 0);
    log_text[0] = '\0';
}

static inline void fixture_stop(void) {
    ex_scheduler_destroy(scheduler);
}

/* Runs all tasks to their end; what `task` returned. */
static inline int64_t fixture_run(struct ex_task *task) {
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    return ex_task_take(task);
}

/* A place to wait at: open, it lets everybody through. */
struct gate {
    bool is_open;
    struct ex_strand *waiter;
};

static inline void gate_open(struct gate *gate) {
    gate->is_open = true;
    if (gate->waiter != NULL) {
        ex_waker_wake_strand(gate->waiter);
    }
}

/* Wakes the strand from a task of the same scheduler, and lets all run that is ready. */
struct poke {
    struct ex_frame frame;
    struct ex_strand *strand;
};

EX_RESUME(poke) {
    EX_BEGIN(poke);
    ex_waker_wake_strand(self->strand);
    EX_END();
}

static inline void fixture_poke(struct ex_strand *strand) {
    struct poke *self = ex_task_new(scheduler, sizeof *self);
    self->strand = strand;
    ex_task_detach(ex_task_spawn(EX_FRAME(self, poke)));
    ex_scheduler_poll(scheduler);
}

/* Waits at its gate and returns `result`. Told to cancel: notes "x", yields `clean_up` times, notes
 * "z", and returns -ECANCELED. */
struct pass {
    struct ex_frame frame;
    const char *name;
    struct gate *gate;
    int64_t result;
    int clean_up;
    int resumes;
};

EX_RESUME(pass) {
    EX_BEGIN(pass);
    note(self->name, 0);
    while (!self->gate->is_open) {
        if (ex_strand_take_cancel(strand)) {
            self->gate->waiter = NULL;
            note("x", self->clean_up);
            while (self->clean_up-- > 0) {
                EX_YIELD();
            }
            note("z", 0);
            EX_RETURN(-ECANCELED);
        }
        self->gate->waiter = strand;
        EX_SUSPEND();
        self->resumes++;
    }
    self->gate->waiter = NULL;
    note(self->name, self->result);
    EX_RETURN(self->result);
    EX_END();
}

static inline struct ex_frame *
pass(struct pass *self, const char *name, struct gate *gate, int64_t result) {
    *self = (struct pass){.name = name, .gate = gate, .result = result};
    return EX_FRAME(self, pass);
}

/* Yields `count` times, notes each, returns `result`. */
struct count {
    struct ex_frame frame;
    const char *name;
    int count, at;
    int64_t result;
};

EX_RESUME(count) {
    EX_BEGIN(count);
    for (; self->at < self->count; self->at++) {
        note(self->name, self->at);
        EX_YIELD();
    }
    EX_RETURN(self->result);
    EX_END();
}

static inline struct ex_frame *
count(struct count *self, const char *name, int count, int64_t result) {
    *self = (struct count){.name = name, .count = count, .result = result};
    return EX_FRAME(self, count);
}

#endif
