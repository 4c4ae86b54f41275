/* A task that other threads wake: its state word says that it is scheduled, and that a waker is at
 * it (SCHEDULING, which who takes the task down would wait for). The executor takes what is ready,
 * clears SCHEDULED, and polls. A waker notifies the executor last.
 *
 * PLANTED: a wake returns also where another one is at it. A waker has made the task ready and
 * sleeps; the executor, awake for another task, polls this one; then the last message comes. Its
 * wake sees SCHEDULING, which is stale, and pushes nothing: the task is never polled again. Any
 * later wake would make it good.
 *
 * After compio-rs/compio#948.
 */
#include <semaphore.h>

#include "scenarios/zoo.h"

#define SCHEDULED 1u
#define SCHEDULING 2u
#define TASKS 2
#define MESSAGES 3 /* of each sender */
#ifdef PLANTED
#define IS_UNDER_WAY (SCHEDULED | SCHEDULING)
#else
#define IS_UNDER_WAY SCHEDULED
#endif

struct task {
    atomic_uint state;
    atomic_int inbox;
    int missing; /* of its messages; the executor's */
};

static struct task tasks[TASKS] = {{.missing = 2 * MESSAGES}, {.missing = MESSAGES}};
static atomic_uint ready; /* a bit for each task */
static sem_t notified;

static void wake(unsigned index) {
    struct task *task = &tasks[index];
    unsigned seen = atomic_load(&task->state);
    do {
        if ((seen & IS_UNDER_WAY) != 0) {
            return;
        }
    } while (!atomic_compare_exchange_weak(&task->state, &seen, seen | SCHEDULED | SCHEDULING));
    atomic_fetch_or(&ready, 1u << index);
    atomic_fetch_and(&task->state, ~SCHEDULING);
    sem_post(&notified);
}

static void send(unsigned index) {
    atomic_fetch_add(&tasks[index].inbox, 1);
    wake(index);
}

static void *sender(void *unused) {
    zoo_chores();
    for (int i = 0; i < MESSAGES; i++) {
        send(0);
    }
    zoo_chores();
    return unused;
}

static void *other_sender(void *unused) {
    zoo_chores();
    for (int i = 0; i < MESSAGES; i++) {
        send(1);
    }
    zoo_chores();
    return unused;
}

static void run(struct task *task) {
    atomic_fetch_and(&task->state, ~SCHEDULED);
    task->missing -= atomic_exchange(&task->inbox, 0);
}

static void *executor(void *unused) {
    zoo_chores();
    while (tasks[0].missing + tasks[1].missing > 0) {
        sem_wait(&notified); /* a task that is never run again is a deadlock here */
        for (unsigned all = atomic_exchange(&ready, 0); all != 0;
             all = atomic_exchange(&ready, 0)) {
            for (unsigned i = 0; i < TASKS; i++) {
                if ((all & 1u << i) != 0) {
                    run(&tasks[i]);
                }
            }
        }
    }
    zoo_chores();
    return unused;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_body *const bodies[] = {executor, sender, sender, other_sender};
    sem_init(&notified, 0, 0);
    zoo_run(bodies, 4);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "executor", "work", NULL);
}
