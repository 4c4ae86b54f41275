#include "tests/suite.h"

#include <errno.h>
#include <ex/join.h>
#include <ex/scheduler.h>
#include <pthread.h>
#include <string.h>

#include "executor/turn.h"

#define CHAIN_LENGTH 200 /* more than one turn resumes */

/* Schedulers that run the same tasks in different ways, and must run them in the same order. */
static const struct ex_observer deaf;
static const struct ex_scheduler_options kinds[] = {
    {0},
    {.observer = &deaf},
    {.keeps_times = true},
};
#define KIND_COUNT ((int)(sizeof kinds / sizeof kinds[0]))

static struct ex_scheduler *scheduler;
static char log_text[256];

static void note(const char *what) {
    strncat(log_text, what, sizeof log_text - strlen(log_text) - 1);
}

static void start(int kind) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &kinds[kind]), 0);
    log_text[0] = '\0';
}

/* Runs a task of the frame to its end; its result. */
static int64_t run(struct ex_frame *frame) {
    struct ex_task *const task = ex_task_spawn(frame);

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    const int64_t result = ex_task_take(task);
    ex_scheduler_destroy(scheduler);
    return result;
}

/* Yields `count` times, then returns its name. */
struct noter {
    struct ex_frame frame;
    const char *name;
    int count;
};

EX_RESUME(noter) {
    EX_BEGIN(noter);
    for (; self->count > 0; self->count--) {
        note(self->name);
        EX_YIELD();
    }
    note(self->name);
    EX_RETURN(self->name[0]);
    EX_END();
}

static struct ex_frame *noter(struct noter *self, const char *name, int count) {
    self->name = name;
    self->count = count;
    return EX_FRAME(self, noter);
}

/* From inside a task: its memory is the worker's own. */
static struct ex_task *spawn_noter(const char *name, int count) {
    return ex_task_spawn(noter(ex_task_new(NULL, sizeof(struct noter)), name, count));
}

/* ---- order ---- */

struct waiter {
    struct ex_frame frame;
    struct ex_task *other;
    struct ex_task_join join;
    struct noter *memory; /* of the awaited task; NULL: its worker's own */
};

EX_RESUME(waiter) {
    EX_BEGIN(waiter);
    struct ex_task *const task =
        self->memory == NULL ? spawn_noter("b", 1) : ex_task_spawn(noter(self->memory, "b", 1));
    self->other = spawn_noter("c", 3);
    EX_AWAIT(ex_task_join(&self->join, task));
    note("w");
    EX_AWAIT(ex_task_join(&self->join, self->other));
    note("W");
    EX_RETURN(value);
    EX_END();
}

START_TEST(who_waits_for_a_task_goes_on_before_all_others) {
    start(_i % KIND_COUNT);
    struct waiter *const self = ex_task_new(scheduler, sizeof *self);
    self->memory = _i < KIND_COUNT ? NULL : ex_task_new(scheduler, sizeof(struct noter));

    ck_assert_int_eq(run(EX_FRAME(self, waiter)), 'c');

    ck_assert_str_eq(log_text, _i < KIND_COUNT ? "bcbwcccW" : "ccccbbwW");
}
END_TEST

/* Spawns one task after the other and awaits each. */
struct greedy {
    struct ex_frame frame;
    struct ex_task_join join;
    int count;
};

EX_RESUME(greedy) {
    EX_BEGIN(greedy);
    self->join.task = spawn_noter("o", 4);
    ex_task_detach(self->join.task);
    for (self->count = 0; self->count < 5; self->count++) {
        EX_AWAIT(ex_task_join(&self->join, spawn_noter("g", 0)));
    }
    EX_RETURN(self->count);
    EX_END();
}

START_TEST(who_spawns_and_awaits_without_end_leaves_the_others_their_turns) {
    start(_i);
    struct greedy *const self = ex_task_new(scheduler, sizeof *self);

    ck_assert_int_eq(run(EX_FRAME(self, greedy)), 5);

    ck_assert_str_eq(log_text, "ogogogogog");
}
END_TEST

/* ---- results ---- */

/* Each of a chain spawns the next and awaits it. */
struct link {
    struct ex_frame frame;
    struct ex_task_join join;
    int left;
};

static struct ex_frame *chain(struct link *self, int left);

EX_RESUME(link) {
    EX_BEGIN(link);
    if (self->left == 0) {
        EX_RETURN(1);
    }
    EX_AWAIT(
        ex_task_join(&self->join,
                     ex_task_spawn(chain(ex_task_new(NULL, sizeof(struct link)), self->left - 1))));
    EX_RETURN(value + 1);
    EX_END();
}

static struct ex_frame *chain(struct link *self, int left) {
    self->left = left;
    return EX_FRAME(self, link);
}

START_TEST(a_chain_longer_than_a_turn_returns_through_all_of_it) {
    start(_i);

    ck_assert_int_eq(run(chain(ex_task_new(scheduler, sizeof(struct link)), CHAIN_LENGTH)),
                     CHAIN_LENGTH + 1);
}
END_TEST

/* Awaits a task whose outermost function is a join of another, and one through a branch. */
struct several {
    struct ex_frame frame;
    struct ex_join join;
    struct ex_branch branches[2];
    struct ex_task_join joins[2];
};

EX_RESUME(several) {
    EX_BEGIN(several);
    struct ex_task_join *const outermost = ex_task_new(NULL, sizeof *outermost);
    struct ex_task *const task = ex_task_spawn(ex_task_join(outermost, spawn_noter("x", 2)));
    ex_branch_init(&self->branches[0], ex_task_join(&self->joins[0], task));
    ex_branch_init(&self->branches[1], ex_task_join(&self->joins[1], spawn_noter("y", 1)));
    EX_AWAIT(ex_join_all(&self->join, self->branches, 2));
    EX_RETURN(self->branches[0].result * 1000 + self->branches[1].result);
    EX_END();
}

