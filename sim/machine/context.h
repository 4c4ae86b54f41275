/* Switching the processor from one simulated thread to another in one OS thread.
 *
 *   context_switch: push 6 registers, swap stack pointers, load fs base, pop, return or jump
 *
 * Two threads that wait at the same place are switched by `ret`: the return predictor foretells it,
 * and stays in step with the returns that follow. Where the other one waits elsewhere `ret` would
 * be foretold wrongly, so that it ends in a jump, for which there is another predictor. mxcsr and
 * the x87 control word are not switched: contexts that differ in a sticky flag would cost 90 ns.
 *
 * Memory:      the context is where the stack pointer of a thread that does not run is kept.
 * Errors:      none.
 * Threads:     one OS thread.
 * Source:      System V ABI, AMD64 supplement, section 3.2.1 (registers that a call preserves).
 */
#ifndef SIM_MACHINE_CONTEXT_H
#define SIM_MACHINE_CONTEXT_H

#include <stdint.h>

struct context {
    uint64_t stack_pointer;
    uint64_t thread_pointer; /* fs base */
};

/* Offsets in what context_switch leaves on the stack of a thread that does not run; the supervisor
 * reads them to unwind it. */
#define CONTEXT_SAVED_WORDS 7 /* r15 r14 r13 r12 rbx rbp rip, from the stack pointer up */

/* Saves the running context and goes on with another; returns when somebody switches back. */
void context_switch(struct context *from, const struct context *to);

/* The same without loading the fs base: both contexts have the same one. For measuring. */
void context_switch_plain(struct context *from, const struct context *to);

/* Prepares a context that will call entry(argument) on a fresh stack whose highest address is
 * stack_top. entry must not return. */
void context_prepare(struct context *context,
                     void *stack_top,
                     uint64_t thread_pointer,
                     void (*entry)(void *argument),
                     void *argument);

#endif
