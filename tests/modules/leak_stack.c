/* Leaks where its stack lies: the back ends take it from different places. */
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

int program(int argc, char **argv) {
    (void)argv;
    const volatile int *variable = &argc;
    sim_count("place", (int64_t)(((uintptr_t)variable >> 12) % 1000003));
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
