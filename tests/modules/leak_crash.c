/* Leaks an address into when a program crashes: the last event is another one in each process. */
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

#define MARKS_MAX 1000

static int key;

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const unsigned marks = (unsigned)(((uintptr_t)&key >> 12) % MARKS_MAX);
    for (unsigned i = 0; i < marks; i++) {
        SIM_MARK("alive");
    }
    *(volatile int *)(uintptr_t)argc = 1;
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
