/* Threads under every name they have: what pthread_create and thrd_create and their kin share.
 *
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     simulated threads.
 */
#ifndef SIM_MACHINE_HOOKS_THREAD_H
#define SIM_MACHINE_HOOKS_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/machine.h"

/* The handle of a new thread. Ends the run at a limit. */
uint64_t hooks_thread_create(const struct machine_start *start, bool detached, const void *site);

/* As threads_join, by handle. */
int hooks_thread_join(uint64_t handle, uint64_t deadline_ns, void **result, const void *site);

int hooks_thread_detach(uint64_t handle, const void *site);

uint64_t hooks_thread_self(void);

void hooks_thread_yield(const void *site);

#endif
