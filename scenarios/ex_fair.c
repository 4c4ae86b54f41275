/* Nobody waits for ever, whatever the others do.
 *
 *   node "crew"    tasks on three worker threads share a mutex: between a task's place in the queue
 *                  and its turn no other task has it twice
 *   node "alone"   one worker thread: two tasks that only ever wake each other, and one that never
 *                  has to wait, do not keep a third from running
 */
#include <ex/mutex.h>
#include <ex/waker.h>

#include "scenarios/stage.h"

/* ---- the mutex ---- */

#define WORKERS 3
#define RIVALS 4
#define TURNS 6

static struct ex_mutex mutex;
static uint32_t turns_of[RIVALS]; /* written by who has the mutex */
static int inside;

/* Locks the mutex, and knows when it stands in the queue. */
struct stand {
    struct ex_frame frame;
    struct ex_mutex_lock lock;
};

struct rival {
    struct ex_frame frame;
    struct stand stand;
    uint32_t index;
    uint32_t turn;
    uint32_t seen[RIVALS]; /* turns_of when it stood in the queue */
    struct ex_sleep sleep;
};

static struct rival *rival_of(struct ex_frame *stand) {
    return (struct rival *)((char *)stand - offsetof(struct rival, stand));
}

static void note_turns(struct rival *self) {
    for (uint32_t i = 0; i < RIVALS; i++) {
        self->seen[i] = __atomic_load_n(&turns_of[i], __ATOMIC_RELAXED);
    }
}

static void check_turns(const struct rival *self) {
    for (uint32_t i = 0; i < RIVALS; i++) {
        const uint32_t more = __atomic_load_n(&turns_of[i], __ATOMIC_RELAXED) - self->seen[i];
        STAGE_REQUIRE(more <= 1, "task %u is overtaken %u times by task %u", self->index, more, i);
    }
}

/* Written without the macros: what is pending after its first resume stands in the queue. */
EX_RESUME(stand) {
    struct stand *self = (struct stand *)(void *)frame;
    if (frame->at == 0) {
        struct ex_frame *lock = ex_mutex_lock(&self->lock, &mutex);
        value = lock->resume(lock, strand, 0);
        if (value == EX_PENDING) {
            note_turns(rival_of(frame));
            lock->up = frame;
            frame->at = 1;
            return EX_PENDING;
        }
    } else {
        check_turns(rival_of(frame));
        sim_count("waits", 1);
    }
    frame->resume = ex_frame_completed;
    return value;
}

static struct ex_frame *stand(struct rival *rival) {
    return EX_FRAME(&rival->stand, stand);
}

EX_RESUME(rival) {
    EX_BEGIN(rival);
    for (self->turn = 0; self->turn < TURNS; self->turn++) {
        EX_AWAIT(stand(self));
        STAGE_REQUIRE(value == 0, "a lock returns %lld", (long long)value);
        STAGE_REQUIRE(__atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED) == 1, "two have the mutex");
        if (self->turn % 2 == 0) {
            EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US));
        }
        __atomic_add_fetch(&turns_of[self->index], 1, __ATOMIC_RELAXED);
        __atomic_sub_fetch(&inside, 1, __ATOMIC_RELAXED);
        ex_mutex_unlock(&mutex);
        sim_count("turns", 1);
    }
    EX_END();
}

int crew_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(WORKERS);
    ex_mutex_init(&mutex, EX_WAIT_SHARED);
    for (uint32_t i = 0; i < RIVALS; i++) {
        struct rival *rival = STAGE_NEW(scheduler, rival);
        rival->index = i;
        ex_task_spawn_detached(EX_FRAME(rival, rival));
    }
    stage_run(scheduler);
    ex_mutex_deinit(&mutex);
    stage_close(scheduler);
    return 0;
}

/* ---- one worker thread ---- */

#define RALLY 400 /* how often the ball goes to and fro */
#define GREED 2000
#define CROWD 1100  /* a queue holds 1024 */
#define PATIENCE 60 /* what others may do before it is one's turn */

static struct ex_mutex unloved;
static uint32_t done_by_others;

