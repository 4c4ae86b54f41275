/* Two threads of which either may be first, and what is said of that must happen sometimes. WHAT
 * says which case it is. */
#include <pthread.h>

#include "sim/scenario.h"

#define OFTEN 1   /* either order happens */
#define NEVER 2   /* a third one does not */
#define FOUND 3   /* neither does it before a failure is found */
#define ONE_RUN 4 /* an order that production does not show */
#define AT_ONCE 5 /* refused: it holds before anything happened */
#define TWICE 6   /* refused: two have one sentence */
#define SPELT 7   /* properties are about counters that nobody counts */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int arrived;

static void *race(void *name) {
    pthread_mutex_lock(&mutex);
    arrived++;
    if (arrived == 1) {
        sim_count(name, 1);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t left, right;
    pthread_create(&left, NULL, race, "left");
    pthread_create(&right, NULL, race, "right");
    pthread_join(left, NULL);
    pthread_join(right, NULL);
    if (WHAT == FOUND) {
        sim_fail("what was to be found");
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    if (WHAT != ONE_RUN) {
        sim_sometimes(world, "the left one is first", "left", sim_equal(1));
    }
    sim_sometimes(world, "the right one is first", "right", sim_at_least(1));
    if (WHAT == NEVER || WHAT == FOUND) {
        sim_sometimes(world, "neither is first", "neither", sim_at_least(1));
    }
    if (WHAT == AT_ONCE) {
        sim_sometimes(world, "nobody is first", "nobody", sim_at_most(0));
    }
    if (WHAT == SPELT) {
        sim_always(world, "one is first", "rihgt", sim_at_most(1));
        sim_finally(world, "one was first", "rihgt", sim_at_most(1));
        sim_always(world, "one is right", "right", sim_at_most(1));
    }
    if (WHAT == TWICE) {
        sim_sometimes(world, "the left one is first", "right", sim_at_least(1));
    }
}
