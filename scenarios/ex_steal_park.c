/* One task keeps its worker thread for a long time, with much behind it that could run:
 *
 *   blocker's worker │ queue: children it spawned      │ woken last: `tapped`
 *                    │ woken by a thread: `called`     │ its wheel: `timed`, due in between
 *                    └ pinned: a fiber, which has to wait for that thread
 *
 * Workers without work look for some, sleep, and watch each other. Whatever is ready runs within a
 * millisecond, except for fibers, which stay on the thread that they began on.
 */
#include <ex/fiber.h>
#include <ex/waker.h>
#include <pthread.h>

#include "scenarios/stage.h"

#define WORKERS 3
#define CHILDREN 5
#define FIBERS 2
#define FIBER_YIELDS 4
#define BLOCK_NS (20 * EX_TIMER_MS)
#define LATE_NS EX_TIMER_MS
#define PROMPT_NS (200 * EX_TIMER_US)

static struct ex_scheduler *scheduler;

/* What a task that was ready since then says when it runs. */
static void arrive(const char *what, uint64_t since_ns) {
    sim_count("late", stage_now_ns() - since_ns > LATE_NS);
    sim_count(what, 1);
}

struct child {
    struct ex_frame frame;
    pthread_t parent;
    uint64_t since_ns;
};

EX_RESUME(child) {
    EX_BEGIN(child);
    arrive("children", self->since_ns);
    if (!pthread_equal(pthread_self(), self->parent)) {
        sim_count("children elsewhere", 1);
    }
    EX_END();
}

/* Waits until it is told. */
struct told {
    struct ex_frame frame;
    const char *name;
    struct ex_waker waker; /* valid once `is_waiting` */
    bool is_waiting;
    bool is_told;
    uint64_t since_ns; /* valid once it is told */
};

static struct told *tapped; /* by the blocker, right before it blocks */
static struct told *called; /* by a thread, while it blocks */

EX_RESUME(told) {
    EX_BEGIN(told);
    self->waker = ex_waker_of(strand);
    __atomic_store_n(&self->is_waiting, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&self->is_told, __ATOMIC_ACQUIRE)) {
        EX_SUSPEND();
    }
    arrive(self->name, self->since_ns);
    EX_END();
}

static struct told *spawn_told(const char *name) {
    struct told *told = STAGE_NEW(NULL, told);
    told->name = name;
    ex_task_spawn_detached(EX_FRAME(told, told));
    return told;
}

static uint64_t sleep_count(void) {
    struct ex_counters counters;
    ex_scheduler_counters(scheduler, &counters);
    return counters.sleep_count;
}

static void tell(struct told *told) {
    const struct ex_waker waker = told->waker;
    told->since_ns = stage_now_ns();
    __atomic_store_n(&told->is_told, true, __ATOMIC_RELEASE);
    const uint64_t sleeps = sleep_count();
    ex_waker_wake(waker);
    if (sleep_count() != sleeps) {
        sim_count("park races", 1);
    }
}

static bool is_waiting(const struct told *told) {
    return __atomic_load_n(&told->is_waiting, __ATOMIC_ACQUIRE);
}

struct timed {
    struct ex_frame frame;
    struct ex_sleep sleep;
    uint64_t due_ns;
};

EX_RESUME(timed) {
    EX_BEGIN(timed);
    self->due_ns = stage_now_ns() + 300 * EX_TIMER_US;
    EX_AWAIT(ex_sleep_until(&self->sleep, self->due_ns));
    STAGE_REQUIRE(value == 0, "a sleep was told to end");
    STAGE_REQUIRE(stage_now_ns() >= self->due_ns, "a sleep ended early");
    arrive("timed", self->due_ns);
    EX_END();
}

static int64_t stay(void *unused) {
    const pthread_t home = pthread_self();
    (void)unused;
    for (int i = 0; i < FIBER_YIELDS; i++) {
        ex_fiber_yield();
        STAGE_REQUIRE(pthread_equal(pthread_self(), home), "a fiber changed its thread");
    }
    sim_count("fibers", 1);
    return 0;
}

static void *call(void *unused) {
    stage_block(100 * EX_TIMER_US);
    tell(called);
    return unused;
}

struct blocker {
    struct ex_frame frame;
    pthread_t caller;
};

EX_RESUME(blocker) {
    EX_BEGIN(blocker);
    tapped = spawn_told("tapped");
    called = spawn_told("called");
    for (int i = 0; i < FIBERS; i++) {
        ex_task_detach(ex_fiber_spawn(NULL, stay, NULL));
    }
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(NULL, timed), timed));
    while (!is_waiting(tapped) || !is_waiting(called)) {
        EX_YIELD();
    }
    pthread_create(&self->caller, NULL, call, NULL);
    for (int i = 0; i < CHILDREN; i++) {
        struct child *child = STAGE_NEW(NULL, child);
        child->parent = pthread_self();
        child->since_ns = stage_now_ns();
        ex_task_spawn_detached(EX_FRAME(child, child));
    }
    tell(tapped);
    stage_block(BLOCK_NS);
    pthread_join(self->caller, NULL);
    EX_END();
}

/* Stands in a queue while other workers sleep: one of them is told at once, and not found ready by
 * who looks after the others now and then. */
struct prompt {
    struct ex_frame frame;
    uint64_t since_ns;
};

EX_RESUME(prompt) {
    EX_BEGIN(prompt);
    sim_count("not prompt", stage_now_ns() - self->since_ns > PROMPT_NS);
    EX_END();
}

/* Gets up when all workers sleep, spawns one task, wakes another, and blocks: somebody has to look
 * after them. */
struct riser {
    struct ex_frame frame;
    struct told *told;
    struct prompt *prompt;
    struct ex_sleep sleep;
};

EX_RESUME(riser) {
    EX_BEGIN(riser);
    self->told = spawn_told("tapped late");
    EX_AWAIT(ex_sleep_for(&self->sleep, BLOCK_NS + BLOCK_NS / 2));
    self->prompt = STAGE_NEW(NULL, prompt);
    self->prompt->since_ns = stage_now_ns();
    ex_task_spawn_detached(EX_FRAME(self->prompt, prompt));
    tell(self->told);
    stage_block(3 * LATE_NS);
    EX_END();
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    scheduler = stage_open(WORKERS);
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, blocker), blocker));
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, riser), riser));
    stage_run(scheduler);
    stage_close(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(10));
    sim_always(world, "what is ready runs within a millisecond", "late", sim_at_most(0));
    sim_always(world, "a worker that sleeps is told of spawns", "not prompt", sim_at_most(0));
    sim_finally(world, "each child runs once", "children", sim_equal(CHILDREN));
    sim_finally(world, "the one woken last runs once", "tapped", sim_equal(1));
    sim_finally(world, "the one woken by a thread runs once", "called", sim_equal(1));
    sim_finally(world, "the one woken late runs once", "tapped late", sim_equal(1));
    sim_finally(world, "the timer wakes once", "timed", sim_equal(1));
    sim_finally(world, "the fibers end", "fibers", sim_equal(FIBERS));
    sim_sometimes(world, "a child is stolen", "children elsewhere", sim_at_least(1));
    sim_sometimes(world, "all children are stolen", "children elsewhere", sim_equal(CHILDREN));
    sim_sometimes(world, "a worker is found stuck", "rescues", sim_at_least(1));
    sim_sometimes(world, "workers sleep", "sleeps", sim_at_least(2));
    sim_sometimes(world, "a worker parks while a task is woken", "park races", sim_at_least(1));
}
