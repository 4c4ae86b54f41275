/* Leaks what an uninitialised block of the heap happens to hold. */
#include <stdlib.h>

#include "sim/scenario.h"

#ifndef POINTS
#define POINTS 1 /* before the leak; as many, less one, follow it */
#endif

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (unsigned i = 0; i < POINTS; i++) {
        SIM_MARK("before");
    }
    volatile unsigned char *block = malloc(64);
    sim_count("byte", block[40]);
    free((void *)(uintptr_t)block);
    for (unsigned i = 1; i < POINTS; i++) {
        SIM_MARK("after");
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
