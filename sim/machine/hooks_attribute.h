/* Attributes of threads: what they are created with, stacks, names, scheduling.
 *
 * Context:     a stack that production takes from the kernel costs nothing until it is used, so
 *              programs ask for 8 MiB and use little.
 * Decision:    every thread has the scenario's stack (sim_stack). A request up to production's
 *              default size is met by it; more, and a stack of the program's own, is an escape.
 * Price:       a program that uses what it asked for ends in a stack overflow, which is found and
 *              named; a larger sim_stack() is the remedy.
 *
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     simulated threads; nothing here is a point or costs time.
 * Determinism: sizes are those of the scenario, never those of the real machine.
 */
#ifndef SIM_MACHINE_HOOKS_ATTRIBUTE_H
#define SIM_MACHINE_HOOKS_ATTRIBUTE_H

#include <stdbool.h>
#include <stdint.h>

void hooks_attribute_begin(void);

/* The same for a node that crashed. */
void hooks_attribute_node_begin(uint32_t node);

/* What a new thread is to have that its creator need not have. */
struct hooks_attribute_wishes {
    bool detached;
    bool masked;         /* else it has its creator's mask of signals */
    uint64_t mask;       /* if masked */
    uint64_t processors; /* 0 = its creator's */
};

/* Reads a pthread_attr_t, NULL: the default. What it asks for and is not simulated is an escape.
 * EINVAL when the thread may run on no processor. */
int hooks_attribute_read(const void *attributes,
                         struct hooks_attribute_wishes *wishes,
                         const void *site);

/* Gives them to a thread that has just been created. */
void hooks_attribute_give(uint32_t thread, const struct hooks_attribute_wishes *wishes);

/* A thread's name; that of its node when nobody gave it one. Names are cut to 15 characters. */
const char *hooks_attribute_name(uint32_t thread);
void hooks_attribute_name_set(uint32_t thread, const char *name);

#endif
