/* Leaks an address into where something happens: each process does it somewhere else. */
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

#define POINTS 12000 /* before the earliest place, and after the last */
#define PLACES 20000

static int key;

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const unsigned place = POINTS + (unsigned)(((uintptr_t)&key >> 12) % PLACES);
    for (unsigned i = 0; i < 2 * POINTS + PLACES; i++) {
        SIM_MARK("everywhere");
        if (i == place) {
            sim_count("here", 1);
        }
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
