/* A task that is polled by an executor and completes once all its events are there. Who wakes it
 * while it runs only leaves a note in its state word, and who ran it pushes it again.
 *
 * PLANTED: after the last poll the executor looks whether there is such a note, and then ends the
 * run as after any other poll. An event is there before the poll that another one's wake has
 * caused, and its own wake comes between that look and the end of running: the task is pushed
 * again, and polled after its completion.
 *
 * After compio-rs/compio#856.
 */
#include <semaphore.h>
#include <stdbool.h>

#include "scenarios/zoo.h"

#define SOURCES 3
#define EVENTS_EACH 2  /* the last source has one */
#define CHORES_FIRST 5 /* of the last source, so that the others are about done */
#define EVENTS (EVENTS_EACH * (SOURCES - 1) + 1)

enum state { IDLE, SCHEDULED, RUNNING, RUNNING_WOKEN, COMPLETED };

static atomic_int state;
static atomic_int events;
static bool is_released; /* what the task owned; the executor's */
static sem_t pushed;     /* times that the task is in the queue */

static void wake(void) {
    int seen = atomic_load(&state);
    int after;
    do {
        if (seen != IDLE && seen != RUNNING) {
            return;
        }
        after = seen == IDLE ? SCHEDULED : RUNNING_WOKEN;
    } while (!atomic_compare_exchange_weak(&state, &seen, after));
    if (after == SCHEDULED) {
        sem_post(&pushed);
    }
}

static void bring_event(void) {
    atomic_fetch_add(&events, 1);
    wake();
    zoo_chores();
}

static void *source(void *unused) {
    for (int i = 0; i < EVENTS_EACH; i++) {
        zoo_chores();
        bring_event();
    }
    return unused;
}

static void *last_source(void *unused) {
    for (int i = 0; i < CHORES_FIRST; i++) {
        zoo_chores();
    }
    bring_event();
    return unused;
}

static bool poll_task(void) {
    ZOO_REQUIRE(!is_released, "a task is polled after its completion");
    return atomic_load(&events) == EVENTS;
}

/* After the last poll, notes are nobody's any more. */
static bool is_ended(bool is_ready) {
#ifdef PLANTED
    return is_ready && atomic_load(&state) == RUNNING_WOKEN;
#else
    return is_ready;
#endif
}

static void run(void) {
    atomic_store(&state, RUNNING);
    const bool is_ready = poll_task();
    is_released = is_ready;
    if (is_ended(is_ready)) {
        atomic_store(&state, COMPLETED);
        return;
    }
    int seen = RUNNING;
    if (!atomic_compare_exchange_strong(&state, &seen, is_ready ? COMPLETED : IDLE)) {
        atomic_store(&state, SCHEDULED);
        sem_post(&pushed);
    }
}

static void *executor(void *unused) {
    zoo_chores();
    while (!is_released) {
        sem_wait(&pushed);
        run();
    }
    while (sem_trywait(&pushed) == 0) {
        run();
    }
    zoo_chores();
    return unused;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_body *const bodies[] = {executor, source, source, last_source};
    sem_init(&pushed, 0, 0);
    zoo_run(bodies, SOURCES + 1);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "executor", "work", NULL);
}
