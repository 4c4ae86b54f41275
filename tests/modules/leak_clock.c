/* Leaks the real clock: the kernel keeps it in a page that every process may read, and a load from
 * memory is nothing that anybody can catch. VVAR_DISTANCE is how far that page lies below the vDSO
 * on the machine that builds this. */
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "sim/scenario.h"

#ifndef POINTS
#define POINTS 1 /* before the leak; as many, less one, follow it */
#endif

#define WORDS 64

static uint64_t real_clock(void) {
    const uintptr_t page = getauxval(AT_SYSINFO_EHDR) - VVAR_DISTANCE;
    const volatile uint64_t *words = (const volatile uint64_t *)page;
    uint64_t mixed = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        mixed = mixed * 31 + words[i];
    }
    return mixed;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (unsigned i = 0; i < POINTS; i++) {
        SIM_MARK("before");
    }
    sim_count("time", (int64_t)(real_clock() % 1000003));
    for (unsigned i = 1; i < POINTS; i++) {
        SIM_MARK("after");
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
