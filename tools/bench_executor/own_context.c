#include <stdlib.h>

#include "executor/context.h"

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

#define STACK_SIZE 65536 /* bytes */

/* Round trips of one turn of a loop, whose own instructions weigh little then. */
#define TRIPS 4

static struct ex_context host, fiber;
static uint64_t arrivals;

static void come_and_go(uintptr_t word) {
    for (;;) {
        arrivals += TRIPS;
        word = ex_context_switch(&fiber, &host, word);
        word = ex_context_switch(&fiber, &host, word);
        word = ex_context_switch(&fiber, &host, word);
        word = ex_context_switch(&fiber, &host, word);
    }
}

uint64_t own_fiber_switch(uint64_t count) {
    unsigned char *stack = aligned_alloc(64, STACK_SIZE);
    row_expect(stack != NULL, "there is memory for a stack");
    ex_context_prepare(&fiber, stack, stack + STACK_SIZE, come_and_go);
    arrivals = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i += (uint64_t)2 * TRIPS) {
        ex_context_switch(&host, &fiber, 0);
        ex_context_switch(&host, &fiber, 0);
        ex_context_switch(&host, &fiber, 0);
        ex_context_switch(&host, &fiber, 0);
    }
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(arrivals >= count / 2 && arrivals < count / 2 + TRIPS, "each switch came there");
    ex_context_retire(&fiber);
    free(stack);
    return spent;
}
