/* Tasks that meet: at an event, at a barrier, at what is to be done once, after a notice, at the
 * latest value, at the end of a scope. Some are told to end just then.
 *
 *   node "points"   comers: event ─► once ─► barrier ─► notice ─► value     setter, meddler: abort
 *   node "scopes"   owner ─spawns─► children, one of which fails            the others are told
 *
 * Whoever waits is let go on, and once: nobody queues for what has just happened.
 */
#include <errno.h>
#include <ex/barrier.h>
#include <ex/event.h>
#include <ex/notify.h>
#include <ex/once.h>
#include <ex/scope.h>
#include <ex/watch.h>
#include <sys/random.h>

#include "scenarios/stage.h"

#define WORKERS 3

/* ---- meeting points ---- */

#define COMERS 4 /* the last is told to end, somewhere on its way, and goes on */
#define VALUES 3

static struct ex_event event;
static struct ex_once once;
static struct ex_barrier barrier;
static struct ex_notify notify;
static struct ex_watch *watch;
static uint32_t begun_count;  /* how often the thing to do once was begun */
static uint32_t passed_count; /* the barrier */

struct comer {
    struct ex_frame frame;
    uint32_t index;
    uint32_t told_count;
    uint32_t value;
    struct ex_watch_receiver receiver;
    union {
        struct ex_event_wait event;
        struct ex_once_enter once;
        struct ex_barrier_wait barrier;
        struct ex_notify_wait notify;
        struct ex_watch_changed changed;
        struct ex_sleep sleep;
    } waits;
};

/* True when an await that may be told was, and is to be repeated. */
static bool is_told(struct comer *self, int64_t value) {
    if (value != -ECANCELED) {
        STAGE_REQUIRE(value >= 0, "an await returns %lld", (long long)value);
        return false;
    }
    STAGE_REQUIRE(self->index == COMERS - 1 && self->told_count++ == 0, "a task is told wrongly");
    sim_count("told on the way", 1);
    return true;
}

/* The first who begins gives up at once, the second does it. */
static void do_once(void) {
    if (begun_count++ == 0) {
        ex_once_give_up(&once);
    } else {
        ex_once_complete(&once);
    }
}

EX_RESUME(comer) {
    EX_BEGIN(comer);
    do {
        EX_AWAIT(ex_event_wait(&self->waits.event, &event));
    } while (is_told(self, value));
    STAGE_REQUIRE(ex_event_is_set(&event), "an event that is not set lets go on");
    while (!ex_once_is_done(&once)) {
        EX_AWAIT(ex_once_enter(&self->waits.once, &once));
        if (!is_told(self, value) && value == EX_ONCE_YOURS) {
            if (begun_count != 0) {
                EX_AWAIT(ex_sleep_for(&self->waits.sleep, EX_TIMER_US));
                is_told(self, value);
            }
            do_once();
        }
    }
    __atomic_add_fetch(&passed_count, 1, __ATOMIC_RELAXED);
    do {
        EX_AWAIT(ex_barrier_wait(&self->waits.barrier, &barrier));
    } while (is_told(self, value));
    sim_count("leaders", value == EX_BARRIER_LEADER);
    STAGE_REQUIRE(__atomic_load_n(&passed_count, __ATOMIC_RELAXED) == COMERS, "one is missing");
    if (self->index == 0) {
        EX_AWAIT(ex_sleep_for(&self->waits.sleep, EX_TIMER_US));
        ex_notify_one(&notify);
    } else {
        EX_AWAIT(ex_notify_wait(&self->waits.notify, &notify));
        if (!is_told(self, value)) {
            ex_notify_one(&notify); /* from one to the next */
        }
    }
    while (self->value < VALUES) {
        EX_AWAIT(ex_watch_changed(&self->waits.changed, &self->receiver, &self->value));
        is_told(self, value);
    }
    ex_watch_unsubscribe(&self->receiver);
    sim_count("comers", 1);
    EX_END();
}

/* Sets the event, and later the values. */
struct setter {
    struct ex_frame frame;
    uint32_t value;
    struct ex_sleep sleep;
};

EX_RESUME(setter) {
    EX_BEGIN(setter);
    EX_YIELD();
    ex_event_set(&event);
    for (self->value = 1; self->value <= VALUES; self->value++) {
        EX_AWAIT(ex_sleep_for(&self->sleep, 2 * EX_TIMER_US));
        ex_watch_send(watch, &self->value);
    }
    EX_END();
}

/* Tells the last comer to end, at any time, or when some are at the barrier. */
struct meddler {
    struct ex_frame frame;
    uint8_t chance;
    struct ex_task *task;
    struct ex_sleep sleep;
};

