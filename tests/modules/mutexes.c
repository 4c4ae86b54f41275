/* Mutexes and condition variables: each step asserts what POSIX and glibc say, and every wait ends
 * when it is due. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/modules/clock.h"

#define WORKERS 3
#define ROUNDS 3

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t checking = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile int inside, handled, total;
static bool awaited;

static int try_lock(void *mutex) {
    const int result = pthread_mutex_trylock(mutex);
    if (result == 0) {
        pthread_mutex_unlock(mutex);
    }
    return result;
}

static int unlock(void *mutex) {
    return pthread_mutex_unlock(mutex);
}

static int lock_5_ms(void *mutex) {
    const struct timespec due = clock_after(CLOCK_MONOTONIC, 5000000);
    const int result = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &due);
    clock_expect(CLOCK_MONOTONIC, &due);
    return result;
}

static int lock_6_ms_of_wall_time(void *mutex) {
    const struct timespec due = clock_after(CLOCK_REALTIME, 6000000);
    const int result = pthread_mutex_timedlock(mutex, &due);
    clock_expect(CLOCK_REALTIME, &due);
    return result;
}

static void static_initialisers_give_kinds(void) {
    assert(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
    assert(pthread_mutex_trylock(&recursive) == 0 && elsewhere(try_lock, &recursive) == EBUSY);
    assert(elsewhere(unlock, &recursive) == EPERM);
    for (int i = 0; i < 3; i++) {
        assert(pthread_mutex_unlock(&recursive) == 0);
    }
    assert(pthread_mutex_unlock(&recursive) == EPERM);
    assert(pthread_mutex_lock(&checking) == 0 && pthread_mutex_lock(&checking) == EDEADLK);
    assert(elsewhere(unlock, &checking) == EPERM && pthread_mutex_unlock(&checking) == 0);
    assert(pthread_mutex_unlock(&checking) == EPERM);
    assert(pthread_mutex_lock(&adaptive) == 0 && pthread_mutex_trylock(&adaptive) == EBUSY);
    assert(pthread_mutex_unlock(&adaptive) == 0 && elsewhere(try_lock, &adaptive) == 0);
}

static void timed_locks_end_at_their_deadline(void) {
    const struct timespec wrong = {.tv_sec = 1, .tv_nsec = -1};
    const struct timespec early = {.tv_sec = -5};
    assert(pthread_mutex_timedlock(&plain, &wrong) == 0); /* it is free: nobody looks */
    assert(pthread_mutex_timedlock(&plain, &wrong) == EINVAL);
    assert(pthread_mutex_timedlock(&plain, &early) == ETIMEDOUT);
    assert(pthread_mutex_clocklock(&plain, CLOCK_PROCESS_CPUTIME_ID, &early) == EINVAL);
    assert(elsewhere(lock_5_ms, &plain) == ETIMEDOUT);
    assert(elsewhere(lock_6_ms_of_wall_time, &plain) == ETIMEDOUT);
    assert(pthread_mutex_unlock(&plain) == 0 && elsewhere(try_lock, &plain) == 0);
}

static void what_is_in_use_is_not_destroyed(void) {
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    int ceiling;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    assert(pthread_mutex_init(&mutex, &attributes) == 0);
    assert(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_lock(&mutex) == EDEADLK);
    assert(pthread_mutex_destroy(&mutex) == EBUSY && pthread_mutex_unlock(&mutex) == 0);
    assert(pthread_mutex_consistent(&mutex) == EINVAL);
    assert(pthread_mutex_getprioceiling(&mutex, &ceiling) == EINVAL);
    assert(pthread_mutex_destroy(&mutex) == 0);
    assert(pthread_mutex_lock(&mutex) == EINVAL && pthread_mutex_trylock(&mutex) == EINVAL);
    assert(pthread_mutex_unlock(&mutex) == EINVAL);
}

