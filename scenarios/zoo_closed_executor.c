/* An executor that is dropped when all its tasks have run: whoever makes a task ready puts it into
 * the queue, and then notifies the executor's thread, which may sleep.
 *
 * PLANTED: its memory is its owner's alone, and who schedules holds no part of it:
 *   1  thread 1 puts the last task into the queue    2  the executor's thread, awake, runs it
 *   3  the owner drops the executor                  4  thread 1 notifies what is no more
 * What is dead is marked and not freed, so that it can be seen. In the correct one who schedules
 * holds a reference until it has notified. After smol-rs/async-executor#163.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "scenarios/zoo.h"

#define WAKERS 2
#define ALL ((1u << WAKERS) - 1)
#define ALIVE 0x600du
#define DEAD 0xdeadu

struct executor {
    atomic_uint magic;
    atomic_int references;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    bool notified;
};

static struct executor the_executor = {
    .magic = ALIVE,
#ifdef PLANTED
    .references = 1,
#else
    .references = 1 + WAKERS,
#endif
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .woken = PTHREAD_COND_INITIALIZER,
};
static atomic_uint ready; /* the queue: a bit for each task; it outlives the executor */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;
static bool is_finished;

static void release(struct executor *executor) {
    if (atomic_fetch_sub(&executor->references, 1) == 1) {
        atomic_store(&executor->magic, DEAD);
    }
}

static void notify(struct executor *executor) {
    ZOO_REQUIRE(atomic_load(&executor->magic) == ALIVE, "an executor is used after its end");
    pthread_mutex_lock(&executor->mutex);
    executor->notified = true;
    pthread_cond_signal(&executor->woken);
    pthread_mutex_unlock(&executor->mutex);
}

static void wait_notified(struct executor *executor) {
    pthread_mutex_lock(&executor->mutex);
    while (!executor->notified) {
        pthread_cond_wait(&executor->woken, &executor->mutex);
    }
    executor->notified = false;
    pthread_mutex_unlock(&executor->mutex);
}

static void schedule(struct executor *executor, unsigned task) {
    atomic_fetch_or(&ready, 1u << task);
    notify(executor);
#ifndef PLANTED
    release(executor);
#endif
}

static void tell_finished(void) {
    pthread_mutex_lock(&mutex);
    is_finished = true;
    pthread_cond_signal(&finished);
    pthread_mutex_unlock(&mutex);
}

static void wait_finished(void) {
    pthread_mutex_lock(&mutex);
    while (!is_finished) {
        pthread_cond_wait(&finished, &mutex);
    }
    pthread_mutex_unlock(&mutex);
}

static void *execute(void *unused) {
    (void)unused;
    unsigned done = 0;
    zoo_chores();
    while (done != ALL) {
        const unsigned found = atomic_exchange(&ready, 0);
        if (found == 0) {
            wait_notified(&the_executor);
        } else {
            zoo_some_chores(2); /* the tasks run */
            done |= found;
        }
    }
    tell_finished();
    zoo_chores();
    return NULL;
}

static void *own(void *unused) {
    (void)unused;
    zoo_chores();
    wait_finished();
    release(&the_executor);
    zoo_chores();
    return NULL;
}

static void *wake(void *unused) {
    static atomic_uint wakers;
    (void)unused;
    const unsigned task = atomic_fetch_add(&wakers, 1);
    zoo_chores();
    schedule(&the_executor, task);
    zoo_chores();
    return NULL;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_run((zoo_body *[]){own, execute, wake, wake}, 2 + WAKERS);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "workers", "work", NULL);
}
