/* What modules with deadlines share: times from now on, and calls in a thread of their own. */
#ifndef TESTS_MODULES_CLOCK_H
#define TESTS_MODULES_CLOCK_H

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "sim/scenario.h"

#define CLOCK_LATE_NS_MAX 10000 /* the points of a few threads between a deadline and a look */

static inline int64_t clock_ns(const struct timespec *time) {
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static inline struct timespec clock_after(clockid_t clock, int64_t ns) {
    struct timespec now;
    clock_gettime(clock, &now);
    const int64_t due = clock_ns(&now) + ns;
    return (struct timespec){.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
}

/* The deadline came just now. */
static inline void clock_expect(clockid_t clock, const struct timespec *due) {
    struct timespec now;
    clock_gettime(clock, &now);
    const int64_t late = clock_ns(&now) - clock_ns(due);
    assert(late >= 0 && late < CLOCK_LATE_NS_MAX);
}

static inline void clock_sleep(long ns) {
    const struct timespec wanted = {.tv_nsec = ns};
    nanosleep(&wanted, NULL);
}

struct elsewhere {
    int (*function)(void *object);
    void *object;
    int result;
};

static inline void *elsewhere_main(void *argument) {
    struct elsewhere *call = argument;
    call->result = call->function(call->object);
    return NULL;
}

/* The result of a function in another thread, which has ended when this returns. */
static inline int elsewhere(int (*function)(void *object), void *object) {
    struct elsewhere call = {.function = function, .object = object};
    pthread_t thread;
    pthread_create(&thread, NULL, elsewhere_main, &call);
    pthread_join(thread, NULL);
    return call.result;
}

#endif
