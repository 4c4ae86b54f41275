/* Initialisers that run once: everybody sees their end, one of them is left half-way.
 *
 * Planted bug (PLANTED): the flag says "done" before the work is:
 *   1  first thread marks it done     2  second one sees it done, reads what is not there yet
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <threads.h>

#include "sim/scenario.h"

#define THREADS 4

static int runs;
static int value;

static void initialise(void) {
    runs++;
    for (int i = 0; i < 3; i++) {
        sched_yield();
    }
    value = 42;
}

#ifdef PLANTED
static int marked;

static void once(void) {
    if (!__atomic_exchange_n(&marked, 1, __ATOMIC_SEQ_CST)) {
        initialise();
    }
}
#else
static pthread_once_t control = PTHREAD_ONCE_INIT;

static void once(void) {
    assert(pthread_once(&control, initialise) == 0);
}
#endif

static once_flag outer = ONCE_FLAG_INIT;
static once_flag inner = ONCE_FLAG_INIT;
static int inner_runs;
static int outer_runs;

static void initialise_inner(void) {
    inner_runs++;
}

static void initialise_outer(void) {
    call_once(&inner, initialise_inner);
    sched_yield();
    outer_runs++;
}

static void *use(void *unused) {
    (void)unused;
    once();
    assert(value == 42);
    call_once(&inner, initialise_inner);
    call_once(&outer, initialise_outer);
    assert(inner_runs == 1 && outer_runs == 1);
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, use, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    use(NULL);
    assert(runs == 1);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
