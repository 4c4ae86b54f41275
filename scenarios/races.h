/* What the programs of races_*.c share. Header only: each of them is a module. */
#ifndef SCENARIOS_RACES_H
#define SCENARIOS_RACES_H

#include <pthread.h>

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

static inline void join_all(const pthread_t *threads, int count) {
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

#endif
