/* Leaks the environment of the simulator: the kernel lays it out below the name of the program
 * that it started, where anybody may read it. */
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "sim/scenario.h"

#define BYTES 512

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const volatile unsigned char *end = (const volatile unsigned char *)getauxval(AT_EXECFN);
    uint32_t mixed = 0;
    for (unsigned i = 1; i <= BYTES; i++) {
        mixed = mixed * 31 + end[-(ptrdiff_t)i];
    }
    sim_count("bytes", mixed);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
