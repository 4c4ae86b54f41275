/* Leaks what an uninitialised block of the heap happens to hold. */
#include <stdlib.h>

#include "sim/scenario.h"

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    SIM_MARK("before");
    volatile unsigned char *block = malloc(64);
    sim_count("byte", block[40]);
    free((void *)(uintptr_t)block);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
