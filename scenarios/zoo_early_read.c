/* A ring of tasks that thieves steal from: its owner pushes two at a time where there is room, and
 * thieves take at the top with an exchange of the index. A thief reads the slot early, before the
 * exchange, and what it read counts if that succeeds: until then nobody may write there.
 *
 * PLANTED: it reads the slot after the exchange, when that is free again:
 *   1  the ring is full; two thieves make the exchange     2  the owner sees room and pushes there
 *   3  a thief reads what was pushed: that runs twice, and what was there before never
 * After charmplusplus/charm#1345, where this was to mend another mistake.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "scenarios/zoo.h"

#define TASKS 6
#define SLOTS 4
#define NONE (-1)

static atomic_int top;
static atomic_int bottom;
static atomic_int slots[SLOTS];
static atomic_int runs[TASKS];

static void run(int task) {
    ZOO_REQUIRE(atomic_fetch_add(&runs[task], 1) == 0, "task %d is taken twice", task);
}

/* Two tasks, for which one look at the top is enough. */
static bool push(int task) {
    const int last = atomic_load(&bottom);
    if (last - atomic_load(&top) > SLOTS - 2) {
        return false;
    }
    atomic_store(&slots[last % SLOTS], task);
    atomic_store(&slots[(last + 1) % SLOTS], task + 1);
    atomic_store(&bottom, last + 2);
    return true;
}

static int steal(void) {
    int first = atomic_load(&top);
    if (first >= atomic_load(&bottom)) {
        return NONE;
    }
#ifdef PLANTED
    const bool done = atomic_compare_exchange_strong(&top, &first, first + 1);
    const int task = done ? atomic_load(&slots[first % SLOTS]) : NONE;
#else
    const int task = atomic_load(&slots[first % SLOTS]);
    const bool done = atomic_compare_exchange_strong(&top, &first, first + 1);
#endif
    return done ? task : NONE;
}

static void *own(void *unused) {
    (void)unused;
    zoo_chores();
    for (int task = 0; task < TASKS; task += 2) {
        zoo_some_chores(6);
        if (!push(task)) { /* no room: at once */
            run(task);
            run(task + 1);
        }
    }
    zoo_chores();
    return NULL;
}

static void *thieve(void *unused) {
    (void)unused;
    zoo_chores();
    zoo_chores();
    for (int i = 0; i < 2; i++) {
        const int task = steal();
        if (task != NONE) {
            run(task);
        }
        zoo_chores();
        zoo_chores();
    }
    return NULL;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_run((zoo_body *[]){own, thieve, thieve}, 3);
    for (int task = steal(); task != NONE; task = steal()) {
        run(task);
    }
    for (int task = 0; task < TASKS; task++) {
        ZOO_REQUIRE(atomic_load(&runs[task]) == 1, "task %d is never taken", task);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "workers", "work", NULL);
}
