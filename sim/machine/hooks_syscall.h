/* System calls by number: from syscall() and from trapped instructions, libc's own included.
 *
 * Three tables: modelled (by the hook of the same name), answered with a fixed result, passed
 * through to the kernel. What is in none of them is an escape that names the call.
 *
 * Memory:      none.
 * Errors:      -errno, as the kernel answers; errno itself stays as it was.
 * Threads:     simulated threads.
 * Determinism: what passes through has no result that depends on the machine.
 */
#ifndef SIM_MACHINE_HOOKS_SYSCALL_H
#define SIM_MACHINE_HOOKS_SYSCALL_H

/* Finds libsim's hooks by name; once, before the first run. */
void hooks_syscall_open(void);

long hooks_syscall_call(long number, const long arguments[6], const void *site);

#endif
