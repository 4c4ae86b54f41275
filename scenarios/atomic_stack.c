/* A stack without locks (R. K. Treiber, "Systems programming: coping with parallelism", 1986): the
 * head is an index, and who pops takes the head's successor for the next head.
 *
 * PLANTED: the head has no tag. A thread that has looked at head and successor sleeps, and others
 * pop both and push the first again: its exchange succeeds, and what is popped is on top again. In
 * the correct one each change makes the tag another one.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/scenario.h"

#define THREADS 3
#define NODES 3
#define TURNS 3
#define NONE 0u

static _Atomic uint64_t head;            /* index in the low half, tag in the high one */
static _Atomic uint32_t next[NODES + 1]; /* by index from 1 */
static atomic_int holders[NODES + 1];

static uint64_t with_tag(uint64_t before, uint32_t index) {
#ifdef PLANTED
    (void)before;
    return index;
#else
    return ((before >> 32) + 1) << 32 | index;
#endif
}

static void push(uint32_t index) {
    uint64_t seen = atomic_load(&head);
    do {
        atomic_store(&next[index], (uint32_t)seen);
    } while (!atomic_compare_exchange_weak(&head, &seen, with_tag(seen, index)));
}

static uint32_t pop(void) {
    uint64_t seen = atomic_load(&head);
    uint32_t after;
    do {
        if ((uint32_t)seen == NONE) {
            return NONE;
        }
        after = atomic_load(&next[(uint32_t)seen]);
    } while (!atomic_compare_exchange_weak(&head, &seen, with_tag(seen, after)));
    return (uint32_t)seen;
}

static uint32_t take(void) {
    const uint32_t index = pop();
    if (index != NONE && atomic_fetch_add(&holders[index], 1) != 0) {
        sim_count("held twice", 1);
    }
    return index;
}

static void give(uint32_t index) {
    if (index != NONE) {
        atomic_fetch_sub(&holders[index], 1);
        push(index);
    }
}

static void *worker(void *unused) {
    (void)unused;
    for (int turn = 0; turn < TURNS; turn++) {
        const uint32_t first = take();
        const uint32_t second = take();
        give(first);
        give(second);
    }
    return NULL;
}

int work(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[THREADS];
    for (uint32_t index = 1; index <= NODES; index++) {
        push(index);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, worker, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "workers", "work", NULL);
    sim_always(world, "a node has one holder", "held twice", sim_equal(0));
}
