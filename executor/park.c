#include "executor/park.h"

#include <ex/panic.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

void ex_park_init(struct ex_park *park) {
    pthread_condattr_t attributes;

    park->is_notified = false;
    pthread_mutex_init(&park->mutex, NULL);
    pthread_condattr_init(&attributes);
    const int status = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    EX_ASSERT(status == 0);
    pthread_cond_init(&park->condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void ex_park_deinit(struct ex_park *park) {
    pthread_cond_destroy(&park->condition);
    pthread_mutex_destroy(&park->mutex);
}

void ex_park_wait(struct ex_park *park, uint64_t deadline_ns) {
    const struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                                      .tv_nsec = (long)(deadline_ns % NS_PER_S)};
    int status = 0;

    pthread_mutex_lock(&park->mutex);
    while (!park->is_notified && status == 0) {
        status = deadline_ns == UINT64_MAX
                     ? pthread_cond_wait(&park->condition, &park->mutex)
                     : pthread_cond_timedwait(&park->condition, &park->mutex, &deadline);
    }
    park->is_notified = false;
    pthread_mutex_unlock(&park->mutex);
}

bool ex_park_take(struct ex_park *park) {
    pthread_mutex_lock(&park->mutex);
    const bool is_notified = park->is_notified;
    park->is_notified = false;
    pthread_mutex_unlock(&park->mutex);
    return is_notified;
}

void ex_park_notify(struct ex_park *park) {
    pthread_mutex_lock(&park->mutex);
    park->is_notified = true;
    pthread_cond_signal(&park->condition);
    pthread_mutex_unlock(&park->mutex);
}
