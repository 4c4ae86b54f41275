/* What catches a program that faults: fatal signals, stack overflow, and writes to tracked pages.
 *
 *   fault ─► handler on a stack of its own ─┬─► tracked page: image_fault, go on
 *                                           └─► crash: verdict and registers into the record,
 *                                               then guard_options.crashed
 *
 * Memory:      one alternate signal stack.
 * Errors:      none.
 * Threads:     one OS thread per alternate stack: guard_thread() gives further ones theirs.
 * Determinism: the message of a crash names no address.
 */
#ifndef SIM_MACHINE_GUARD_H
#define SIM_MACHINE_GUARD_H

#include <signal.h>
#include <stdint.h>

/* With this signal the supervisor ends a run that uses the processor and never calls anything. */
#define GUARD_HANG_SIGNAL SIGUSR2

struct guard_options {
    /* Called in the signal handler when the process cannot go on; must not return. */
    void (*crashed)(void);
};

/* Once, in the first thread. What cannot be caught on this machine goes into record->reason. */
void guard_open(const struct guard_options *options);

/* Gives a further OS thread its alternate stack and its traps. */
void guard_thread(void);

/* Arms the traps again in a forked child, where the kernel has dropped them. */
void guard_child(void);

/* Ends the process with a crash verdict that code found (a double free, a wild pointer). */
_Noreturn void guard_crash(const char *what, int signal);

#endif
