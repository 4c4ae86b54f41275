/* futex(2) by number, with the kernel's own arguments; 0 or more, or -errno.
 *
 * Errors:      a priority-inheriting operation is an escape; an address that cannot be read is a
 *              crash of the program, not EFAULT.
 * Threads:     simulated threads.
 */
#ifndef SIM_MACHINE_HOOKS_FUTEX_H
#define SIM_MACHINE_HOOKS_FUTEX_H

long hooks_futex_call(const long arguments[6], const void *site);

#endif
