/* membarrier(2): a barrier in all threads of a process.
 *
 * Memory:      a flag for each node.
 * Errors:      negative errno values, as from the kernel; what is not simulated escapes.
 * Threads:     any simulated one.
 * Determinism: the same commands are there on every machine, whatever its kernel has.
 */
#ifndef SIM_MACHINE_HOOKS_MEMBARRIER_H
#define SIM_MACHINE_HOOKS_MEMBARRIER_H

#include <stdint.h>

/* Before a run: no process has registered. */
void hooks_membarrier_begin(void);

/* The same for a node that crashed. */
void hooks_membarrier_node_begin(uint32_t node);

/* The system call. A barrier is a point; its effect is there already, for one thread runs at a
 * time. */
long hooks_membarrier_call(const long arguments[6], const void *site);

#endif
