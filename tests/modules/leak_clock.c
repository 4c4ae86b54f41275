/* Leaks the real clock: the kernel's own file says how long the machine has been up. */
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

/* A system call that no hook sees and no guard catches would do the same; the time stamp counter
 * is the shortest way to the real clock there is. */
static uint64_t real_clock(void) {
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return ((uint64_t)high << 32 | low) >> 4;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    SIM_MARK("before");
    sim_count("time", (int64_t)(real_clock() % 1000003));
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
