/* Raw instructions: system calls without libc, time stamps, and what libc's own code asks. */
#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "sim/scenario.h"

#define ROUNDS 20

static long call(long number, long a, long b) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

static uint64_t stamp(void) {
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void *yield(void *unused) {
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        call(SYS_sched_yield, 0, 0);
    }
    return NULL;
}

/* Every register but rax, rcx and r11 survives a trap, and so do the vector registers. */
static void registers(void) {
    double before = 1.25;
    double after;
    uint64_t kept = 0x1234567890abcdef;
    __asm__ volatile("movq %2, %%xmm7\n\t"
                     "movl $24, %%eax\n\t" /* sched_yield */
                     "syscall\n\t"
                     "movq %%xmm7, %0"
                     : "=x"(after), "+r"(kept)
                     : "x"(before)
                     : "rax", "rcx", "r11", "xmm7", "memory");
    assert(after == 1.25 && kept == 0x1234567890abcdef);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t other;
    pthread_create(&other, NULL, yield, NULL);
    yield(NULL);
    pthread_join(other, NULL);
    registers();

    struct timespec raw;
    struct timespec hooked;
    assert(call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&raw) == 0);
    clock_gettime(CLOCK_MONOTONIC, &hooked);
    assert(raw.tv_sec == hooked.tv_sec && raw.tv_nsec + 200 == hooked.tv_nsec);
    const uint64_t first = stamp();
    assert(stamp() == first + 200); /* nanoseconds of virtual time */

    printf("through stdio %llu\n", (unsigned long long)first);
    assert(fflush(stdout) == 0);
    assert(call(SYS_io_uring_setup, 1, 0) == -38); /* ENOSYS */
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
