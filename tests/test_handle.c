#include "tests/suite.h"

#include "executor/ready.h"
#include "executor/slot.h"

#include <errno.h>
#include <ex/event.h>
#include <ex/scheduler.h>
#include <ex/timer.h>
#include <sched.h>

static struct ex_scheduler *scheduler;

static void start(uint32_t worker_count) {
    const struct ex_scheduler_options options = {.worker_count = worker_count};

    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
}

static void finish(void) {
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 0);
    ex_scheduler_destroy(scheduler);
}

/* The word as it stands there. */
static uintptr_t raw_word(struct ex_task *task) {
    return (uintptr_t)__atomic_load_n(ex_slot_word(&task->strand), __ATOMIC_ACQUIRE);
}

/* ---- whose the word is ---- */

struct waiting {
    struct ex_frame frame;
    struct ex_event_wait wait;
    struct ex_event *event;
};

EX_RESUME(waiting) {
    EX_BEGIN(waiting);
    EX_AWAIT(ex_event_wait(&self->wait, self->event));
    EX_RETURN(7);
    EX_END();
}

static struct ex_task *published; /* by a task, for the test's thread */

struct publisher {
    struct ex_frame frame;
    struct ex_event *event;
};

EX_RESUME(publisher) {
    EX_BEGIN(publisher);
    struct waiting *const child = ex_task_new(NULL, sizeof *child);
    ck_assert_ptr_nonnull(child);
    child->event = self->event;
    __atomic_store_n(&published, ex_task_spawn(EX_FRAME(child, waiting)), __ATOMIC_RELEASE);
    EX_END();
}

/* A task that waits for the event, spawned by a worker. */
static struct ex_task *publish(struct ex_event *event) {
    struct publisher *const task = ex_task_new(scheduler, sizeof *task);
    struct ex_task *child = NULL;

    ck_assert_ptr_nonnull(task);
    ex_event_init(event, EX_WAIT_SHARED);
    __atomic_store_n(&published, NULL, __ATOMIC_RELAXED);
    task->event = event;
    ex_task_spawn_detached(EX_FRAME(task, publisher));
    while ((child = __atomic_load_n(&published, __ATOMIC_ACQUIRE)) == NULL) {
        sched_yield();
    }
    return child;
}

START_TEST(the_word_of_a_task_is_its_workers_until_another_thread_handles_it) {
    struct ex_event event;
    start(1);
    struct ex_task *const task = publish(&event);

    ck_assert(!ex_task_is_done(task));
    ck_assert_uint_eq(raw_word(task), EX_TASK_UP_OUTERMOST | EX_TASK_UP_SHARED | EX_TASK_UP_OWN);
    ex_task_detach(task);
    ck_assert_uint_eq(raw_word(task), EX_TASK_UP_DETACHED | EX_TASK_UP_SHARED);

    ex_event_set(&event);
    finish();
    ex_event_deinit(&event);
}
END_TEST

START_TEST(who_only_looks_leaves_the_word_its_workers) {
    struct ex_event event;
    start(1);
    struct ex_task *const task = publish(&event);

    ex_event_set(&event);
    while (!ex_task_is_done(task)) {
        ck_assert((raw_word(task) & EX_TASK_UP_OWN) != 0 || ex_task_is_done(task));
        sched_yield();
    }
    ck_assert_int_eq(ex_task_take(task), 7);

    finish();
    ex_event_deinit(&event);
}
END_TEST

/* Stays inside its bracket until the thread that handles its
 * child asks it to leave, or is through. */
static bool is_detached;

struct stayer {
    struct ex_frame frame;
    struct ex_event *event;
    bool was_asked;
    uintptr_t word;
};

static struct stayer stayed;

