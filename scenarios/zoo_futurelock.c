/* A task waits for a fair lock, which is handed to whoever asked first. When a timer fires
 * meanwhile, and others wait too, the task does something else first that needs the same lock.
 *
 * PLANTED: the task only stops polling its first request, and does not drop it:
 *   1  the task asks for the lock while another holds it, and a third asks too
 *   2  the timer fires; the task asks a second time, and waits behind its first request
 *   3  the lock is handed to the first request, which nobody polls: all wait for ever
 * In the correct one the first request is dropped, and what it was given is handed on. After the
 * "futurelock" of Oxide's RFD 609.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "scenarios/zoo.h"

#define REQUESTS_MAX 4

/* All of it under the mutex. */
struct request {
    bool queued;
    bool granted;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; /* wakes all, and each polls again */
static struct request *queue[REQUESTS_MAX];
static int queued;
static bool held;
static bool timer_set;
static bool timer_fired;

static void take_out(int place) {
    queue[place]->queued = false;
    queued--;
    for (int i = place; i < queued; i++) {
        queue[i] = queue[i + 1];
    }
}

static bool poll_lock(struct request *request) {
    if (!request->granted && !request->queued) {
        if (held) {
            request->queued = true;
            queue[queued++] = request;
        } else {
            request->granted = held = true;
        }
    }
    return request->granted;
}

static void drop(struct request *request) {
    for (int i = 0; i < queued; i++) {
        if (queue[i] == request) {
            take_out(i);
            return;
        }
    }
    if (request->granted) {
        request->granted = false;
        held = queued > 0;
        if (held) {
            queue[0]->granted = true;
            take_out(0);
            pthread_cond_broadcast(&changed);
        }
    }
}

static void lock_and_unlock(struct request *request) {
    pthread_mutex_lock(&mutex);
    while (!poll_lock(request)) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    zoo_some_chores(2); /* with the lock */
    pthread_mutex_lock(&mutex);
    drop(request);
    pthread_mutex_unlock(&mutex);
}

static void set_timer(void) {
    timer_set = true;
    pthread_cond_broadcast(&changed);
}

/* True: the lock was first. */
static bool select_lock(struct request *request) {
    pthread_mutex_lock(&mutex);
    bool locked = poll_lock(request);
    set_timer();
    while (!locked && !(timer_fired && queued > 1)) {
        pthread_cond_wait(&changed, &mutex);
        locked = poll_lock(request);
    }
    pthread_mutex_unlock(&mutex);
    return locked;
}

static void *task(void *unused) {
    (void)unused;
    struct request first = {0};
    struct request second = {0};
    zoo_chores();
    if (!select_lock(&first)) {
#ifndef PLANTED
        pthread_mutex_lock(&mutex);
        drop(&first);
        pthread_mutex_unlock(&mutex);
#endif
        lock_and_unlock(&second);
    }
    pthread_mutex_lock(&mutex);
    drop(&first);
    pthread_mutex_unlock(&mutex);
    zoo_chores();
    return NULL;
}

static void *timer(void *unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    while (!timer_set) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    zoo_some_chores(8);
    pthread_mutex_lock(&mutex);
    timer_fired = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    zoo_chores();
    return NULL;
}

static void *other(void *unused) {
    (void)unused;
    struct request request = {0};
    zoo_chores();
    lock_and_unlock(&request);
    zoo_chores();
    return NULL;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    zoo_run((zoo_body *[]){task, timer, other, other}, 4);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "workers", "work", NULL);
}
