#include "tests/suite.h"

#include <errno.h>
#include <ex/scheduler.h>
#include <ex/timer.h>
#include <ex/waker.h>
#include <unistd.h>

static struct ex_scheduler *scheduler;

static struct ex_counters start_and_read_as(const struct ex_scheduler_options *options) {
    struct ex_counters counters;

    ck_assert_int_eq(ex_scheduler_create(&scheduler, options), 0);
    ex_scheduler_counters(scheduler, &counters);
    return counters;
}

static struct ex_counters start_and_read(uint32_t worker_count) {
    return start_and_read_as(&(const struct ex_scheduler_options){.worker_count = worker_count});
}

static struct ex_counters run_and_read(void) {
    struct ex_counters counters;

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ex_scheduler_counters(scheduler, &counters);
    ex_scheduler_destroy(scheduler);
    return counters;
}

static struct ex_counters at_spawn; /* when all children had been spawned */

struct worker_task {
    struct ex_frame frame;
    int yields;
    int children;
    uint64_t pause_ns;
    struct ex_sleep sleep;
};

EX_RESUME(worker_task) {
    EX_BEGIN(worker_task);
    while (self->children-- > 0) {
        struct worker_task *child = ex_task_new(NULL, sizeof *child);
        child->yields = self->yields;
        child->children = 0;
        child->pause_ns = self->pause_ns;
        ex_task_spawn_detached(EX_FRAME(child, worker_task));
        ex_scheduler_counters(scheduler, &at_spawn);
    }
    while (self->yields-- > 0) {
        EX_YIELD();
    }
    EX_AWAIT(ex_sleep_for(&self->sleep, self->pause_ns));
    EX_END();
}

static void spawn(int yields, int children, uint64_t pause_ns) {
    struct worker_task *task = ex_task_new(scheduler, sizeof *task);

    task->yields = yields;
    task->children = children;
    task->pause_ns = pause_ns;
    ex_task_spawn_detached(EX_FRAME(task, worker_task));
}

static const struct ex_observer deaf;
static const struct ex_scheduler_options kinds[] = {
    {0},
    {.observer = &deaf},
    {.keeps_times = true},
};

START_TEST(a_local_scheduler_counts_what_it_did) {
    const struct ex_counters none = start_and_read_as(&kinds[_i]);
    ck_assert_uint_eq(none.spawn_count, 0);

    spawn(4, 2, 100 * EX_TIMER_MS); /* long: a busy machine must find it waiting */
    const struct ex_counters counters = run_and_read();

    ck_assert_uint_eq(counters.spawn_count, 3);
    ck_assert_uint_eq(counters.return_count, 3);
    ck_assert_uint_eq(counters.resume_count, 3 * (1 + 4 + 1)); /* begins, yields, was slept */
    ck_assert_uint_eq(counters.timer_count, 3);
    ck_assert_uint_ge(counters.sleep_count, 1);
    ck_assert_uint_eq(counters.remote_count, 1); /* the first was spawned from outside */
    ck_assert_uint_eq(counters.steal_count + counters.overflow_count, 0);
}
END_TEST

START_TEST(a_full_queue_goes_to_all) {
    start_and_read(1);

    spawn(0, 4000, EX_TIMER_MS);
    const struct ex_counters counters = run_and_read();

    ck_assert_uint_eq(counters.return_count, 4001);
    ck_assert_uint_ge(counters.resume_count, 4001 * 2); /* begins, was slept */
    ck_assert_uint_ge(at_spawn.overflow_count, 4);      /* 512 of more than 1,024 at a time */
    ck_assert_uint_ge(counters.injected_count, 512);
}
END_TEST

/* Two that wake each other and wait, from when both are there. */
struct pair {
    struct ex_waker wakers[2];
    int present;
};

struct fellow {
    struct ex_frame frame;
    struct pair *pair;
    int side;
    int rounds;
};

EX_RESUME(fellow) {
    EX_BEGIN(fellow);
    self->pair->wakers[self->side] = ex_waker_of(strand);
    self->pair->present++; /* one worker: nobody else counts */
    while (self->pair->present < 2) {
        EX_YIELD();
    }
    while (self->rounds-- > 0) {
        ex_waker_wake(self->pair->wakers[1 - self->side]);
        EX_SUSPEND();
    }
    ex_waker_wake(self->pair->wakers[1 - self->side]);
    EX_END();
}

START_TEST(what_is_woken_last_goes_first_only_so_often) {
    static struct pair pair;
    start_and_read(1);

    pair.present = 0;
    for (int side = 0; side < 2; side++) {
        struct fellow *fellow = ex_task_new(scheduler, sizeof *fellow);
        fellow->pair = &pair;
        fellow->side = side;
        fellow->rounds = 100;
        ex_task_spawn_detached(EX_FRAME(fellow, fellow));
    }
    const struct ex_counters counters = run_and_read();

    ck_assert_uint_ge(counters.lifo_cap_count, 25);
    ck_assert_uint_le(counters.lifo_cap_count, 110);
}
END_TEST

struct hog {
    struct ex_frame frame;
};

EX_RESUME(hog) {
    EX_BEGIN(hog);
    spawn(0, 0, EX_TIMER_MS);
    struct ex_counters counters;
    do {
        usleep(1000);
        ex_scheduler_counters(scheduler, &counters);
    } while (counters.steal_count == 0 && counters.return_count == 0);
    EX_END();
}

START_TEST(a_theft_is_counted_by_the_thief) {
    start_and_read(2);

    struct hog *hog = ex_task_new(scheduler, sizeof *hog);
    ex_task_spawn_detached(EX_FRAME(hog, hog));
    const struct ex_counters counters = run_and_read();

    ck_assert_uint_ge(counters.steal_count, 1);
    ck_assert_uint_ge(counters.stolen_count, counters.steal_count);
}
END_TEST

SUITE(counters) {
    SUITE_LOOP(a_local_scheduler_counts_what_it_did, 0, (int)(sizeof kinds / sizeof kinds[0]));
    SUITE_TEST(a_full_queue_goes_to_all);
    SUITE_TEST(what_is_woken_last_goes_first_only_so_often);
    SUITE_TEST(a_theft_is_counted_by_the_thief);
}
