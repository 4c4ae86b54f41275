/* An initialiser that waits for its own end. */
#include <pthread.h>

#include "sim/scenario.h"

static pthread_once_t control = PTHREAD_ONCE_INIT;

static void initialise(void) {
    pthread_once(&control, initialise);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_once(&control, initialise);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
