/* Semaphores: each step asserts what POSIX and glibc say, and every wait ends when it is due. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/modules/clock.h"

#define PLACES 2
#define WORKERS 4
#define ROUNDS 3

static sem_t none, places;
static volatile int inside, handled, taken;

static int value_of(sem_t *semaphore) {
    int value = -1;
    assert(sem_getvalue(semaphore, &value) == 0);
    return value;
}

static void refusals(void) {
    sem_t full;
    const struct timespec wrong = {.tv_nsec = -1};
    const struct timespec early = {.tv_sec = -1};
    assert(sem_init(&full, 0, 1u + INT_MAX) == -1 && errno == EINVAL);
    assert(sem_init(&full, 1, INT_MAX) == 0 && value_of(&full) == INT_MAX);
    assert(sem_post(&full) == -1 && errno == EOVERFLOW);
    assert(sem_timedwait(&full, &wrong) == -1 && errno == EINVAL);
    assert(sem_clockwait(&full, CLOCK_BOOTTIME, &early) == -1 && errno == EINVAL);
    assert(sem_timedwait(&full, &early) == 0 && value_of(&full) == INT_MAX - 1);
    assert(sem_trywait(&none) == -1 && errno == EAGAIN && value_of(&none) == 0);
    assert(sem_timedwait(&none, &early) == -1 && errno == ETIMEDOUT);
    assert(sem_destroy(&full) == 0);
}

static void waits_end_at_their_deadline(void) {
    struct timespec due = clock_after(CLOCK_MONOTONIC, 5000000);
    assert(sem_clockwait(&none, CLOCK_MONOTONIC, &due) == -1 && errno == ETIMEDOUT);
    clock_expect(CLOCK_MONOTONIC, &due);
    due = clock_after(CLOCK_REALTIME, 5000000);
    assert(sem_timedwait(&none, &due) == -1 && errno == ETIMEDOUT);
    clock_expect(CLOCK_REALTIME, &due);
}

static void on_signal(int number) {
    handled += number == SIGUSR1;
}

static void on_signal_post(int number) {
    handled += number == SIGUSR2;
    sem_post(&none);
}

static void *wait_once(void *unused) {
    (void)unused;
    return sem_wait(&none) == 0 ? NULL : (void *)(intptr_t)errno;
}

static void *wait_5_ms(void *unused) {
    (void)unused;
    const struct timespec due = clock_after(CLOCK_MONOTONIC, 5000000);
    return sem_clockwait(&none, CLOCK_MONOTONIC, &due) == 0 ? NULL : (void *)(intptr_t)errno;
}

/* What a wait comes to that a signal meets, and a post a millisecond later. */
static int interrupted(void *(*function)(void *unused), int number, int flags) {
    struct sigaction action = {.sa_flags = flags};
    action.sa_handler = number == SIGUSR1 ? on_signal : on_signal_post;
    pthread_t thread;
    void *result;
    handled = 0;
    sigaction(number, &action, NULL);
    pthread_create(&thread, NULL, function, NULL);
    clock_sleep(1000000);
    assert(sem_destroy(&none) == -1 && errno == EBUSY);
    pthread_kill(thread, number);
    clock_sleep(1000000);
    assert(handled == 1);
    sem_post(&none);
    pthread_join(thread, &result);
    while (sem_trywait(&none) == 0) {
    }
    return (int)(intptr_t)result;
}

static void signals_interrupt(void) {
    assert(interrupted(wait_once, SIGUSR1, 0) == EINTR);
    assert(interrupted(wait_once, SIGUSR1, SA_RESTART) == 0);
    assert(interrupted(wait_once, SIGUSR2, 0) == EINTR);
    assert(interrupted(wait_once, SIGUSR2, SA_RESTART) == 0);
    assert(interrupted(wait_5_ms, SIGUSR1, 0) == EINTR);
    assert(interrupted(wait_5_ms, SIGUSR1, SA_RESTART) == EINTR); /* as futex(2) has it */
}

static void *work(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        const struct timespec due = clock_after(CLOCK_MONOTONIC, 1500);
        if (sem_clockwait(&places, CLOCK_MONOTONIC, &due) != 0) {
            assert(errno == ETIMEDOUT && sem_wait(&places) == 0);
        }
        assert(++inside <= PLACES);
        sched_yield();
        taken++;
        inside--;
        assert(sem_post(&places) == 0 && value_of(&places) <= PLACES);
    }
    return unused;
}

static void no_more_than_there_are_places(void) {
    pthread_t threads[WORKERS];
    assert(sem_init(&places, 0, PLACES) == 0);
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(taken == WORKERS * ROUNDS && value_of(&places) == PLACES);
}

static void *post(void *semaphore) {
    assert(sem_post(semaphore) == 0);
    return NULL;
}

/* Who has waited may take the memory away, while sem_post has not returned yet. */
static void a_semaphore_is_gone_once_waited_for(void) {
    sem_t *semaphore = malloc(sizeof *semaphore);
    unsigned char dirt[sizeof *semaphore];
    pthread_t thread;
    memset(dirt, 0xa5, sizeof dirt);
    assert(sem_init(semaphore, 0, 0) == 0);
    pthread_create(&thread, NULL, post, semaphore);
    assert(sem_wait(semaphore) == 0 && sem_destroy(semaphore) == 0);
    memcpy(semaphore, dirt, sizeof dirt);
    pthread_join(thread, NULL);
    assert(memcmp(semaphore, dirt, sizeof dirt) == 0);
    free(semaphore);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    assert(sem_init(&none, 0, 0) == 0);
    refusals();
    waits_end_at_their_deadline();
    signals_interrupt();
    no_more_than_there_are_places();
    a_semaphore_is_gone_once_waited_for();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
