/* Tasks that are told to cancel while what they wait for is being given to them.
 *
 *   collector ──abort, then join──► claimant: a permit or the mutex, a pause, clean-up
 *
 * A claimant that is told does not have what it waited for; one that has it gives it back. It is
 * told at most once, so its clean-up is not disturbed, and its result comes to its collector once.
 */
#include <errno.h>
#include <ex/join.h>
#include <ex/mutex.h>
#include <ex/semaphore.h>

#include "scenarios/stage.h"

#define WORKERS 3
#define CLAIMANTS 8
#define PERMITS 3 /* one of which is kept until the end */

static struct ex_scheduler *scheduler;
static struct ex_semaphore semaphore;
static struct ex_mutex mutex;
static int permits_out;
static int mutex_out;

struct claimant {
    struct ex_frame frame;
    uint32_t index;
    uint32_t told_count;
    union {
        struct ex_semaphore_acquire acquire;
        struct ex_mutex_lock lock;
        struct ex_sleep sleep;
    } waits;
};

static bool wants_permit(const struct claimant *self) {
    return self->index % 2 == 0;
}

/* Some want all, which they cannot have: until they are told, others wait behind them though there
 * is something for those. */
static int wanted(const struct claimant *self) {
    return self->index % 4 == 0 ? PERMITS : 1;
}

static void take(const struct claimant *self) {
    const bool permit = wants_permit(self);
    const int out = permit ? __atomic_add_fetch(&permits_out, wanted(self), __ATOMIC_RELAXED)
                           : __atomic_add_fetch(&mutex_out, 1, __ATOMIC_RELAXED);
    STAGE_REQUIRE(out <= (permit ? PERMITS : 1), "%s is given twice", permit ? "a permit" : "it");
}

static void give_back(const struct claimant *self) {
    if (wants_permit(self)) {
        __atomic_sub_fetch(&permits_out, wanted(self), __ATOMIC_RELAXED);
        ex_semaphore_release(&semaphore, (uint32_t)wanted(self));
    } else {
        __atomic_sub_fetch(&mutex_out, 1, __ATOMIC_RELAXED);
        ex_mutex_unlock(&mutex);
    }
}

/* What an await that any claimant may be told at has returned. */
static void hear(struct claimant *self, int64_t value, const char *where) {
    if (value == -ECANCELED) {
        self->told_count++;
        sim_count(where, 1);
    }
    STAGE_REQUIRE(value == 0 || value == -ECANCELED, "an await returns %lld", (long long)value);
    STAGE_REQUIRE(self->told_count <= 1, "a task is told twice");
}

static struct ex_frame *claim(struct claimant *self) {
    return wants_permit(self)
               ? ex_semaphore_acquire(&self->waits.acquire, &semaphore, (uint32_t)wanted(self))
               : ex_mutex_lock(&self->waits.lock, &mutex);
}

EX_RESUME(claimant) {
    EX_BEGIN(claimant);
    EX_AWAIT(claim(self));
    hear(self, value, "told in the queue");
    if (value == 0) {
        take(self);
        EX_AWAIT(ex_sleep_for(&self->waits.sleep, 2 * EX_TIMER_US));
        hear(self, value, "told with what it wanted");
        give_back(self);
    }
    EX_AWAIT(ex_sleep_for(&self->waits.sleep, EX_TIMER_US));
    hear(self, value, "told in the clean-up");
    sim_count("clean-ups", 1);
    EX_RETURN(self->told_count == 0 ? (int64_t)self->index : -ECANCELED);
    EX_END();
}

struct collector {
    struct ex_frame frame;
    struct ex_task *task;
    struct ex_sleep sleep;
    struct ex_branch branch; /* runs the join */
    struct ex_join all;
    struct ex_task_join join;
    uint32_t index;
    bool aborts;
};

EX_RESUME(collector) {
    EX_BEGIN(collector);
    EX_AWAIT(ex_sleep_for(&self->sleep, (1 + self->index) * EX_TIMER_US));
    if (self->aborts) {
        ex_task_abort(self->task);
        sim_count("aborts", 1);
    }
    ex_branch_init(&self->branch, ex_task_join(&self->join, self->task));
    EX_AWAIT(ex_join_all(&self->all, &self->branch, 1));
    value = self->branch.result;
    STAGE_REQUIRE(value == (int64_t)self->index || (value == -ECANCELED && self->aborts),
                  "task %u returns %lld",
                  self->index,
                  (long long)value);
    sim_count("results", 1);
    EX_END();
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    scheduler = stage_open(WORKERS);
    ex_semaphore_init(&semaphore, EX_WAIT_SHARED, PERMITS);
    STAGE_REQUIRE(ex_semaphore_try_acquire(&semaphore, 1), "a new semaphore has no permit");
    ex_mutex_init(&mutex, EX_WAIT_SHARED);
    for (uint32_t i = 0; i < CLAIMANTS; i++) {
        struct claimant *claimant = STAGE_NEW(scheduler, claimant);
        claimant->index = i;
        struct collector *collector = STAGE_NEW(scheduler, collector);
        collector->index = i;
        collector->aborts = i % 4 != 3 && i != CLAIMANTS - 2;
        collector->task = ex_task_spawn(EX_FRAME(claimant, claimant));
        ex_task_spawn_detached(EX_FRAME(collector, collector));
    }
    stage_run(scheduler);

    ex_semaphore_release(&semaphore, 1);
    STAGE_REQUIRE(ex_semaphore_permits(&semaphore) == PERMITS, "a permit is lost");
    STAGE_REQUIRE(ex_mutex_try_lock(&mutex), "the mutex is lost");
    ex_mutex_unlock(&mutex);
    ex_mutex_deinit(&mutex);
    ex_semaphore_deinit(&semaphore);
    stage_close(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(1));
    sim_finally(world, "each cleans up once", "clean-ups", sim_equal(CLAIMANTS));
    sim_finally(world, "each result comes once", "results", sim_equal(CLAIMANTS));
    sim_sometimes(world, "one is told in the queue", "told in the queue", sim_at_least(1));
    sim_sometimes(world,
                  "one is told with what it wanted",
                  "told with what it wanted",
                  sim_at_least(1));
    sim_sometimes(world, "one is told in its clean-up", "told in the clean-up", sim_at_least(1));
    sim_sometimes(world, "an abort comes from another thread", "remote wakes", sim_at_least(1));
}