/* A wait may return for nothing, but not before its time. */
static void timed_waits_end_at_their_deadline(void) {
    pthread_condattr_t attributes;
    pthread_cond_t cond;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    assert(pthread_cond_init(&cond, &attributes) == 0);
    pthread_mutex_lock(&plain);
    struct timespec due = clock_after(CLOCK_MONOTONIC, 7000000);
    while (pthread_cond_timedwait(&cond, &plain, &due) == 0) {
    }
    clock_expect(CLOCK_MONOTONIC, &due);
    due = clock_after(CLOCK_REALTIME, 7000000);
    while (pthread_cond_timedwait(&changed, &plain, &due) == 0) {
    }
    clock_expect(CLOCK_REALTIME, &due);
    due = clock_after(CLOCK_MONOTONIC, 7000000);
    while (pthread_cond_clockwait(&changed, &plain, CLOCK_MONOTONIC, &due) == 0) {
    }
    clock_expect(CLOCK_MONOTONIC, &due);
    assert(pthread_cond_clockwait(&changed, &plain, CLOCK_PROCESS_CPUTIME_ID, &due) == EINVAL);
    due.tv_nsec = 1000000000;
    assert(pthread_cond_timedwait(&changed, &plain, &due) == EINVAL);
    due = (struct timespec){.tv_sec = -1};
    while (pthread_cond_timedwait(&changed, &plain, &due) == 0) {
    }
    assert(elsewhere(try_lock, &plain) == EBUSY); /* held again after every wait */
    pthread_mutex_unlock(&plain);
    assert(pthread_cond_wait(&changed, &checking) == EPERM);
    assert(pthread_cond_destroy(&cond) == 0);
}

static void *await(void *cond) {
    pthread_mutex_lock(&plain);
    inside++;
    while (!awaited) {
        pthread_cond_wait(cond, &plain);
    }
    inside--;
    pthread_mutex_unlock(&plain);
    return NULL;
}

/* Broadcast, destroy, free at once: who was woken must not look at the memory again. */
static void a_condition_variable_is_gone_once_destroyed(void) {
    pthread_cond_t *cond = malloc(sizeof *cond);
    unsigned char dirt[sizeof *cond];
    pthread_t threads[WORKERS];
    memset(dirt, 0xa5, sizeof dirt);
    pthread_cond_init(cond, NULL);
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, await, cond);
    }
    while (inside < WORKERS) {
        clock_sleep(1000000);
    }
    pthread_mutex_lock(&plain);
    awaited = true;
    pthread_cond_broadcast(cond);
    pthread_mutex_unlock(&plain);
    pthread_cond_destroy(cond);
    memcpy(cond, dirt, sizeof dirt);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(memcmp(cond, dirt, sizeof dirt) == 0 && inside == 0);
    free(cond);
}

static void *lock_and_unlock(void *unused) {
    pthread_mutex_lock(&plain);
    pthread_mutex_unlock(&plain);
    return unused;
}

static void on_signal(int number) {
    handled += number == SIGUSR1;
}

static void handlers_run_while_a_thread_waits(void) {
    pthread_t thread;
    signal(SIGUSR1, on_signal);
    pthread_mutex_lock(&plain);
    pthread_create(&thread, NULL, lock_and_unlock, NULL);
    clock_sleep(1000000);
    pthread_kill(thread, SIGUSR1);
    clock_sleep(1000000);
    assert(handled == 1);
    pthread_mutex_unlock(&plain);
    pthread_join(thread, NULL);
    awaited = false;
    pthread_create(&thread, NULL, await, &changed);
    clock_sleep(1000000);
    pthread_kill(thread, SIGUSR1);
    clock_sleep(1000000);
    assert(handled == 2);
    assert(pthread_mutex_destroy(&plain) == EBUSY); /* the waiting thread will want it back */
    pthread_mutex_lock(&plain);
    awaited = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&plain);
    pthread_join(thread, NULL);
}

/* Some give up after a moment, which must leave the mutex as it is. */
static void *work(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        const struct timespec due = clock_after(CLOCK_MONOTONIC, 1500);
        if (pthread_mutex_clocklock(&adaptive, CLOCK_MONOTONIC, &due) == 0) {
            assert(inside++ == 0);
            sched_yield();
            total++;
            inside--;
            pthread_mutex_unlock(&adaptive);
        } else {
            pthread_mutex_lock(&adaptive);
            assert(inside == 0);
            total++;
            pthread_mutex_unlock(&adaptive);
        }
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

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    static_initialisers_give_kinds();
    timed_locks_end_at_their_deadline();
    what_is_in_use_is_not_destroyed();
    timed_waits_end_at_their_deadline();
    a_condition_variable_is_gone_once_destroyed();
    handlers_run_while_a_thread_waits();
    one_at_a_time();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
