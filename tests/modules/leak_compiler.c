/* Leaks how it was compiled into the order of events. */
#include <stddef.h>

#include "sim/scenario.h"

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
#ifdef __OPTIMIZE__
    SIM_MARK("optimised");
#endif
    SIM_MARK("after");
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
