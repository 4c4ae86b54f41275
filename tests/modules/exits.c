/* Threads that end in the middle: handlers run inside out, main may end first, results arrive. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/scenario.h"

static int trail[8];
static int trail_length;

static void note(void *number) {
    trail[trail_length++] = (int)(intptr_t)number;
    sched_yield();
}

/* Two handlers in one frame, one in the next, one that was popped. */
static void __attribute__((noinline)) inner(void) {
    pthread_cleanup_push(note, (void *)4);
    pthread_cleanup_push(note, (void *)9);
    pthread_cleanup_pop(0);
    pthread_exit((void *)77);
    pthread_cleanup_pop(1);
}

static void *leave_early(void *unused) {
    (void)unused;
    int type;
    pthread_cleanup_push(note, (void *)1);
    pthread_cleanup_push(note, (void *)2);
    pthread_cleanup_push_defer_np(note, (void *)3);
    inner();
    pthread_cleanup_pop_restore_np(1);
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    return NULL;
}

static void handlers(void) {
    pthread_t thread;
    void *result;
    trail_length = 0;
    pthread_create(&thread, NULL, leave_early, NULL);
    assert(pthread_join(thread, &result) == 0);
    assert(result == (void *)77);
    assert(trail_length == 4);
    for (int i = 0; i < 4; i++) {
        assert(trail[i] == 4 - i);
    }
    pthread_cleanup_push(note, (void *)5); /* one that simply runs at its pop */
    pthread_cleanup_pop(1);
    assert(trail_length == 5 && trail[4] == 5);
}

static pthread_once_t control = PTHREAD_ONCE_INIT;
static int attempts;

static void initialise(void) {
    sched_yield();
    if (++attempts == 1) {
        pthread_exit(NULL); /* not initialised: the next one has to */
    }
}

static void *initialise_in_thread(void *unused) {
    pthread_once(&control, initialise);
    return unused;
}

static void once_is_left(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, initialise_in_thread, NULL);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(attempts == 2);
}

static void *check_cancel_state(void *unused) {
    int before = -1;
    assert(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before) == 0);
    assert(before == PTHREAD_CANCEL_ENABLE); /* each thread has its own */
    sched_yield();
    assert(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before) == 0);
    assert(before == PTHREAD_CANCEL_DISABLE);
    assert(pthread_setcancelstate(7, &before) == EINVAL);
    assert(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before) == 0);
    assert(before == PTHREAD_CANCEL_DEFERRED);
    assert(pthread_setcanceltype(7, NULL) == EINVAL);
    pthread_testcancel();
    return unused;
}

static void cancel_states(void) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, check_cancel_state, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
}

static pthread_t first;

static void at_exit(void) {
    sim_count("at exit", 1);
}

/* Outlives main, joins it, and is the last one: the process ends with it, in order. */
static void *last(void *unused) {
    (void)unused;
    void *result;
    assert(pthread_join(first, &result) == 0 && result == (void *)5);
    sim_count("after main", 1);
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    handlers();
    once_is_left();
    cancel_states();
    atexit(at_exit);
    first = pthread_self();
    pthread_t thread;
    pthread_create(&thread, NULL, last, NULL);
    pthread_detach(thread);
    pthread_exit((void *)5);
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_finally(world, "the others went on", "after main", sim_equal(1));
    sim_finally(world, "exit functions ran", "at exit", sim_equal(1));
}
