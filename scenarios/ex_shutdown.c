/* A scheduler is destroyed while tasks are alive everywhere: waiting for what never comes, running,
 * ready and never resumed, being spawned.
 *
 * Each of them has something of its own to give back, and does so once.
 */
#include <errno.h>
#include <ex/event.h>
#include <ex/fiber.h>
#include <ex/mutex.h>

#include "scenarios/stage.h"

#define WORKERS 3
#define MEMBERS 6
#define SPAWNERS 2
#define CHILDREN_MAX 12

static struct ex_scheduler *scheduler;
static struct ex_event never;
static struct ex_mutex mutex; /* locked by nobody who unlocks */
static int owned;             /* what tasks have and must give back */

static void own(void) {
    __atomic_add_fetch(&owned, 1, __ATOMIC_RELAXED);
    sim_count("begun", 1);
}

static void give_back(void) {
    __atomic_sub_fetch(&owned, 1, __ATOMIC_RELAXED);
    sim_count("ended", 1);
}

/* Waits in one of several ways until it is told; the clean-up awaits too. */
struct member {
    struct ex_frame frame;
    uint32_t kind;
    bool was_resumed;
    union {
        struct ex_event_wait event;
        struct ex_mutex_lock lock;
        struct ex_sleep sleep;
    } waits;
};

static struct ex_frame *wait_for_ever(struct member *self) {
    switch (self->kind % 3) {
    case 0:
        return ex_event_wait(&self->waits.event, &never);
    case 1:
        return ex_mutex_lock(&self->waits.lock, &mutex);
    default:
        return ex_sleep_for(&self->waits.sleep, 3600 * EX_TIMER_S);
    }
}

EX_RESUME(member) {
    EX_BEGIN(member);
    own();
    if (ex_strand_is(strand, EX_STRAND_CANCEL)) {
        sim_count("told before they began", 1);
    }
    EX_AWAIT(wait_for_ever(self));
    STAGE_REQUIRE(value == -ECANCELED, "what never comes came: %lld", (long long)value);
    EX_AWAIT(ex_sleep_for(&self->waits.sleep, EX_TIMER_US));
    STAGE_REQUIRE(value == 0, "a clean-up is told: %lld", (long long)value);
    give_back();
    EX_RETURN(-ECANCELED);
    EX_END();
}

static void spawn_member(struct ex_scheduler *of, uint32_t kind) {
    struct member *member = STAGE_NEW(of, member);
    member->kind = kind;
    ex_task_spawn_detached(EX_FRAME(member, member));
    sim_count("spawned", 1);
}

/* Spawns until it is told, and once more then. */
struct spawner {
    struct ex_frame frame;
    uint32_t count;
    struct ex_sleep sleep;
};

EX_RESUME(spawner) {
    EX_BEGIN(spawner);
    own();
    do {
        spawn_member(NULL, self->count++);
        EX_AWAIT(ex_sleep_for(&self->sleep, self->count < CHILDREN_MAX ? EX_TIMER_US : EX_TIMER_S));
    } while (value == 0);
    STAGE_REQUIRE(value == -ECANCELED, "a sleep returns %lld", (long long)value);
    spawn_member(NULL, self->count);
    sim_count("spawned at the end", 1);
    give_back();
    EX_END();
}

/* Waits for a member that waits. */
struct joiner {
    struct ex_frame frame;
    struct ex_task *task;
    struct ex_task_join join;
};

EX_RESUME(joiner) {
    EX_BEGIN(joiner);
    own();
    EX_AWAIT(ex_task_join(&self->join, self->task));
    STAGE_REQUIRE(value == -ECANCELED, "a join returns %lld", (long long)value);
    if (self->join.canceled) {
        ex_task_detach(self->task);
        sim_count("joins told", 1);
    }
    give_back();
    EX_END();
}

static void spawn_joiner(void) {
    struct member *member = STAGE_NEW(scheduler, member);
    struct joiner *joiner = STAGE_NEW(scheduler, joiner);
    joiner->task = ex_task_spawn(EX_FRAME(member, member));
    ex_task_spawn_detached(EX_FRAME(joiner, joiner));
    sim_count("spawned", 2);
}

static int64_t dream(void *unused) {
    struct ex_sleep sleep;
    (void)unused;
    own();
    const int64_t value = ex_fiber_await(ex_sleep_for(&sleep, 3600 * EX_TIMER_S));
    STAGE_REQUIRE(value == -ECANCELED, "a fiber sleeps to the end: %lld", (long long)value);
    give_back();
    return value;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    scheduler = stage_open(WORKERS);
    ex_event_init(&never, EX_WAIT_SHARED);
    ex_mutex_init(&mutex, EX_WAIT_SHARED);
    STAGE_REQUIRE(ex_mutex_try_lock(&mutex), "a new mutex is held");
    for (uint32_t i = 0; i < SPAWNERS; i++) {
        ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, spawner), spawner));
    }
    sim_count("spawned", SPAWNERS);
    spawn_joiner();
    ex_task_detach(ex_fiber_spawn(scheduler, dream, NULL));
    sim_count("spawned", 1);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        spawn_member(scheduler, i);
    }
    stage_block(5 * EX_TIMER_US);
    stage_tell(scheduler);

    ex_scheduler_destroy(scheduler);

    STAGE_REQUIRE(owned == 0, "%d tasks have not given back what they had", owned);
    const int64_t spawned = sim_count("spawned", 0);
    STAGE_REQUIRE(sim_count("begun", 0) == spawned, "a task was never resumed");
    STAGE_REQUIRE(sim_count("ended", 0) == spawned, "a task ended twice, or never");
    ex_mutex_unlock(&mutex);
    ex_mutex_deinit(&mutex);
    ex_event_deinit(&never);
    sim_count("shut down", 1);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(60));
    sim_finally(world, "the shut-down ends", "shut down", sim_equal(1));
    sim_sometimes(world,
                  "a task is told before it began",
                  "told before they began",
                  sim_at_least(1));
    sim_sometimes(world, "a join is told", "joins told", sim_at_least(1));
    sim_sometimes(world,
                  "a task is spawned by one that was told",
                  "spawned at the end",
                  sim_at_least(1));
    sim_sometimes(world, "a task was stolen before", "steals", sim_at_least(1));
}
