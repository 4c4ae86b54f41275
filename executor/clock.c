#include "executor/clock.h"

#ifndef EX_SMALL

#include <time.h>

uint64_t ex_clock_now(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

#endif
