/* A deque for work stealing that grows (D. Chase and Y. Lev, "Dynamic circular work-stealing
 * deque", 2005): its owner pushes and pops at the bottom, thieves take at the top. When a buffer is
 * full its owner copies what is left to one of twice the size; nobody writes to the old one again.
 *
 * PLANTED: a thief that takes several tasks looks once, before all of them, which buffer there is:
 *   1  thief 1 looks at the buffer     2  the owner makes another and pushes to that
 *   3  thief 2 takes what both have    4  thief 1 takes what only the new one has from the old one
 * so that a task runs twice, and another never. In the correct one it looks for each task, after
 * the top: if the exchange succeeds, that buffer has the task. After crossbeam-rs/crossbeam#726.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "scenarios/zoo.h"

#define TASKS 7
#define SLOTS_LEAST 4
#define BUFFERS 3
#define SLOTS_MAX (SLOTS_LEAST << (BUFFERS - 1))
#define BATCH 2
#define NONE (-1)

static atomic_int top;
static atomic_int bottom;
static atomic_int buffer; /* index of the one in use */
static atomic_int slots[BUFFERS][SLOTS_MAX];
static atomic_int runs[TASKS];

static atomic_int *slot_of(int which, int index) {
    return &slots[which][index % (SLOTS_LEAST << which)];
}

static void run(int task) {
    ZOO_REQUIRE(atomic_fetch_add(&runs[task], 1) == 0, "task %d is taken twice", task);
}

static int grown(int from, int until) {
    const int old = atomic_load(&buffer);
    for (int i = from; i < until; i++) {
        atomic_store(slot_of(old + 1, i), atomic_load(slot_of(old, i)));
    }
    atomic_store(&buffer, old + 1);
    return old + 1;
}

static void push(int task) {
    const int last = atomic_load(&bottom);
    const int first = atomic_load(&top);
    int which = atomic_load(&buffer);
    if (last - first == SLOTS_LEAST << which) {
        which = grown(first, last);
    }
    atomic_store(slot_of(which, last), task);
    atomic_store(&bottom, last + 1);
}

static int pop(void) {
    const int last = atomic_load(&bottom) - 1;
    atomic_store(&bottom, last);
    int first = atomic_load(&top);
    int task = first <= last ? atomic_load(slot_of(atomic_load(&buffer), last)) : NONE;
    if (first < last) {
        return task;
    }
    if (first == last && !atomic_compare_exchange_strong(&top, &first, first + 1)) {
        task = NONE;
    }
    atomic_store(&bottom, last + 1);
    return task;
}

static void steal(void) {
#ifdef PLANTED
    const int which = atomic_load(&buffer);
#endif
    for (int i = 0; i < BATCH; i++) {
        int first = atomic_load(&top);
        if (first >= atomic_load(&bottom)) {
            return;
        }
#ifndef PLANTED
        const int which = atomic_load(&buffer);
#endif
        const int task = atomic_load(slot_of(which, first));
        if (atomic_compare_exchange_strong(&top, &first, first + 1)) {
            run(task);
        }
    }
}

static void *own(void *unused) {
    (void)unused;
    zoo_chores();
    for (int task = 0; task < TASKS; task++) {
        push(task);
    }
    zoo_chores();
    for (int task = pop(); task != NONE; task = pop()) {
        run(task);
    }
    return NULL;
}

static void *thieve(void *unused) {
    (void)unused;
    zoo_chores();
    steal();
    zoo_chores();
    steal();
    zoo_chores();
    return NULL;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_run((zoo_body *[]){own, thieve, thieve}, 3);
    for (int task = 0; task < TASKS; task++) {
        ZOO_REQUIRE(atomic_load(&runs[task]) == 1, "task %d is never taken", task);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "workers", "work", NULL);
}
