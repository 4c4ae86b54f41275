/* A sequence of calls that chance picks: prints its seed, then what came of each call. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sim/scenario.h"
#include "tests/modules/calls.h"

static char text[60000];

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    uint64_t seed = 0;
    getrandom(&seed, sizeof seed, 0);
    const int begin = snprintf(text, sizeof text, "%llu\n", (unsigned long long)seed);
    const size_t used = calls_run(seed, text + begin, sizeof text - (size_t)begin);
    return write(STDOUT_FILENO, text, (size_t)begin + used) < 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "caller", "program", NULL);
}
