/* Programs that run a program of their own, and say where that is (sim_interpret).
 *
 * Memory:      one entry a node; what a program says is copied into the record.
 * Threads:     the running thread.
 */
#ifndef SIM_MACHINE_HOOKS_INTERPRET_H
#define SIM_MACHINE_HOOKS_INTERPRET_H

#include <stdint.h>

/* A run begins; a node has crashed: its program has said nothing yet. */
void hooks_interpret_begin(void);
void hooks_interpret_node_begin(uint32_t node);

/* The run ends with a finding: after a deadlock the record gets all tasks that wait, and what came
 * of a thread's wait is at the place of its first task. */
void hooks_interpret_record(void);

#endif
