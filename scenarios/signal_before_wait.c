/* A worker thread sleeps in epoll_wait on an eventfd; a producer queues ITEMS jobs and signals.
 *
 * Planted bug (PLANTED): to save system calls the producer signals only when the worker says that
 * it sleeps, but the worker says so after it looked at the queue:
 *   1  worker finds the queue empty     2  producer queues a job; nobody sleeps: no signal
 *   3  worker says that it sleeps and waits for ever
 * The correct variant looks at the queue once more after it said so.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sim/scenario.h"

#define ITEMS 3

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int queued;
static bool sleeping;
static int wakeup;
static int poller;

static int take(void) {
    pthread_mutex_lock(&mutex);
    const int count = queued;
    queued = 0;
    pthread_mutex_unlock(&mutex);
    return count;
}

static void say_sleeping(bool value) {
    pthread_mutex_lock(&mutex);
    sleeping = value;
    pthread_mutex_unlock(&mutex);
}

static void sleep_until_signalled(void) {
    struct epoll_event event;
    uint64_t count;
    epoll_wait(poller, &event, 1, -1);
    (void)!read(wakeup, &count, sizeof count);
}

static void *work(void *unused) {
    (void)unused;
    for (int done = 0; done < ITEMS;) {
        int count = take();
        if (count == 0) {
            say_sleeping(true);
#ifndef PLANTED
            count = take();
#endif
            if (count == 0) {
                sleep_until_signalled();
            }
            say_sleeping(false);
        }
        done += count;
        sim_count("jobs done", count);
    }
    return NULL;
}

static void produce(void) {
    pthread_mutex_lock(&mutex);
    queued++;
    const bool signal = sleeping;
    pthread_mutex_unlock(&mutex);
    if (signal) {
        const uint64_t one = 1;
        (void)!write(wakeup, &one, sizeof one);
    }
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poller, EPOLL_CTL_ADD, wakeup, &event);
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    for (int i = 0; i < ITEMS; i++) {
        produce();
    }
    pthread_join(worker, NULL);
    close(poller);
    close(wakeup);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "queue", "program", NULL);
    sim_finally(world, "every job is done", "jobs done", sim_equal(ITEMS));
    sim_forbid_leaks(world);
}
