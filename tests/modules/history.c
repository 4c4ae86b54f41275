/* Does something to declared objects, chosen by WHAT. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario.h"

#define STALE 1       /* a read that misses a write: not linearizable */
#define CRASHED 2     /* the same, and then a crash, which is what counts */
#define LEFT_THREAD 3 /* a thread ends within an operation: it took place all the same */
#define LEFT_NODE 4   /* a node ends within an operation: it took place, or not */
#define UNDECLARED 5  /* an object that the scenario does not know */
#define NESTED 6      /* an operation within another one */
#define UNBEGUN 7     /* a return without a begin */
#define FOREIGN 8     /* an operation of another model */
#define TOO_MANY 9    /* more operations than a run keeps */
#define EVERY 10      /* every operation of every model, on objects that do what they should */

static void write_value(int64_t value) {
    sim_invoke("kv", SIM_WRITE, 1, value);
    sim_return(SIM_DONE, 0);
}

static void read_value(int64_t value) {
    sim_invoke("kv", SIM_READ, 1, 0);
    sim_return(SIM_DONE, value);
}

static void *begin_only(void *unused) {
    sim_invoke("kv", SIM_WRITE, 1, 7);
    return unused;
}

static void in_a_thread(void *(*function)(void *)) {
    pthread_t thread;
    pthread_create(&thread, NULL, function, NULL);
    pthread_join(thread, NULL);
}

/* ---- objects that do what they should ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct {
    int64_t value;
    int64_t entry;
    int present;
    int64_t queue[64];
    int first, last;
    int64_t owner; /* 0 = the lock is free */
} shared;

static void set_register(int64_t me) {
    sim_invoke("kv", SIM_WRITE, 2, me);
    pthread_mutex_lock(&mutex);
    shared.value = me;
    pthread_mutex_unlock(&mutex);
    sim_return(SIM_DONE, 0);
    sim_invoke_compare("kv", 2, me, 10 * me);
    pthread_mutex_lock(&mutex);
    const int equal = shared.value == me;
    shared.value = equal ? 10 * me : shared.value;
    pthread_mutex_unlock(&mutex);
    sim_return(equal ? SIM_DONE : SIM_REFUSED, 0);
    sim_invoke("kv", SIM_READ, 2, 0);
    pthread_mutex_lock(&mutex);
    const int64_t value = shared.value;
    pthread_mutex_unlock(&mutex);
    sim_return(SIM_DONE, value);
}

static void set_entry(int64_t me) {
    sim_invoke("map", SIM_GET, -5, 0);
    pthread_mutex_lock(&mutex);
    int was = shared.present;
    const int64_t value = shared.entry;
    pthread_mutex_unlock(&mutex);
    sim_return(was ? SIM_DONE : SIM_REFUSED, value);
    sim_invoke("map", SIM_PUT, -5, me);
    pthread_mutex_lock(&mutex);
    shared.present = 1;
    shared.entry = me;
    pthread_mutex_unlock(&mutex);
    sim_return(SIM_DONE, 0);
    sim_invoke("map", SIM_DELETE, -5, 0);
    pthread_mutex_lock(&mutex);
    was = shared.present;
    shared.present = 0;
    pthread_mutex_unlock(&mutex);
    sim_return(was ? SIM_DONE : SIM_REFUSED, 0);
}

static void push_and_pop(int64_t me) {
    sim_invoke("queue", SIM_PUSH, 0, me);
    pthread_mutex_lock(&mutex);
    shared.queue[shared.last++] = me;
    pthread_mutex_unlock(&mutex);
    sim_return(SIM_DONE, 0);
    for (int i = 0; i < 2; i++) {
        sim_invoke("queue", SIM_POP, 0, 0);
        pthread_mutex_lock(&mutex);
        const int some = shared.first < shared.last;
        const int64_t item = some ? shared.queue[shared.first++] : 0;
        pthread_mutex_unlock(&mutex);
        sim_return(some ? SIM_DONE : SIM_REFUSED, item);
    }
}

static int take(int64_t me) {
    pthread_mutex_lock(&mutex);
    const int taken = shared.owner == 0;
    shared.owner = taken ? me : shared.owner;
    pthread_mutex_unlock(&mutex);
    return taken;
}

static void hold(int64_t me) {
    sim_invoke("lock", me == 1 ? SIM_ACQUIRE : SIM_TRY_ACQUIRE, 0, me);
    int taken = take(me);
    while (!taken && me == 1) {
        usleep(10);
        taken = take(me);
    }
    sim_return(taken ? SIM_DONE : SIM_REFUSED, 0);
    sim_invoke("lock", SIM_RELEASE, 0, me);
    pthread_mutex_lock(&mutex);
    shared.owner = taken ? 0 : shared.owner;
    pthread_mutex_unlock(&mutex);
    sim_return(taken ? SIM_DONE : SIM_REFUSED, 0);
}

static void *use_everything(void *number) {
    const int64_t me = (int64_t)(intptr_t)number;
    set_register(me);
    set_entry(me);
    push_and_pop(me);
    hold(me);
    return NULL;
}

static void every(void) {
    pthread_t threads[3];
    for (intptr_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, use_everything, (void *)(i + 1));
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    switch (WHAT) {
    case STALE:
    case CRASHED:
        write_value(1);
        read_value(0);
        if (WHAT == CRASHED) {
            abort();
        }
        break;
    case LEFT_THREAD:
        in_a_thread(begin_only);
        read_value(0);
        read_value(7);
        read_value(7);
        break;
    case LEFT_NODE:
        if (strcmp(argv[0], "main") != 0) {
            begin_only(NULL);
            _exit(0);
        }
        read_value(0); /* even if the other one is gone */
        break;
    case UNDECLARED:
        sim_invoke("vk", SIM_READ, 1, 0);
        break;
    case NESTED:
        sim_invoke("kv", SIM_READ, 1, 0);
        sim_invoke("kv", SIM_READ, 1, 0);
        break;
    case UNBEGUN:
        sim_return(SIM_DONE, 0);
        break;
    case FOREIGN:
        sim_invoke("kv", SIM_POP, 1, 0);
        break;
    case TOO_MANY:
        for (int i = 0; i <= 65536; i++) {
            write_value(i);
        }
        break;
    case EVERY:
        every();
        break;
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    if (WHAT == LEFT_NODE) {
        sim_node(world, "other", "program", NULL);
    }
    sim_linearizable(world, "one copy", "kv", SIM_REGISTER);
    sim_linearizable(world, "one map", "map", SIM_MAP);
    sim_linearizable(world, "one queue", "queue", SIM_QUEUE);
    sim_linearizable(world, "one holder", "lock", SIM_LOCK);
}
