/* What every hook begins with.
 *
 *   HOOK int pthread_mutex_lock(pthread_mutex_t *mutex)
 *   {
 *       if (!hook_simulated()) {
 *           return REAL(pthread_mutex_lock)(mutex);
 *       }
 *       return sync_mutex_lock(hook_schedule(), …, HOOK_SITE);
 *   }
 *
 * A hook that is called outside of a run (by ld.so, by a constructor, by the worker itself) passes
 * on to the real function. Inside a run a thread that the simulator did not create is an escape.
 * A flag or argument that a hook does not model is an escape too: hook_escape names it.
 *
 * Memory:      none.
 * Errors:      hooks return what the real functions would; errno is the simulated thread's.
 * Threads:     simulated threads, one at a time.
 * Determinism: HOOK_SITE is for people only.
 */
#ifndef SIM_MACHINE_HOOK_H
#define SIM_MACHINE_HOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/machine/machine.h"
#include "sim/machine/real.h"

#define HOOK __attribute__((visibility("default")))
#define HOOK_SITE __builtin_return_address(0)

struct sim_world;

/* True inside a run. */
static inline bool hook_simulated(void) {
    if (__builtin_expect(!machine.active, 0)) {
        return false;
    }
    if (__builtin_expect(__builtin_thread_pointer() != machine.thread_pointer, 0)) {
        machine_foreign_thread();
    }
    return true;
}

static inline struct schedule *hook_schedule(void) {
    return &machine.world.schedule;
}

static inline struct kernel *hook_kernel(void) {
    return &machine.world.kernel;
}

static inline struct descriptors *hook_descriptors(void) {
    return &machine.world.kernel.descriptors;
}

/* What a scenario declares into (sim/scenario.h). */
static inline struct description *hook_description(struct sim_world *world) {
    return (struct description *)(void *)world;
}

/* Node index of the running thread. */
static inline uint32_t hook_node(void) {
    return schedule_running(&machine.world.schedule)->node;
}

/* Announces a point about no object in particular. */
static inline void hook_point(enum point_kind kind, uint32_t object, bool write, const void *site) {
    const struct point point = {.kind = (uint16_t)kind,
                                .write = write,
                                .object = object,
                                .site = site};
    schedule_point(&machine.world.schedule, &point);
}

/* A pthread_t is the thread's display id with a mark above it, so that a wild one is noticed. */
#define HOOK_THREAD_MARK UINT64_C(0x7400000000)

/* The id of a pthread_t, 0 when it was never given out. */
static inline uint32_t hook_thread(uint64_t handle) {
    const uint64_t id = handle ^ HOOK_THREAD_MARK;
    return threads_known(&machine.world.threads, id) ? (uint32_t)id : 0;
}

/* The event of a call that opens a file, about the file that `number` now is when it succeeded.
 * Returns what hook_result does. */
int hook_opened(enum point_kind kind, int64_t number, int64_t result, const void *site);

/* Sets errno from a negative result as system calls do: -1 then, else the result. */
int hook_result(int64_t result);
ssize_t hook_size(int64_t result);

/* Ends the run with an escape verdict: "poll() with flag 0x40". Does not return. */
_Noreturn void hook_escape(const void *site, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The running thread's own time, and when a duration by it ends that begins now (sim/vclock.h). */
static inline uint64_t hook_own_ns(void) {
    return vclock_own_ns(&machine.world.schedule.clock, hook_node());
}

static inline uint64_t hook_after(uint64_t ns) {
    return vclock_after_ns(&machine.world.schedule.clock, hook_node(), ns);
}

/* A negative errno or 0 for a timespec from the program; ns is valid when 0. */
int hook_timespec(const void *timespec, uint64_t *ns);

/* True for the clocks that can be set. */
bool hook_is_wall(int clock);

/* An absolute deadline of a clock, for schedule_wait; 0 when it lies before the run began. */
uint64_t hook_deadline(int clock, uint64_t absolute_ns);

/* The same for the deadline of a pthread or sem call, which may only be of CLOCK_REALTIME or
 * CLOCK_MONOTONIC: EINVAL for another one or for wrong nanoseconds; before 1970 is the past. */
int hook_deadline_of(int clock, const void *timespec, uint64_t *due_ns);

#endif
