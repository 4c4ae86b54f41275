/* The two ways to give simulated threads the processor. See machine.h.
 *
 * fiber: one OS thread; a switch is a few instructions. Needs what tls_check() tests.
 * baton: one real pthread per simulated thread, one of them running at a time. Works under
 *        debuggers, sanitizers and on machines without FSGSBASE; every run needs a process of its
 *        own, since parked pthreads cannot be reset.
 *
 * Memory:      stacks lie at fixed addresses (fiber); the C library's (baton).
 * Errors:      back_*_open return NULL when they work, else the reason.
 * Threads:     see above.
 * Determinism: both give the same fingerprint.
 */
#ifndef SIM_MACHINE_BACK_H
#define SIM_MACHINE_BACK_H

#include <stdbool.h>
#include <stdint.h>

struct machine_back {
    const char *name;
    /* Makes a slot ready to run machine_thread_main for this thread. */
    void (*thread_prepare)(uint32_t slot, uint32_t thread);
    /* Hands over; `from` is MACHINE_SLOT_HOST or MACHINE_SLOT_NONE at the start and at an end. The
     * scheduler calls it as its own. */
    void (*switch_to)(uint32_t from, uint32_t to);
    /* Stack pointer of a thread that does not run, 0 = unknown. */
    uint64_t (*stack_pointer)(uint32_t slot);
    /* Of the thread in a slot. */
    const void *(*thread_pointer)(uint32_t slot);
    /* Passes a signal on to the OS thread of the running simulated thread; false when that is the
     * caller. In signal handlers. */
    bool (*signal_running)(int signal);
    /* Bounds of the stack of a slot in use, lowest address and size. */
    void (*stack)(uint32_t slot, uintptr_t *low, uint64_t *size);
    /* True when the running thread faulted at an address because its stack is full. In signal
     * handlers. */
    bool (*overflow)(uintptr_t address);
    bool forks; /* every run needs a process of its own */
};

#define MACHINE_SLOTS_MAX 16384u
#define MACHINE_SLOT_HOST 0u
#define MACHINE_SLOT_NONE (MACHINE_SLOTS_MAX + 1) /* what it leaves is never gone back to */

extern const struct machine_back back_fiber;
extern const struct machine_back back_baton;

const char *back_fiber_open(uint32_t stack_size);
const char *back_baton_open(uint32_t stack_size);

#endif
