/* Data races, one for each WHAT: what seems to order the accesses does not. */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/modules/orders.h"

enum what {
    UNLOCKED,
    OTHER_LOCK,
    READ_LOCK,
    STORE_RELAXED,
    LOAD_RELAXED,
    FENCE_LATE,
    BROKEN_SEQUENCE,
    FAILED_EXCHANGE,
    POST_EARLY,
    UNLOCK_EARLY,
    FREED,
    COPIED,
    BY_TIME,
    BY_OUTPUT,
    HALF_ATOMIC,
    TWO_BYTES,
    NOT_JOINED,
};

static int value;
static atomic_int flag;
static pthread_mutex_t mutexes[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t posted;
static char *block;
static char from[24], to[24];

static void sleep_us(long us) {
    const struct timespec time = {.tv_nsec = us * 1000};
    nanosleep(&time, NULL);
}

__attribute__((noinline)) static void raise_under(pthread_mutex_t *mutex) {
    pthread_mutex_lock(mutex);
    value++;
    pthread_mutex_unlock(mutex);
}

__attribute__((noinline)) static void read_value(void) {
    volatile int seen = value;
    (void)seen;
}

static void *first(void *unused) {
    switch (WHAT) {
    case UNLOCKED:
        value++;
        break;
    case OTHER_LOCK:
        raise_under(&mutexes[0]);
        break;
    case READ_LOCK:
        pthread_rwlock_rdlock(&rwlock);
        value++;
        pthread_rwlock_unlock(&rwlock);
        break;
    case STORE_RELAXED:
        value = 1;
        atomic_store_explicit(&flag, 1, memory_order_relaxed);
        break;
    case LOAD_RELAXED:
    case BROKEN_SEQUENCE:
    case FAILED_EXCHANGE:
        value = 1;
        atomic_store_explicit(&flag, 1, memory_order_release);
        break;
    case FENCE_LATE:
        value = 1;
        atomic_store_explicit(&flag, 1, memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        break;
    case POST_EARLY:
        sem_post(&posted);
        value = 1;
        break;
    case UNLOCK_EARLY:
        pthread_mutex_lock(&mutexes[0]);
        pthread_mutex_unlock(&mutexes[0]);
        value = 1;
        break;
    case FREED:
        block[5] = 1;
        break;
    case COPIED:
        memcpy(to, from, sizeof to);
        break;
    case BY_TIME:
        value = 1;
        break;
    case BY_OUTPUT:
        value = 1;
        MUST(write(1, "first\n", 6) == 6);
        break;
    case HALF_ATOMIC:
        atomic_store(&flag, 1);
        break;
    case TWO_BYTES:
        memset(to + 3, 1, 2);
        break;
    case NOT_JOINED:
        value = 1;
        break;
    }
    return unused;
}

static void see_atomically(void) {
    switch ((int)WHAT) {
    case STORE_RELAXED:
        if (atomic_load_explicit(&flag, memory_order_acquire) == 1) {
            read_value();
        }
        break;
    case LOAD_RELAXED:
        if (atomic_load_explicit(&flag, memory_order_relaxed) == 1) {
            read_value();
        }
        break;
    case FENCE_LATE:
        if (atomic_load_explicit(&flag, memory_order_relaxed) == 1) {
            atomic_thread_fence(memory_order_acquire);
            read_value();
        }
        break;
    case BROKEN_SEQUENCE:
        if (atomic_load_explicit(&flag, memory_order_acquire) == 2) {
            read_value();
        }
        break;
    case FAILED_EXCHANGE: {
        int expected = 5;
        atomic_compare_exchange_strong_explicit(&flag,
                                                &expected,
                                                6,
                                                memory_order_acquire,
                                                memory_order_relaxed);
        if (expected == 1) {
            read_value();
        }
        break;
    }
    case HALF_ATOMIC: {
        int copy;
        memcpy(&copy, (const void *)&flag, sizeof copy);
        MUST(copy <= 1);
        break;
    }
    default:
        break;
    }
}

static void *second(void *unused) {
    switch ((int)WHAT) {
    case UNLOCKED:
        value++;
        break;
    case OTHER_LOCK:
        raise_under(&mutexes[1]);
        break;
    case READ_LOCK:
        pthread_rwlock_rdlock(&rwlock);
        read_value();
        pthread_rwlock_unlock(&rwlock);
        break;
    case POST_EARLY:
        sem_wait(&posted);
        read_value();
        break;
    case UNLOCK_EARLY:
        pthread_mutex_lock(&mutexes[0]);
        pthread_mutex_unlock(&mutexes[0]);
        read_value();
        break;
    case FREED:
        free(block);
        break;
    case COPIED:
        from[20] = 1;
        break;
    case BY_TIME:
        sleep_us(1000);
        read_value();
        break;
    case BY_OUTPUT:
        MUST(write(1, "second\n", 7) == 7);
        read_value();
        break;
    case TWO_BYTES:
        to[4] = 2;
        break;
    default:
        see_atomically();
        break;
    }
    return unused;
}

static void *third(void *unused) {
    int expected = 1;
    if (WHAT == BROKEN_SEQUENCE && atomic_load_explicit(&flag, memory_order_relaxed) == expected) {
        atomic_store_explicit(&flag, 2, memory_order_relaxed);
    }
    return unused;
}

int run(int argc, char **argv) {
    (void)argc;
    (void)argv;
    sem_init(&posted, 0, 0);
    block = malloc(16);
    if (WHAT == NOT_JOINED) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, first, NULL) == 0);
        sleep_us(1000);
        read_value();
        pthread_join(thread, NULL);
        return 0;
    }
    orders_run(first, second, third);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "main", "run", NULL);
}