static void stay(struct stayer *self, struct ex_task *child) {
    struct ex_worker *const worker = ex_worker_self;

    ex_ready_enter(worker);
    __atomic_store_n(&published, child, __ATOMIC_RELEASE);
    while (__atomic_load_n(&worker->thief, __ATOMIC_ACQUIRE) == 0 &&
           !__atomic_load_n(&is_detached, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
    self->was_asked = !__atomic_load_n(&is_detached, __ATOMIC_ACQUIRE);
    self->word = raw_word(child);
    stayed = *self;
    ex_ready_leave(worker);
}

EX_RESUME(stayer) {
    EX_BEGIN(stayer);
    struct waiting *const child = ex_task_new(NULL, sizeof *child);
    ck_assert_ptr_nonnull(child);
    child->event = self->event;
    stay(self, ex_task_spawn(EX_FRAME(child, waiting)));
    EX_END();
}

START_TEST(the_word_stays_its_workers_as_long_as_that_is_inside_its_bracket) {
    struct ex_event event;
    struct ex_task *task;
    start(1);
    ex_event_init(&event, EX_WAIT_SHARED);
    struct stayer *const stayer = ex_task_new(scheduler, sizeof *stayer);
    stayer->event = &event;
    ex_task_spawn_detached(EX_FRAME(stayer, stayer));
    while ((task = __atomic_load_n(&published, __ATOMIC_ACQUIRE)) == NULL) {
        sched_yield();
    }

    ex_task_detach(task);
    __atomic_store_n(&is_detached, true, __ATOMIC_RELEASE);
    ex_event_set(&event);
    finish();

    ck_assert(stayed.was_asked);
    ck_assert_uint_eq(stayed.word, EX_TASK_UP_OUTERMOST | EX_TASK_UP_SHARED | EX_TASK_UP_OWN);
    ex_event_deinit(&event);
}
END_TEST

START_TEST(a_task_spawned_from_outside_is_anybodys_from_birth) {
    struct ex_event event;
    start(1);
    ex_event_init(&event, EX_WAIT_SHARED);
    struct waiting *const frame = ex_task_new(scheduler, sizeof *frame);
    frame->event = &event;
    struct ex_task *const task = ex_task_spawn(EX_FRAME(frame, waiting));

    ck_assert_uint_eq(raw_word(task), EX_TASK_UP_OUTERMOST | EX_TASK_UP_SHARED);

    ex_task_detach(task);
    ex_event_set(&event);
    finish();
    ex_event_deinit(&event);
}
END_TEST

/* ---- parents that join each other's children ---- */

enum { PARENTS = 4, CHILDREN = 8, ROUNDS = 500, WORKERS = 3 };

static struct ex_task *handed[PARENTS][ROUNDS][CHILDREN];
static int64_t sum;

struct child {
    struct ex_frame frame;
    int yields;
};

EX_RESUME(child) {
    EX_BEGIN(child);
    while (self->yields-- > 0) {
        EX_YIELD();
    }
    EX_RETURN(1);
    EX_END();
}

/* Spawns a round of children, and joins, cancelled now and then, those of its neighbour. */
struct parent {
    struct ex_frame frame;
    int index;
    int round;
    int at;
    struct ex_task *next;
    struct ex_sleep sleep;
    struct ex_task_join join;
    int64_t sum;
};

static struct ex_task *spawn_child(int yields) {
    struct child *const child = ex_task_new(NULL, sizeof *child);

    ck_assert_ptr_nonnull(child);
    child->yields = yields;
    return ex_task_spawn(EX_FRAME(child, child));
}

static void spawn_round(struct parent *self) {
    for (int at = 0; at < CHILDREN; at++) {
        struct ex_task *const task = spawn_child((self->round + at) % 3);
        __atomic_store_n(&handed[self->index][self->round][at], task, __ATOMIC_RELEASE);
    }
}

static struct ex_task *handed_by_neighbour(const struct parent *self) {
    return __atomic_load_n(&handed[(self->index + 1) % PARENTS][self->round][self->at],
                           __ATOMIC_ACQUIRE);
}

EX_RESUME(parent) {
    EX_BEGIN(parent);
    for (; self->round < ROUNDS; self->round++) {
        spawn_round(self);
        for (self->at = 0; self->at < CHILDREN; self->at++) {
            while ((self->next = handed_by_neighbour(self)) == NULL) {
                EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US));
            }
            if (self->at % 4 == 3) {
                ex_task_detach(self->next);
                self->sum++;
                continue;
            }
            if (self->at % 4 == 2) {
                ex_strand_set(strand, EX_STRAND_CANCEL); /* if it has to wait, it is told */
            }
            EX_AWAIT(ex_task_join(&self->join, self->next));
            if (self->join.canceled) {
                ck_assert_int_eq(value, -ECANCELED);
                EX_AWAIT(ex_task_join(&self->join, self->next));
            }
            ex_strand_clear(strand, EX_STRAND_CANCEL | EX_STRAND_CANCELED);
            ck_assert_int_eq(value, 1);
            self->sum += value;
        }
    }
    __atomic_fetch_add(&sum, self->sum, __ATOMIC_RELAXED);
    EX_END();
}

START_TEST(tasks_are_joined_from_other_workers_while_they_return) {
    start(WORKERS);
    sum = 0;
    for (int i = 0; i < PARENTS; i++) {
        struct parent *const parent = ex_task_new(scheduler, sizeof *parent);
        parent->index = i;
        parent->round = 0;
        parent->sum = 0;
        ex_task_spawn_detached(EX_FRAME(parent, parent));
    }

    finish();

    ck_assert_int_eq(sum, (int64_t)PARENTS * CHILDREN * ROUNDS);
}
END_TEST

SUITE(handle) {
    SUITE_TEST(the_word_of_a_task_is_its_workers_until_another_thread_handles_it);
    SUITE_TEST(who_only_looks_leaves_the_word_its_workers);
    SUITE_TEST(the_word_stays_its_workers_as_long_as_that_is_inside_its_bracket);
    SUITE_TEST(a_task_spawned_from_outside_is_anybodys_from_birth);
    SUITE_TEST(tasks_are_joined_from_other_workers_while_they_return);
}
