/* Spin locks: one at a time, and whoever waits costs the others nothing. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "tests/modules/clock.h"

#define WORKERS 4
#define ROUNDS 3
#define LOCKS 100

static pthread_spinlock_t lock, early;
static volatile int inside, total, handled;

/* Before any run: libc's own function sets this one up. */
__attribute__((constructor)) static void construct(void) {
    pthread_spin_init(&early, PTHREAD_PROCESS_PRIVATE);
}

static int try_lock(void *unused) {
    (void)unused;
    const int result = pthread_spin_trylock(&lock);
    if (result == 0) {
        pthread_spin_unlock(&lock);
    }
    return result;
}

static int unlock(void *unused) {
    (void)unused;
    return pthread_spin_unlock(&lock);
}

static void refusals(void) {
    assert(pthread_spin_lock(&lock) == 0 && pthread_spin_trylock(&lock) == EBUSY);
    assert(elsewhere(try_lock, NULL) == EBUSY && pthread_spin_destroy(&lock) == EBUSY);
    assert(elsewhere(unlock, NULL) == 0); /* nobody asks who unlocks it */
    assert(elsewhere(try_lock, NULL) == 0 && pthread_spin_destroy(&lock) == 0);
    assert(pthread_spin_init(&lock, PTHREAD_PROCESS_SHARED) == 0);
    assert(pthread_spin_trylock(&early) == 0 && pthread_spin_trylock(&early) == EBUSY);
    assert(pthread_spin_unlock(&early) == 0);
}

static void one_lock_for_each(void) {
    pthread_spinlock_t *locks = malloc(LOCKS * sizeof *locks);
    for (int i = 0; i < LOCKS; i++) {
        assert(pthread_spin_init(&locks[i], PTHREAD_PROCESS_PRIVATE) == 0);
        assert(pthread_spin_lock(&locks[i]) == 0);
    }
    for (int i = 0; i < LOCKS; i++) {
        assert(pthread_spin_trylock(&locks[i]) == EBUSY && pthread_spin_unlock(&locks[i]) == 0);
        assert(pthread_spin_destroy(&locks[i]) == 0);
    }
    free((void *)(uintptr_t)locks);
}

static void *work(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        assert(pthread_spin_lock(&lock) == 0);
        assert(inside++ == 0);
        sched_yield();
        total++;
        inside--;
        assert(pthread_spin_unlock(&lock) == 0);
    }
    return unused;
}

static void one_at_a_time(void) {
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(total == WORKERS * ROUNDS);
}

static void on_signal(int number) {
    handled += number == SIGUSR1;
}

/* A second of spinning: in points it would be millions. */
static void handlers_run_and_time_passes_while_a_thread_spins(void) {
    pthread_t thread;
    total = 0;
    signal(SIGUSR1, on_signal);
    pthread_spin_lock(&lock);
    pthread_create(&thread, NULL, work, NULL);
    const struct timespec due = clock_after(CLOCK_MONOTONIC, 999000000);
    clock_sleep(999000000);
    clock_expect(CLOCK_MONOTONIC, &due);
    pthread_kill(thread, SIGUSR1);
    clock_sleep(1000000);
    assert(handled == 1 && total == 0);
    pthread_spin_unlock(&lock);
    pthread_join(thread, NULL);
    assert(total == ROUNDS);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    refusals();
    one_lock_for_each();
    one_at_a_time();
    handlers_run_and_time_passes_while_a_thread_spins();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_limit_points(world, 5000);
}
