#include "sim/machine/guard.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "sim/machine/back.h"
#include "sim/machine/guard_trap.h"
#include "sim/machine/image.h"
#include "sim/machine/machine.h"
#include "sim/machine/real.h"
#include "sim/panic.h"

#define STACK_SIZE (64u << 10)
#define LOW_ADDRESSES 65536u /* a fault below is an access through a NULL pointer */

static struct guard_options guard;

static const char *fault_words(int signal, uintptr_t address) {
    switch (signal) {
    case SIGSEGV:
        if (machine.active && machine.back->overflow(address)) {
            return "stack overflow (SIGSEGV)";
        }
        return address < LOW_ADDRESSES ? "access through a NULL pointer (SIGSEGV)"
                                       : "access to memory that is not mapped (SIGSEGV)";
    case SIGBUS:
        return "bus error (SIGBUS)";
    case SIGFPE:
        return "division by zero or overflow (SIGFPE)";
    case SIGILL:
        return "illegal instruction (SIGILL)";
    case SIGTRAP:
        return "trap (SIGTRAP)";
    case GUARD_HANG_SIGNAL:
        return "the processor was used for seconds without a call";
    default:
        return "fatal signal";
    }
}

static void verdict_fill(const char *what, int signal, uint64_t site, uint64_t address) {
    struct verdict *verdict = &machine.record->verdict;
    if (verdict->kind != VERDICT_NONE) {
        return;
    }
    const struct agent *self = schedule_running(&machine.world.schedule);
    snprintf(verdict->message, sizeof verdict->message, "%s", what);
    verdict->signal = signal;
    verdict->thread = self->id;
    verdict->node = self->node;
    verdict->time_ns = schedule_now_ns(&machine.world.schedule);
    verdict->step = machine.record->trace.count;
    verdict->site = site;
    verdict->address = address;
    verdict->kind = signal == GUARD_HANG_SIGNAL ? VERDICT_HANG : VERDICT_CRASH;
}

_Noreturn void guard_crash(const char *what, int signal) {
    verdict_fill(what, signal, (uint64_t)(uintptr_t)__builtin_return_address(0), 0);
    machine.active = false;
    guard.crashed();
    UNREACHABLE();
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    const uintptr_t address = (uintptr_t)info->si_addr;
    if (signal == SIGSEGV && info->si_code == SEGV_ACCERR && image_fault(address)) {
        return;
    }
    if (signal == SIGSEGV && info->si_code == SI_KERNEL && guard_trap_stamp(context)) {
        return;
    }
    if (signal == GUARD_HANG_SIGNAL && !machine.active) {
        return; /* the supervisor asked too late: the run is over */
    }
    if (signal == GUARD_HANG_SIGNAL && machine.back->signal_running(signal)) {
        return; /* the kernel gave it to a thread that only waits for its turn */
    }
    const ucontext_t *state = context;
    for (unsigned i = 0; i < RECORD_REGISTERS; i++) {
        machine.record->registers[i] = (uint64_t)state->uc_mcontext.gregs[i];
    }
    if (!machine.active) {
        machine.record->verdict.kind = VERDICT_NONE; /* not the program's: the supervisor says so */
        snprintf(machine.record->error,
                 sizeof machine.record->error,
                 "%s outside of a run, at %#llx",
                 fault_words(signal, address),
                 (unsigned long long)state->uc_mcontext.gregs[REG_RIP]);
    } else {
        verdict_fill(fault_words(signal, address),
                     signal,
                     (uint64_t)state->uc_mcontext.gregs[REG_RIP] + 1, /* sites are behind calls */
                     address);
    }
    machine.active = false;
    guard.crashed();
}

static void stack_give(void) {
    stack_t stack = {.ss_size = STACK_SIZE};
    stack.ss_sp = real_map(NULL, STACK_SIZE, PROT_READ | PROT_WRITE);
    ASSERT(stack.ss_sp != NULL);
    const long result = real_call3(SYS_sigaltstack, (long)&stack, 0, 0);
    ASSERT(result == 0);
}

void guard_open(const struct guard_options *options) {
    ASSERT(options->crashed != NULL);
    guard = *options;
    stack_give();
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, GUARD_HANG_SIGNAL};
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        guard_trap_handle(signals[i], on_fault);
    }
    const char *reason = guard_trap_open();
    if (reason != NULL) {
        snprintf(machine.record->reason, sizeof machine.record->reason, "%s", reason);
    }
}

void guard_thread(void) {
    stack_give();
    guard_trap_thread();
}

void guard_child(void) {
    guard_trap_thread();
}
