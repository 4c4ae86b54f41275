/* The handle of a task, which waits for its end: it leaves its waker, plain data, beside the task's
 * state word, and a bit of that word hands the waker over to whoever completes the task. The handle
 * may be polled again with another waker, and then takes the old one back first.
 *
 * PLANTED: a handle that sees the task run, and perhaps end, is in a hurry: it sets the bit before
 * it has stored the waker. Where the task completes between the two, it reads the waker that the
 * handle is writing: a data race. Each other order is good, since the handle gives its reference
 * back afterwards, with an operation on the same word.
 *
 * After tokio-rs/tokio#2087.
 */
#include <semaphore.h>
#include <stdbool.h>

#include "scenarios/zoo.h"

#define COMPLETED 1u
#define RUNNING 2u
#define HAS_WAKER 4u
#define REFERENCE 8u
#define POLLS 3 /* of the handle, and of the task */
#ifdef PLANTED
#define HURRY RUNNING /* where the bit comes first */
#else
#define HURRY 0u
#endif

static atomic_uint state = REFERENCE;
static sem_t *waker; /* the handle's, or with HAS_WAKER the task's */
static sem_t woken[POLLS];
static sem_t input;
static int output;

/* False: the task has completed. */
static bool leave_waker(sem_t *mine) {
    unsigned seen = atomic_load(&state);
    do {
        if ((seen & COMPLETED) != 0) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&state, &seen, (seen & ~HAS_WAKER) + REFERENCE));
    const bool is_early = (seen & HURRY) != 0;
    if (!is_early) {
        waker = mine;
    }
    const bool is_left = (atomic_fetch_or(&state, HAS_WAKER) & COMPLETED) == 0;
    if (is_early && is_left) {
        waker = mine;
    }
    atomic_fetch_sub(&state, REFERENCE);
    return is_left;
}

static void *handle(void *unused) {
    bool is_waiting = true;
    for (int i = 0; i < POLLS && is_waiting; i++) {
        zoo_chores();
        is_waiting = leave_waker(&woken[i]);
    }
    if (is_waiting) {
        sem_wait(&woken[POLLS - 1]);
    }
    zoo_chores();
    ZOO_REQUIRE((atomic_load(&state) & COMPLETED) != 0 && output == 1,
                "a task ends without output");
    return unused;
}

static void *task(void *unused) {
    for (int i = 1; i < POLLS; i++) {
        sem_wait(&input);
        atomic_fetch_or(&state, RUNNING);
        atomic_fetch_and(&state, ~RUNNING);
        zoo_chores();
    }
    sem_wait(&input);
    atomic_fetch_or(&state, RUNNING);
    output = 1;
    if ((atomic_fetch_or(&state, COMPLETED) & HAS_WAKER) != 0) {
        sem_post(waker);
    }
    zoo_chores();
    return unused;
}

static void *source(void *unused) {
    for (int i = 0; i < POLLS; i++) {
        zoo_chores();
        sem_post(&input);
    }
    zoo_chores();
    return unused;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_body *const bodies[] = {handle, task, source};
    sem_init(&input, 0, 0);
    for (int i = 0; i < POLLS; i++) {
        sem_init(&woken[i], 0, 0);
    }
    zoo_run(bodies, 3);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "executor", "work", NULL);
}
