/* Read-write locks: each step asserts what POSIX and glibc say, and every wait ends when it is
 * due. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "tests/modules/clock.h"

#define WORKERS 4
#define ROUNDS 3

static pthread_rwlock_t plain = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t for_writers = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static volatile int reading, writing, handled, values[2];

static void *write_once(void *lock) {
    assert(pthread_rwlock_wrlock(lock) == 0);
    assert(pthread_rwlock_unlock(lock) == 0);
    return NULL;
}

static int try_read(void *lock) {
    const int result = pthread_rwlock_tryrdlock(lock);
    if (result == 0) {
        pthread_rwlock_unlock(lock);
    }
    return result;
}

static int try_write(void *lock) {
    const int result = pthread_rwlock_trywrlock(lock);
    if (result == 0) {
        pthread_rwlock_unlock(lock);
    }
    return result;
}

/* What a late reader gets while one reads and one waits to write. */
static int late_reader(pthread_rwlock_t *lock) {
    pthread_t writer;
    assert(pthread_rwlock_rdlock(lock) == 0);
    pthread_create(&writer, NULL, write_once, lock);
    clock_sleep(1000000);
    const int result = elsewhere(try_read, lock);
    pthread_rwlock_unlock(lock);
    pthread_join(writer, NULL);
    return result;
}

static void locks_prefer_whom_they_are_to(void) {
    pthread_rwlockattr_t attributes;
    pthread_rwlock_t lock;
    assert(late_reader(&plain) == 0 && late_reader(&for_writers) == EBUSY);
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    assert(pthread_rwlock_init(&lock, &attributes) == 0 && late_reader(&lock) == EBUSY);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NP);
    assert(pthread_rwlock_destroy(&lock) == 0);
    assert(pthread_rwlock_init(&lock, &attributes) == 0 && late_reader(&lock) == 0);
    assert(pthread_rwlock_rdlock(&lock) == 0 && pthread_rwlock_destroy(&lock) == EBUSY);
    assert(pthread_rwlock_unlock(&lock) == 0 && pthread_rwlock_destroy(&lock) == 0);
}

static void refusals(void) {
    const struct timespec wrong = {.tv_nsec = 1000000000};
    const struct timespec early = {.tv_sec = -1};
    assert(pthread_rwlock_timedrdlock(&plain, &wrong) == EINVAL);
    assert(pthread_rwlock_timedwrlock(&plain, &wrong) == EINVAL);
    assert(pthread_rwlock_clockwrlock(&plain, CLOCK_BOOTTIME, &early) == EINVAL);
    assert(pthread_rwlock_wrlock(&plain) == 0);
    assert(pthread_rwlock_rdlock(&plain) == EDEADLK && pthread_rwlock_wrlock(&plain) == EDEADLK);
    assert(pthread_rwlock_tryrdlock(&plain) == EBUSY && elsewhere(try_write, &plain) == EBUSY);
    assert(pthread_rwlock_unlock(&plain) == 0 && pthread_rwlock_rdlock(&plain) == 0);
    assert(pthread_rwlock_rdlock(&plain) == 0 && elsewhere(try_read, &plain) == 0);
    assert(pthread_rwlock_timedwrlock(&plain, &early) == ETIMEDOUT);
    assert(pthread_rwlock_unlock(&plain) == 0 && elsewhere(try_write, &plain) == EBUSY);
    assert(pthread_rwlock_unlock(&plain) == 0 && elsewhere(try_write, &plain) == 0);
}

static int read_5_ms(void *lock) {
    struct timespec due = clock_after(CLOCK_MONOTONIC, 5000000);
    assert(pthread_rwlock_clockrdlock(lock, CLOCK_MONOTONIC, &due) == ETIMEDOUT);
    clock_expect(CLOCK_MONOTONIC, &due);
    due = clock_after(CLOCK_REALTIME, 5000000);
    const int result = pthread_rwlock_timedrdlock(lock, &due);
    clock_expect(CLOCK_REALTIME, &due);
    return result;
}

static int write_5_ms(void *lock) {
    struct timespec due = clock_after(CLOCK_MONOTONIC, 5000000);
    assert(pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, &due) == ETIMEDOUT);
    clock_expect(CLOCK_MONOTONIC, &due);
    due = clock_after(CLOCK_REALTIME, 5000000);
    const int result = pthread_rwlock_timedwrlock(lock, &due);
    clock_expect(CLOCK_REALTIME, &due);
    return result;
}

static void *read_while_a_writer_gives_up(void *unused) {
    clock_sleep(1000000);
    assert(pthread_rwlock_rdlock(&for_writers) == 0); /* passes once the writer has given up */
    pthread_rwlock_unlock(&for_writers);
    return unused;
}

static void waits_end_at_their_deadline(void) {
    pthread_t reader;
    pthread_rwlock_wrlock(&plain);
    assert(elsewhere(read_5_ms, &plain) == ETIMEDOUT);
    pthread_rwlock_unlock(&plain);
    pthread_rwlock_rdlock(&for_writers);
    pthread_create(&reader, NULL, read_while_a_writer_gives_up, NULL);
    assert(elsewhere(write_5_ms, &for_writers) == ETIMEDOUT);
    pthread_join(reader, NULL);
    pthread_rwlock_unlock(&for_writers);
}

static void on_signal(int number) {
    handled += number == SIGUSR1;
}

static void handlers_run_while_a_thread_waits(void) {
    pthread_t writer;
    signal(SIGUSR1, on_signal);
    pthread_rwlock_rdlock(&plain);
    pthread_create(&writer, NULL, write_once, &plain);
    clock_sleep(1000000);
    pthread_kill(writer, SIGUSR1);
    clock_sleep(1000000);
    assert(handled == 1);
    pthread_rwlock_unlock(&plain);
    pthread_join(writer, NULL);
}

static void *meet(void *lock) {
    assert(pthread_rwlock_rdlock(lock) == 0);
    reading++;
    while (reading < WORKERS) { /* for ever unless all of them are in */
        clock_sleep(1000);
    }
    assert(pthread_rwlock_unlock(lock) == 0);
    return NULL;
}

static void *work(void *lock) {
    for (int i = 0; i < ROUNDS; i++) {
        const struct timespec due = clock_after(CLOCK_MONOTONIC, 1000);
        assert(pthread_rwlock_rdlock(lock) == 0);
        reading++;
        sched_yield();
        assert(writing == 0 && values[0] == values[1]);
        reading--;
        assert(pthread_rwlock_unlock(lock) == 0);
        if (pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, &due) == ETIMEDOUT) {
            continue;
        }
        assert(reading == 0 && writing++ == 0);
        values[0]++;
        sched_yield();
        values[1]++;
        writing--;
        assert(pthread_rwlock_unlock(lock) == 0);
    }
    return NULL;
}

static void in_parallel(void *(*function)(void *lock), pthread_rwlock_t *lock) {
    pthread_t threads[WORKERS];
    reading = 0;
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, function, lock);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    locks_prefer_whom_they_are_to();
    refusals();
    waits_end_at_their_deadline();
    handlers_run_while_a_thread_waits();
    in_parallel(meet, &plain);
    in_parallel(work, &plain);
    in_parallel(work, &for_writers);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
