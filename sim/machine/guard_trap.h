/* What catches raw instructions during a run: syscall, rdtsc, rdtscp.
 *
 *   syscall ─► Syscall User Dispatch ─► SIGSYS ─┐
 *   rdtsc   ─► PR_SET_TSC ──────────► SIGSEGV ──┴► handler: rip = guard_trampoline
 *                                                      │ (returns: the trap is over)
 *   program goes on ◄── all registers ◄── guard_trap ◄─┘ on the thread's own stack
 *
 * The handler only edits where the thread goes on, so that the call is then simulated like a
 * hooked one: it may wait and switch. The kernel reads machine.active as its selector: calls are
 * trapped during a run and nowhere else; libsim's own text is exempt. Time stamps are trapped in
 * the whole life of the worker, since a call before and after each run would cost more; outside of
 * a run the handler reads the real counter. The vDSO, which reads the clock without a call, is
 * replaced by calls (guard_vdso.c).
 *
 * Not caught: rdrand, rdseed, cpuid and the like. They do not fault, and the kernel has no switch
 * for them on every processor, so a program that executes them sees the real machine, and its runs
 * differ (exit code 12). libstdc++'s std::random_device is simulated by its function; libraries
 * such as libcrypto have the bytes of rdrand in them whether they are executed or not, which is why
 * nobody searches for them.
 *
 * Memory:      none.
 * Errors:      guard_trap_open returns NULL, or why raw instructions are not caught.
 * Threads:     each OS thread and each forked child arms itself.
 * Determinism: the counter shows virtual nanoseconds since boot.
 */
#ifndef SIM_MACHINE_GUARD_TRAP_H
#define SIM_MACHINE_GUARD_TRAP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Registers at a trap, in the order of guard_trampoline's pushes. */
struct guard_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t flags;
    uint64_t rip; /* where the thread goes on */
};

/* Arms the first thread; once. */
const char *guard_trap_open(void);

/* Arms the calling OS thread, if guard_trap_open could. */
void guard_trap_thread(void);

/* Installs a handler on the alternate stack that returns through libsim's own text. */
void guard_trap_handle(int signal, void (*handler)(int, siginfo_t *, void *));

/* For the SIGSEGV handler: true when the fault was a trapped instruction, which then goes on. */
bool guard_trap_stamp(void *context);

/* Called by guard_trampoline. */
void guard_trap(struct guard_frame *frame);

/* Makes the vDSO's functions real calls. */
void guard_vdso_replace(void);

#endif
