/* Scheduling policies and nice values: what they were set to, and what an ordinary user may set.
 *
 *   SCHED_OTHER ◄──► SCHED_BATCH ──► SCHED_IDLE        nice 0 ──► 19, never back
 *
 * They are remembered and told, and decide nothing: the simulator tries every order anyway. The
 * simulated user has no privileges and an RLIMIT_NICE and RLIMIT_RTPRIO of 0, so that real-time
 * policies and deadlines are refused as Linux refuses them.
 *
 * Memory:      in the threads' own records.
 * Errors:      negative errno values, as from the kernel.
 * Threads:     simulated threads. No call here is a point or costs time.
 * Determinism: a function of the calls so far.
 */
#ifndef SIM_MACHINE_HOOKS_PRIORITY_H
#define SIM_MACHINE_HOOKS_PRIORITY_H

#include <stdint.h>

/* A new thread has its parent's policy, nice value and affinity. */
void hooks_priority_inherit(uint32_t thread, uint32_t parent);

/* The policy of a thread, with SCHED_RESET_ON_FORK if that is set; its priority is 0. */
int hooks_priority_policy(uint32_t thread);

/* Sets it as sched_setscheduler() does, and as sched_setparam(). */
int64_t hooks_priority_change(uint32_t thread, int policy, int priority);
int64_t hooks_priority_keep(uint32_t thread, int priority);

/* System calls whose hook has another shape, or none in libc. */
long hooks_priority_get_call(const long arguments[6]);                   /* getpriority() */
long hooks_priority_attr_get(const long arguments[6]);                   /* sched_getattr() */
long hooks_priority_attr_set(const long arguments[6], const void *site); /* sched_setattr() */

#endif
