/* Asks the processor and the kernel for the time, late in a long run, without libc: what comes is
 * virtual time, so that nothing leaks. */
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#include "sim/scenario.h"

#define POINTS 12000

static uint64_t stamp(void) {
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t stamp_ordered(void) {
    uint32_t low;
    uint32_t high;
    uint32_t processor;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(processor));
    return ((uint64_t)high << 32 | low) + processor;
}

static int64_t clock_raw(void) {
    struct timespec now;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_clock_gettime), "D"(CLOCK_REALTIME), "S"(&now)
                     : "rcx", "r11", "memory");
    return result == 0 ? now.tv_nsec : -1;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (unsigned i = 0; i < POINTS; i++) {
        SIM_MARK("before");
    }
    sim_count("stamp", (int64_t)stamp());
    sim_count("stamp", (int64_t)stamp_ordered());
    sim_count("clock", clock_raw());
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
