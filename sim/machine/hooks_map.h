/* Memory that a program maps itself.
 *
 *   | MAP_BASE  mapping, mapping, …  ──next──►                    MAP_END |   never reused in a run
 *
 * Anonymous and read-only or private file mappings are the kernel's own, at addresses that follow
 * from the run's calls alone. A shared mapping that could be written escapes, unless it is
 * anonymous: without fork nobody else could see it.
 *
 * Memory:      the range is released as a whole at a reset.
 * Limits:      1 TiB of mappings a run; beyond it ENOMEM.
 * Errors:      as in the system calls.
 * Threads:     simulated threads. No call here is a point or costs time.
 * Determinism: addresses are handed out upwards.
 */
#ifndef SIM_MACHINE_HOOKS_MAP_H
#define SIM_MACHINE_HOOKS_MAP_H

/* Releases all mappings and protections of the last run; before the heap is reset. */
void hooks_map_reset(void);

#endif
