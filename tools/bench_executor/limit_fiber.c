/* GNU C: the switch is assembly. */
#include <stddef.h>
#include <stdlib.h>

#include "tools/bench_executor/limit.h"
#include "tools/bench_executor/row.h"

#define STACK_WORDS 2048

#ifndef __x86_64__
#error "the bare switch is written for x86-64"
#endif

/* Saves six registers, and jumps: a `ret` to where no call came from is mispredicted every time. */
void limit_fiber_jump(void **from, void *to);
__asm__(".text\n"
        ".p2align 4\n"
        ".type limit_fiber_jump, @function\n"
        "limit_fiber_jump:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rsi, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
        "  pop %rcx\n"
        "  jmp *%rcx\n"
        ".size limit_fiber_jump, . - limit_fiber_jump\n");

/* Round trips of one turn of a loop, as in the row beside it. */
#define TRIPS 4

static void *host, *fiber;
static uint64_t arrivals;

static _Noreturn void back_and_forth(void) {
    for (;;) {
        arrivals += TRIPS;
        limit_fiber_jump(&fiber, host);
        limit_fiber_jump(&fiber, host);
        limit_fiber_jump(&fiber, host);
        limit_fiber_jump(&fiber, host);
    }
}

uint64_t limit_fiber_switch(uint64_t count) {
    void **stack = aligned_alloc(64, STACK_WORDS * sizeof *stack);
    row_expect(stack != NULL, "there is memory for a stack");
    /* After the jump the stack pointer is 8 below a multiple of 16, as after a call. */
    void **top = stack + STACK_WORDS - 9;
    union {
        void (*function)(void);
        void *word;
    } entry = {.function = back_and_forth};
    top[6] = entry.word;
    fiber = top;
    arrivals = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i += (uint64_t)2 * TRIPS) {
        limit_fiber_jump(&host, fiber);
        limit_fiber_jump(&host, fiber);
        limit_fiber_jump(&host, fiber);
        limit_fiber_jump(&host, fiber);
    }
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(arrivals >= count / 2 && arrivals < count / 2 + TRIPS, "each switch came there");
    free(stack);
    return spent;
}
