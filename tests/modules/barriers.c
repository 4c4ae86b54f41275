/* Barriers: nobody leaves a round before all have come, one is told, and the first to come out
 * takes the memory away. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/modules/clock.h"

#define WORKERS 4
#define ROUNDS 3

static pthread_barrier_t *barrier;
static unsigned char dirt[sizeof *barrier];
static volatile int arrived[ROUNDS], told[ROUNDS], left, handled;

static void *meet(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        arrived[i]++;
        const int result = pthread_barrier_wait(barrier);
        assert(arrived[i] == WORKERS && (i + 1 == ROUNDS || arrived[i + 1] < WORKERS));
        assert(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
        told[i] += result != 0;
        assert(told[i] <= 1);
    }
    if (left++ == 0) {
        assert(pthread_barrier_destroy(barrier) == 0);
        memcpy(barrier, dirt, sizeof dirt);
    }
    return unused;
}

static void refusals(void) {
    pthread_barrier_t refused;
    pthread_barrierattr_t attributes;
    assert(pthread_barrier_init(&refused, NULL, 0) == EINVAL);
    assert(pthread_barrier_init(&refused, NULL, ~0u) == EINVAL);
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    assert(pthread_barrier_init(&refused, &attributes, 1) == 0);
    assert(pthread_barrier_wait(&refused) == PTHREAD_BARRIER_SERIAL_THREAD);
    assert(pthread_barrier_destroy(&refused) == 0);
}

static void rounds(void) {
    pthread_t threads[WORKERS];
    memset(dirt, 0xa5, sizeof dirt);
    barrier = malloc(sizeof *barrier);
    assert(pthread_barrier_init(barrier, NULL, WORKERS) == 0);
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, meet, NULL);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < ROUNDS; i++) {
        assert(told[i] == 1);
    }
    assert(memcmp(barrier, dirt, sizeof dirt) == 0);
    free(barrier);
}

static void on_signal(int number) {
    handled += number == SIGUSR1;
}

static void *wait_once(void *met) {
    pthread_barrier_wait(met);
    return NULL;
}

static void handlers_run_while_a_thread_waits(void) {
    pthread_barrier_t both;
    pthread_t thread;
    signal(SIGUSR1, on_signal);
    assert(pthread_barrier_init(&both, NULL, 2) == 0);
    pthread_create(&thread, NULL, wait_once, &both);
    clock_sleep(1000000);
    assert(pthread_barrier_destroy(&both) == EBUSY);
    pthread_kill(thread, SIGUSR1);
    clock_sleep(1000000);
    assert(handled == 1);
    pthread_barrier_wait(&both);
    pthread_join(thread, NULL);
    assert(pthread_barrier_destroy(&both) == 0);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    refusals();
    rounds();
    handlers_run_while_a_thread_waits();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
