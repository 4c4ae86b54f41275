/* Workers that look for jobs before they sleep, and a count of those that do. A producer unparks
 * nobody while somebody searches; so the last one that stops searching looks at the queue again.
 *
 * PLANTED: a worker loads the count to see whether it is the last one, and leaves with another
 * operation. Two have found nothing, and one of them, which is about to leave, has seen the other;
 * that one leaves, and sees the first. Then a job comes, and its producer unparks nobody; the first
 * leaves and looks no more, and all sleep while the job lies there. A job that came after that
 * would make it good.
 *
 * After tokio-rs/tokio#525 and the pull requests 1788 and 4383 there.
 */
#include <semaphore.h>
#include <stdbool.h>

#include "scenarios/zoo.h"

#define WORKERS 3
#define JOBS 4

static atomic_int jobs;
static atomic_int done;
static atomic_int searching;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int sleeping; /* under `mutex` */
static sem_t unparked;

/* Who is unparked searches at once. */
static void unpark_one(void) {
    if (atomic_load(&searching) > 0) {
        return;
    }
    pthread_mutex_lock(&mutex);
    if (sleeping > 0) {
        sleeping--;
        atomic_fetch_add(&searching, 1);
        sem_post(&unparked);
    }
    pthread_mutex_unlock(&mutex);
}

static bool take_job(void) {
    int seen = atomic_load(&jobs);
    do {
        if (seen == 0) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&jobs, &seen, seen - 1));
    return true;
}

/* Was it the last one? */
static bool leave_search(void) {
#ifdef PLANTED
    const bool is_last = atomic_load(&searching) == 1;
    atomic_fetch_sub(&searching, 1);
    return is_last;
#else
    return atomic_fetch_sub(&searching, 1) == 1;
#endif
}

/* False: somebody has unparked all that are registered, this one too. */
static bool stay_awake(void) {
    pthread_mutex_lock(&mutex);
    const bool is_registered = sleeping > 0;
    if (is_registered) {
        sleeping--;
    }
    pthread_mutex_unlock(&mutex);
    return is_registered;
}

static void sleep_until_unparked(void) {
    pthread_mutex_lock(&mutex);
    sleeping++;
    pthread_mutex_unlock(&mutex);
    if (atomic_load(&jobs) > 0 && stay_awake()) {
        return;
    }
    if (leave_search() && atomic_load(&jobs) > 0) {
        unpark_one();
    }
    sem_wait(&unparked);
}

static void finish_job(void) {
    if (atomic_fetch_add(&done, 1) + 1 == JOBS) {
        for (int i = 0; i < WORKERS; i++) {
            sem_post(&unparked);
        }
    }
}

static void *worker(void *unused) {
    zoo_chores();
    atomic_fetch_add(&searching, 1);
    while (atomic_load(&done) < JOBS) {
        if (!take_job()) {
            sleep_until_unparked();
            continue;
        }
        if (leave_search()) {
            unpark_one();
        }
        do {
            finish_job();
        } while (take_job());
        atomic_fetch_add(&searching, 1);
    }
    zoo_chores();
    return unused;
}

static void *producer(void *unused) {
    for (int i = 0; i < JOBS; i++) {
        zoo_chores();
        zoo_chores();
        atomic_fetch_add(&jobs, 1);
        unpark_one();
    }
    zoo_chores();
    return unused;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_body *const bodies[] = {worker, worker, worker, producer};
    sem_init(&unparked, 0, 0);
    zoo_run(bodies, WORKERS + 1);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "scheduler", "work", NULL);
}
