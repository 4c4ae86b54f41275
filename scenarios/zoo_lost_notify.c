/* A permit that is handed from one to the next: who gives it back notifies the first waiter, whose
 * it is from then on, awake or not. A waiter can be cancelled, and then leaves without it.
 *
 * PLANTED: a waiter that was notified, and cancelled before it woke, leaves and keeps the permit:
 *   1  thread 1 holds the permit, and thread 2 waits    2  thread 3 sees thread 2 wait too long
 *   3  thread 1 gives it back: it is thread 2's now     4  thread 3 cancels thread 2
 *   5  thread 2 wakes and leaves; all others wait for ever
 * In the correct one it notifies the next. After python/cpython#112202 and agronholm/anyio#1075.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "scenarios/zoo.h"

#define WAITERS_MAX 4

/* All of it under the mutex. */
struct waiter {
    pthread_cond_t woken;
    bool notified;
    bool cancelled;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct waiter *waiters[WAITERS_MAX]; /* the first is the next */
static int waiting;
static bool is_free = true;
static struct waiter impatient = {.woken = PTHREAD_COND_INITIALIZER};

static void take_out(int place) {
    waiting--;
    for (int i = place; i < waiting; i++) {
        waiters[i] = waiters[i + 1];
    }
}

static void notify_next(void) {
    if (waiting == 0) {
        is_free = true;
        return;
    }
    waiters[0]->notified = true;
    pthread_cond_signal(&waiters[0]->woken);
    take_out(0);
}

static void leave(struct waiter *waiter) {
    for (int i = 0; i < waiting; i++) {
        if (waiters[i] == waiter) {
            take_out(i);
        }
    }
#ifndef PLANTED
    if (waiter->notified) {
        notify_next();
    }
#endif
}

static bool acquire(struct waiter *waiter) {
    pthread_mutex_lock(&mutex);
    if (is_free) {
        is_free = false;
        pthread_mutex_unlock(&mutex);
        return true;
    }
    waiters[waiting++] = waiter;
    while (!waiter->notified && !waiter->cancelled) {
        pthread_cond_wait(&waiter->woken, &mutex);
    }
    const bool cancelled = waiter->cancelled;
    if (cancelled) {
        leave(waiter);
    }
    pthread_mutex_unlock(&mutex);
    return !cancelled;
}

static void give_back(void) {
    pthread_mutex_lock(&mutex);
    notify_next();
    pthread_mutex_unlock(&mutex);
}

static void cancel(struct waiter *waiter) {
    pthread_mutex_lock(&mutex);
    waiter->cancelled = true;
    pthread_cond_signal(&waiter->woken);
    pthread_mutex_unlock(&mutex);
}

static void use(struct waiter *waiter) {
    zoo_chores();
    zoo_chores();
    if (acquire(waiter)) {
        give_back();
    }
    zoo_chores();
}

static void *use_impatiently(void *unused) {
    (void)unused;
    use(&impatient);
    return NULL;
}

/* It may wait no more when the caller has its answer. */
static bool waits_first(const struct waiter *waiter) {
    pthread_mutex_lock(&mutex);
    const bool result = waiting > 0 && waiters[0] == waiter;
    pthread_mutex_unlock(&mutex);
    return result;
}

static void *lose_patience(void *unused) {
    (void)unused;
    zoo_chores();
    zoo_chores();
    if (waits_first(&impatient)) {
        cancel(&impatient);
    }
    zoo_chores();
    return NULL;
}

static void *use_patiently(void *unused) {
    (void)unused;
    struct waiter patient = {.woken = PTHREAD_COND_INITIALIZER};
    use(&patient);
    return NULL;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_run((zoo_body *[]){use_impatiently, lose_patience, use_patiently, use_patiently}, 4);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "workers", "work", NULL);
}
