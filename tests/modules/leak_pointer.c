/* Leaks an address into the order of events: a table ordered by the addresses of its keys. */
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

#ifndef POINTS
#define POINTS 1 /* before the leak; as many, less one, follow it */
#endif

static int keys[64];

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (unsigned i = 0; i < POINTS; i++) {
        SIM_MARK("before");
    }
    const uintptr_t bucket = ((uintptr_t)&keys >> 12) % 1000003; /* ASLR moves images by pages */
    sim_count("bucket", (int64_t)bucket);
    for (unsigned i = 1; i < POINTS; i++) {
        SIM_MARK("after");
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
