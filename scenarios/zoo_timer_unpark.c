/* Timers, and a driver that sleeps until the earliest of them. Who inserts one that is earlier
 * than what the driver has said that it will sleep for unparks it.
 *
 * PLANTED: the driver says so after it has dropped the lock under which it looked. Its last timer
 * has fired, and it has found none; a timer is inserted, later than that last one, and so nobody
 * is unparked; the driver sleeps as long as it may, and the timer fires late. Whoever inserts
 * another one afterwards unparks it.
 *
 * After tokio-rs/tokio#6683.
 */
#include <stdbool.h>
#include <time.h>

#include "scenarios/zoo.h"

#define USERS 3
#define ROUNDS 2
#define TIMERS (USERS * ROUNDS)
#define STEP_NS SIM_MS(5)  /* from when it is inserted until it is due */
#define IDLE_NS SIM_MS(50) /* what the driver sleeps when there is none */
#define LATE_NS SIM_MS(1)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of the timers */
static uint64_t due_ns[TIMERS];                           /* 0: none */
static int inserted, fired;
static atomic_uint_fast64_t next_wake_ns;
static pthread_mutex_t park_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t unparked;
static bool is_notified;

static uint64_t start_ns; /* of the first insertions */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SIM_S(1) + (uint64_t)now.tv_nsec;
}

static struct timespec timespec_of(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / SIM_S(1)), .tv_nsec = (long)(ns % SIM_S(1))};
}

static void unpark(void) {
    pthread_mutex_lock(&park_mutex);
    is_notified = true;
    pthread_cond_signal(&unparked);
    pthread_mutex_unlock(&park_mutex);
}

static void insert(uint64_t when_ns) {
    pthread_mutex_lock(&mutex);
    due_ns[inserted++] = when_ns;
    pthread_mutex_unlock(&mutex);
    if (when_ns < atomic_load(&next_wake_ns)) {
        unpark();
    }
}

static void *user(void *unused) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t begin_ns = start_ns + i * STEP_NS;
        const struct timespec until = timespec_of(begin_ns);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        zoo_chores();
        insert(begin_ns + STEP_NS);
        zoo_chores();
    }
    return unused;
}

/* Fires what is due; the earliest of the others, or as long as the driver may sleep. */
static uint64_t fire(uint64_t now) {
    uint64_t earliest_ns = now + IDLE_NS;
    for (int i = 0; i < TIMERS; i++) {
        if (due_ns[i] != 0 && due_ns[i] <= now) {
            ZOO_REQUIRE(now - due_ns[i] < LATE_NS, "a timer fires late");
            due_ns[i] = 0;
            fired++;
        } else if (due_ns[i] != 0 && due_ns[i] < earliest_ns) {
            earliest_ns = due_ns[i];
        }
    }
    return earliest_ns;
}

static void park(uint64_t until_ns) {
    const struct timespec until = timespec_of(until_ns);
    pthread_mutex_lock(&park_mutex);
    while (!is_notified && pthread_cond_timedwait(&unparked, &park_mutex, &until) == 0) {
    }
    is_notified = false;
    pthread_mutex_unlock(&park_mutex);
}

static void *driver(void *unused) {
    for (int left = TIMERS; left > 0;) {
        zoo_chores();
        pthread_mutex_lock(&mutex);
        const uint64_t until_ns = fire(now_ns());
        left = TIMERS - fired;
#ifndef PLANTED
        atomic_store(&next_wake_ns, until_ns);
#endif
        pthread_mutex_unlock(&mutex);
#ifdef PLANTED
        atomic_store(&next_wake_ns, until_ns);
#endif
        if (left > 0) {
            park(until_ns);
        }
    }
    zoo_chores();
    return unused;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_body *const bodies[] = {driver, user, user, user};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&unparked, &attributes);
    start_ns = now_ns() + STEP_NS;
    zoo_run(bodies, USERS + 1);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "timers", "work", NULL);
}
