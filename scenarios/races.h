/* What the programs of races_*.c share. Header only: each of them is a module. */
#ifndef SCENARIOS_RACES_H
#define SCENARIOS_RACES_H

#include <pthread.h>
#include <stdint.h>
#include <sys/random.h>
#include <time.h>

/* Work of every day: a lock that all take now and then, and nothing that matters. */
static inline void log_requests(int count) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static int lines;
    for (int i = 0; i < count; i++) {
        pthread_mutex_lock(&mutex);
        lines++;
        pthread_mutex_unlock(&mutex);
    }
}

/* Takes a time between these two, in 256 steps, below a second. */
static inline void work_for_ns(int64_t least, int64_t most) {
    unsigned char random = 0;
    (void)!getrandom(&random, sizeof random, 0);
    const int64_t ns = least + (most - least) * random / 255;
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static inline void join_all(const pthread_t *threads, int count) {
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

#endif
