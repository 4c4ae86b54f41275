/* Values by key: every thread its own, destructors in rounds, numbers that come back. Two nodes run
 * this, and a constructor has created a key before.
 *
 * Planted bug (PLANTED): a destructor looks at another key's value, which is gone already. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include "sim/scenario.h"

#define THREADS 4
#define MANY 40

static pthread_key_t early; /* created by the constructor */
static pthread_key_t key[MANY];
static int destroyed[MANY];
static int early_destroyed;
static int order[MANY];
static int order_count;

static void destroy_early(void *value) {
    early_destroyed += *(int *)value;
}

__attribute__((constructor)) static void before(void) {
    pthread_key_create(&early, destroy_early);
}

/* A value is the address of its key's counter. */
static void destroy(void *value) {
    int *counter = value;
    (*counter)++;
    order[order_count++ % MANY] = (int)(counter - destroyed);
    sched_yield();
#ifdef PLANTED
    assert(counter == destroyed || pthread_getspecific(key[0]) != NULL);
#endif
}

static int again_left;

static void destroy_again(void *value) {
    again_left--;
    pthread_setspecific(key[1], value); /* and so a further round is needed */
}

static void *use(void *argument) {
    static int one = 1;
    const intptr_t self = (intptr_t)argument;
    for (int i = 0; i < MANY; i++) {
        assert(pthread_getspecific(key[i]) == NULL);
        assert(pthread_setspecific(key[i], (void *)(self * 100 + i + 1)) == 0);
        sched_yield();
    }
    for (int i = 0; i < MANY; i++) {
        assert(pthread_getspecific(key[i]) == (void *)(self * 100 + i + 1));
        assert(pthread_setspecific(key[i], i % 2 == 0 ? &destroyed[i] : NULL) == 0);
        sched_yield();
    }
    assert(pthread_getspecific(early) == NULL);
    pthread_setspecific(early, &one);
    return NULL;
}

static void own_values(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < MANY; i++) {
        assert(pthread_key_create(&key[i], destroy) == 0);
    }
    for (intptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, use, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < MANY; i++) {
        assert(destroyed[i] == (i % 2 == 0 ? THREADS : 0));
        assert(pthread_getspecific(key[i]) == NULL);
    }
    assert(early_destroyed == THREADS);
}

static void *set_three(void *unused) {
    pthread_setspecific(key[5], &destroyed[5]);
    pthread_setspecific(key[2], &destroyed[2]);
    pthread_setspecific(key[30], &destroyed[30]);
    return unused;
}

static void in_order(void) {
    pthread_t thread;
    order_count = 0;
    pthread_create(&thread, NULL, set_three, NULL);
    pthread_join(thread, NULL);
    assert(order_count == 3 && order[0] == 2 && order[1] == 5 && order[2] == 30);
}

static void *set_one(void *unused) {
    pthread_setspecific(key[1], &again_left);
    return unused;
}

static void numbers(void) {
    pthread_t thread;
    const pthread_key_t old = key[1];
    pthread_setspecific(key[1], &again_left);
    assert(pthread_key_delete(key[1]) == 0);
    assert(pthread_key_delete(key[1]) == EINVAL);
    assert(pthread_setspecific(key[1], NULL) == EINVAL);
    assert(pthread_key_create(&key[1], destroy_again) == 0);
    assert(key[1] == old);                       /* the lowest free number */
    assert(pthread_getspecific(key[1]) == NULL); /* and no value of the old key */
    again_left = PTHREAD_DESTRUCTOR_ITERATIONS;
    pthread_create(&thread, NULL, set_one, NULL);
    pthread_join(thread, NULL);
    assert(again_left == 0);
    int count = 0;
    pthread_key_t further;
    while (pthread_key_create(&further, NULL) == 0) {
        count++;
    }
    assert(count > 0 && count <= PTHREAD_KEYS_MAX - MANY - 1);
    assert(pthread_setspecific(further, &count) == 0);
    assert(pthread_getspecific(further) == &count);
    assert(pthread_setspecific(PTHREAD_KEYS_MAX + 1, &count) == EINVAL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    own_values();
    in_order();
    numbers();
    sim_count("first key", (int64_t)key[0]);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "one", "program", NULL);
    sim_node(world, "two", "program", NULL);
}
