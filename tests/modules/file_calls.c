/* A sequence of calls on files that chance picks: prints its seed, then what came of each call.
 * Every other one begins among files of the host, the rest in the empty folder of the node. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sim/scenario.h"
#include "tests/modules/paths.h"
#include "tests/modules/scratch.h"

static char text[60000];

int program(int argc, char **argv) {
    (void)argc;
    uint64_t seed = 0;
    getrandom(&seed, sizeof seed, 0);
    if (((seed & 1) != 0 && chdir(argv[1]) != 0) || scratch_enter() != 0) {
        perror(argv[1]);
        return 1;
    }
    const int begin = snprintf(text, sizeof text, "%llu\n", (unsigned long long)seed);
    const size_t used = paths_run(seed, text + begin, sizeof text - (size_t)begin);
    return write(STDOUT_FILENO, text, (size_t)begin + used) < 0;
}

SIM_SCENARIO(world) {
    static const char *const arguments[] = {FIXTURE, NULL};
    sim_node(world, "caller", "program", arguments);
}