START_TEST(a_join_may_be_outermost_or_in_a_branch) {
    start(_i);
    struct several *const self = ex_task_new(scheduler, sizeof *self);

    ck_assert_int_eq(run(EX_FRAME(self, several)), 'x' * 1000 + 'y');
}
END_TEST

/* Asked to cancel behind a shield, waits on, and hears of it after. */
struct shielded {
    struct ex_frame frame;
    struct ex_task_join join;
};

EX_RESUME(shielded) {
    EX_BEGIN(shielded);
    ex_strand_shield(strand);
    ex_task_abort(ex_task_current());
    EX_AWAIT(ex_task_join(&self->join, spawn_noter("s", 3)));
    ck_assert_int_eq(value, 's');
    ex_strand_unshield(strand);
    EX_AWAIT(ex_task_join(&self->join, spawn_noter("t", 3)));
    ck_assert_int_eq(value, -ECANCELED);
    ck_assert(self->join.canceled);
    EX_AWAIT(ex_task_join(&self->join, self->join.task));
    EX_RETURN(value);
    EX_END();
}

START_TEST(a_shield_keeps_a_cancel_for_the_next_join) {
    start(_i);
    struct shielded *const self = ex_task_new(scheduler, sizeof *self);

    ck_assert_int_eq(run(EX_FRAME(self, shielded)), 't');
}
END_TEST

/* Its joiner is asked to cancel in the same turn in which it returns. */
struct rival {
    struct ex_frame frame;
    struct ex_task *joiner;
};

EX_RESUME(rival) {
    EX_BEGIN(rival);
    EX_YIELD();
    ex_task_abort(self->joiner);
    EX_RETURN(7);
    EX_END();
}

struct torn {
    struct ex_frame frame;
    struct ex_task_join join;
};

EX_RESUME(torn) {
    EX_BEGIN(torn);
    struct rival *const rival = ex_task_new(NULL, sizeof *rival);
    rival->joiner = ex_task_current();
    EX_AWAIT(ex_task_join(&self->join, ex_task_spawn(EX_FRAME(rival, rival))));
    ck_assert_int_eq(value, 7);
    ck_assert(!self->join.canceled);
    EX_AWAIT(ex_task_join(&self->join, spawn_noter("t", 0)));
    ck_assert_int_eq(value, -ECANCELED);
    EX_AWAIT(ex_task_join(&self->join, self->join.task));
    EX_RETURN(value);
    EX_END();
}

START_TEST(a_result_beats_a_cancel_that_is_told_to_the_next_await) {
    start(_i);
    struct torn *const self = ex_task_new(scheduler, sizeof *self);

    ck_assert_int_eq(run(EX_FRAME(self, torn)), 't');
}
END_TEST

static void *abort_task(void *task) {
    ex_task_abort(task);
    return NULL;
}

/* Yields `count` times; another thread aborts who waits for it, and it returns. */
struct betrayer {
    struct ex_frame frame;
    struct ex_task *waiter;
    int count;
};

EX_RESUME(betrayer) {
    EX_BEGIN(betrayer);
    for (; self->count > 0; self->count--) {
        EX_YIELD();
    }
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, abort_task, self->waiter), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    EX_RETURN(3);
    EX_END();
}

struct betrayed {
    struct ex_frame frame;
    struct ex_task *other;
    struct ex_task_join join;
};

EX_RESUME(betrayed) {
    EX_BEGIN(betrayed);
    EX_AWAIT(ex_task_join(&self->join, self->other));
    note("w");
    EX_RETURN(value);
    EX_END();
}

START_TEST(who_is_woken_by_a_result_and_an_abort_is_resumed_once) {
    /* Among so many, one result is the last of a turn: its waiter is ready when the abort comes. */
    for (int count = 0; count < 2 * EX_TURN_RESUMES_MAX; count++) {
        start(_i);
        struct betrayer *const betrayer = ex_task_new(scheduler, sizeof *betrayer);
        struct betrayed *const betrayed = ex_task_new(scheduler, sizeof *betrayed);
        betrayer->count = count;
        betrayed->other = ex_task_spawn(EX_FRAME(betrayer, betrayer));
        struct ex_task *const waiter = ex_task_spawn(EX_FRAME(betrayed, betrayed));
        betrayer->waiter = waiter;

        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

        ck_assert_int_eq(ex_task_take(waiter), 3);
        ck_assert_str_eq(log_text, "w");
        ex_scheduler_destroy(scheduler);
    }
}
END_TEST

SUITE(task_join) {
    SUITE_LOOP(who_waits_for_a_task_goes_on_before_all_others, 0, 2 * KIND_COUNT);
    SUITE_LOOP(who_spawns_and_awaits_without_end_leaves_the_others_their_turns, 0, KIND_COUNT);
    SUITE_LOOP(a_chain_longer_than_a_turn_returns_through_all_of_it, 0, KIND_COUNT);
    SUITE_LOOP(a_join_may_be_outermost_or_in_a_branch, 0, KIND_COUNT);
    SUITE_LOOP(a_shield_keeps_a_cancel_for_the_next_join, 0, KIND_COUNT);
    SUITE_LOOP(a_result_beats_a_cancel_that_is_told_to_the_next_await, 0, KIND_COUNT);
    SUITE_LOOP(who_is_woken_by_a_result_and_an_abort_is_resumed_once, 0, KIND_COUNT);
}