EX_RESUME(meddler) {
    EX_BEGIN(meddler);
    STAGE_REQUIRE(getrandom(&self->chance, 1, 0) == 1, "there is no chance");
    EX_AWAIT(ex_sleep_for(&self->sleep, self->chance / 32 * EX_TIMER_US));
    while (__atomic_load_n(&passed_count, __ATOMIC_RELAXED) < self->chance % (COMERS + 1)) {
        EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US / 4));
    }
    ex_task_abort(self->task);
    ex_task_detach(self->task);
    EX_END();
}

int points_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(WORKERS);
    struct meddler *meddler = STAGE_NEW(scheduler, meddler);
    ex_event_init(&event, EX_WAIT_SHARED);
    ex_once_init(&once, EX_WAIT_SHARED);
    ex_barrier_init(&barrier, EX_WAIT_SHARED, COMERS);
    ex_notify_init(&notify, EX_WAIT_SHARED);
    watch = ex_watch_create(EX_WAIT_SHARED, sizeof(uint32_t), &(const uint32_t){0});
    for (uint32_t i = 0; i < COMERS; i++) {
        struct comer *comer = STAGE_NEW(scheduler, comer);
        comer->index = i;
        ex_watch_subscribe(watch, &comer->receiver);
        struct ex_task *task = ex_task_spawn(EX_FRAME(comer, comer));
        if (i == COMERS - 1) {
            meddler->task = task;
        } else {
            ex_task_detach(task);
        }
    }
    ex_task_spawn_detached(EX_FRAME(meddler, meddler));
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, setter), setter));
    stage_run(scheduler);
    ex_watch_destroy(watch);
    ex_notify_deinit(&notify);
    ex_barrier_deinit(&barrier);
    ex_once_deinit(&once);
    ex_event_deinit(&event);
    stage_close(scheduler);
    return 0;
}

/* ---- scopes ---- */

#define SCOPES 3
#define CHILDREN 4

static struct ex_event never;
static int alive;

struct child {
    struct ex_frame frame;
    bool fails;
    union {
        struct ex_event_wait event;
        struct ex_sleep sleep;
    } waits;
};

EX_RESUME(child) {
    EX_BEGIN(child);
    if (self->fails) {
        EX_YIELD();
        EX_AWAIT(ex_sleep_for(&self->waits.sleep, EX_TIMER_US));
        value = -EIO;
    } else {
        EX_AWAIT(ex_event_wait(&self->waits.event, &never));
        STAGE_REQUIRE(value == -ECANCELED, "a child is told %lld", (long long)value);
    }
    __atomic_sub_fetch(&alive, 1, __ATOMIC_RELAXED);
    EX_RETURN(value);
    EX_END();
}

struct owner {
    struct ex_frame frame;
    uint32_t number;
    uint32_t children;
    struct ex_scope scope;
};

static void spawn_child(struct owner *self, bool fails) {
    struct child *child = ex_scope_new(&self->scope, sizeof *child);
    STAGE_REQUIRE(child != NULL, "there is no memory for a child");
    child->fails = fails;
    __atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED);
    ex_scope_spawn(&self->scope, EX_FRAME(child, child));
}

EX_RESUME(owner) {
    EX_BEGIN(owner);
    for (self->number = 0; self->number < SCOPES; self->number++) {
        ex_scope_open(&self->scope, strand, EX_SCOPE_END_ON_ERROR);
        for (self->children = 0; self->children < CHILDREN; self->children++) {
            spawn_child(self, self->children == 0);
            EX_YIELD();
        }
        EX_AWAIT(ex_scope_leave(&self->scope));
        STAGE_REQUIRE(value == -EIO, "a scope returns %lld", (long long)value);
        STAGE_REQUIRE(__atomic_load_n(&alive, __ATOMIC_RELAXED) == 0, "a child outlives its scope");
        sim_count("scopes", 1);
    }
    EX_END();
}

int scopes_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(WORKERS);
    ex_event_init(&never, EX_WAIT_SHARED);
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, owner), owner));
    stage_run(scheduler);
    ex_event_deinit(&never);
    stage_close(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "points", "points_main", NULL);
    sim_node(world, "scopes", "scopes_main", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(1));
    sim_finally(world, "each comer arrives", "comers", sim_equal(COMERS));
    sim_finally(world, "a barrier has one leader", "leaders", sim_equal(1));
    sim_finally(world, "each scope ends", "scopes", sim_equal(SCOPES));
    sim_sometimes(world, "one is told on its way", "told on the way", sim_at_least(1));
    sim_sometimes(world, "a child is stolen", "steals", sim_at_least(1));
}