struct player {
    struct ex_frame frame;
    struct player *other;
    struct ex_waker waker;
    bool has_ball;
    uint32_t count;
};

EX_RESUME(player) {
    EX_BEGIN(player);
    self->waker = ex_waker_of(strand);
    while (self->count < RALLY) {
        while (!self->has_ball) {
            EX_SUSPEND();
        }
        self->has_ball = false;
        self->count++;
        done_by_others++;
        self->other->has_ball = true;
        if (self->other->waker.root != NULL) {
            ex_waker_wake(self->other->waker);
        }
    }
    EX_END();
}

struct sheep {
    struct ex_frame frame;
};

EX_RESUME(sheep) {
    EX_BEGIN(sheep);
    sim_count("crowd", 1);
    EX_END();
}

struct greedy {
    struct ex_frame frame;
    struct ex_mutex_lock lock;
    uint32_t count;
};

EX_RESUME(greedy) {
    EX_BEGIN(greedy);
    for (self->count = 0; self->count < GREED; self->count++) {
        EX_AWAIT(ex_mutex_lock(&self->lock, &unloved));
        ex_mutex_unlock(&unloved);
    }
    sim_count("greedy", 1);
    EX_END();
}

/* Wants to run now and then, as long as the others do. */
struct modest {
    struct ex_frame frame;
    struct greedy *greedy;
    uint32_t since;
    uint32_t greed_since;
};

EX_RESUME(modest) {
    EX_BEGIN(modest);
    while (done_by_others < 2 * RALLY || self->greedy->count < GREED) {
        self->since = done_by_others;
        self->greed_since = self->greedy->count;
        EX_YIELD();
        STAGE_REQUIRE(done_by_others - self->since <= PATIENCE,
                      "a task waits while others are resumed %u times",
                      done_by_others - self->since);
        STAGE_REQUIRE(self->greedy->count - self->greed_since <= 4 * PATIENCE,
                      "a task waits for one that never waits");
    }
    sim_count("modest", 1);
    EX_END();
}

/* Spawns a crowd, at one go. */
struct herd {
    struct ex_frame frame;
};

EX_RESUME(herd) {
    EX_BEGIN(herd);
    for (uint32_t i = 0; i < CROWD; i++) {
        ex_task_spawn_detached(EX_FRAME(STAGE_NEW(NULL, sheep), sheep));
    }
    EX_END();
}

int alone_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(1);
    struct player *players[2] = {STAGE_NEW(scheduler, player), STAGE_NEW(scheduler, player)};
    struct greedy *greedy = STAGE_NEW(scheduler, greedy);
    struct modest *modest = STAGE_NEW(scheduler, modest);
    ex_mutex_init(&unloved, EX_WAIT_SHARED);
    players[0]->other = players[1];
    players[1]->other = players[0];
    players[0]->has_ball = true;
    modest->greedy = greedy;
    /* First, so that it sees whatever the others do. */
    ex_task_spawn_detached(EX_FRAME(modest, modest));
    ex_task_spawn_detached(EX_FRAME(players[0], player));
    ex_task_spawn_detached(EX_FRAME(players[1], player));
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, herd), herd));
    struct ex_task *kept = ex_task_spawn(EX_FRAME(greedy, greedy));
    stage_run(scheduler);
    ex_task_take(kept);
    ex_mutex_deinit(&unloved);
    stage_close(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "crew", "crew_main", NULL);
    sim_node(world, "alone", "alone_main", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(1));
    sim_finally(world, "each has all its turns", "turns", sim_equal(RIVALS * TURNS));
    sim_finally(world, "each of the crowd runs once", "crowd", sim_equal(CROWD));
    sim_finally(world, "the modest one ends", "modest", sim_equal(1));
    sim_finally(world, "the greedy one ends", "greedy", sim_equal(1));
    sim_sometimes(world, "tasks wait for the mutex", "waits", sim_at_least(RIVALS));
    sim_sometimes(world, "what was woken last has to queue", "lifo caps", sim_at_least(1));
    sim_sometimes(world, "a queue is full", "overflows", sim_at_least(1));
}
