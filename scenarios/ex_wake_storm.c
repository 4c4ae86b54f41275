/* Wakes from all sides: threads outside of the scheduler and tasks on each of its worker threads
 * wake the same few tasks, whether those run, are ready, wait, or have returned.
 *
 *   herald ──round = n, wakes all──► waiter ⇄ waiter      each waits for each round, and wakes the
 *   echo ────wakes all, again and again──┘                next one when it has seen it
 *
 * A wake that is lost leaves somebody waiting: nothing can run. A wake of a task that has returned
 * does nothing, also when its memory is another task's by then.
 */
#include <ex/waker.h>
#include <pthread.h>
#include <semaphore.h>

#include "scenarios/stage.h"

#define WORKERS 3
#define WAITERS 4
#define ROUNDS 5
#define LATE 3 /* tasks in memory that was a waiter's */

static struct ex_scheduler *scheduler;
static struct ex_waker wakers[WAITERS]; /* valid once `published` */
static sem_t published;
static uint32_t round_now;
static uint32_t wake_count; /* asked for by the two threads */

struct waiter {
    struct ex_frame frame;
    uint32_t index;
    uint32_t round; /* that it waits for */
};

EX_RESUME(waiter) {
    EX_BEGIN(waiter);
    wakers[self->index] = ex_waker_of(strand);
    sem_post(&published);
    for (self->round = 1; self->round <= ROUNDS; self->round++) {
        while (__atomic_load_n(&round_now, __ATOMIC_ACQUIRE) < self->round) {
            EX_SUSPEND();
        }
        sim_count("rounds seen", 1);
        ex_waker_wake(wakers[(self->index + 1) % WAITERS]);
    }
    EX_END();
}

struct late {
    struct ex_frame frame;
    uint32_t turns;
};

EX_RESUME(late) {
    EX_BEGIN(late);
    for (self->turns = 0; self->turns < 2; self->turns++) {
        EX_YIELD();
    }
    sim_count("late", 1);
    EX_END();
}

static void wake_all(void) {
    for (uint32_t i = 0; i < WAITERS; i++) {
        if (ex_waker_wake(wakers[i])) {
            __atomic_fetch_add(&wake_count, 1, __ATOMIC_RELAXED);
        } else {
            sim_count("wakes of the dead", 1);
        }
    }
}

static void *herald(void *unused) {
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        __atomic_store_n(&round_now, round, __ATOMIC_RELEASE);
        wake_all();
        if (round % 2 == 0) {
            stage_block(20 * EX_TIMER_US); /* now and then the waiters have time to sleep */
        }
    }
    return unused;
}

static void *echo(void *unused) {
    for (uint32_t i = 0; i < ROUNDS; i++) {
        wake_all();
    }
    for (uint32_t i = 0; i < LATE; i++) {
        ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, late), late));
        wake_all();
    }
    return unused;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[2];
    sem_init(&published, 0, 0);
    scheduler = stage_open(WORKERS);
    for (uint32_t i = 0; i < WAITERS; i++) {
        struct waiter *waiter = STAGE_NEW(scheduler, waiter);
        waiter->index = i;
        ex_task_spawn_detached(EX_FRAME(waiter, waiter));
    }
    for (uint32_t i = 0; i < WAITERS; i++) {
        sem_wait(&published);
    }

    pthread_create(&threads[0], NULL, herald, NULL);
    pthread_create(&threads[1], NULL, echo, NULL);
    /* It may be over before the last tasks are spawned. */
    const int status = ex_scheduler_run(scheduler);
    STAGE_REQUIRE(status == 0, "the scheduler did not run to its end: %d", status);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    stage_run(scheduler);

    struct ex_counters counters;
    ex_scheduler_counters(scheduler, &counters);
    stage_count("wakes of the woken", wake_count > counters.remote_count);
    stage_close(scheduler);
    sem_destroy(&published);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(1));
    sim_finally(world, "each waiter sees each round", "rounds seen", sim_equal(WAITERS * ROUNDS));
    sim_finally(world, "each late task runs once", "late", sim_equal(LATE));
    sim_sometimes(world, "a wake comes from another thread", "remote wakes", sim_at_least(1));
    sim_sometimes(world, "a worker sleeps", "sleeps", sim_at_least(1));
    sim_sometimes(world, "a task is stolen", "steals", sim_at_least(1));
    sim_sometimes(world, "a wake finds its task woken", "wakes of the woken", sim_at_least(1));
    sim_sometimes(world, "a wake finds its task gone", "wakes of the dead", sim_at_least(1));
}
