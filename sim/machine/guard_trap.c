#include "sim/machine/guard_trap.h"

#include <cpuid.h>
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_syscall.h"
#include "sim/machine/machine.h"
#include "sim/machine/real.h"
#include "sim/panic.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

#define SA_RESTORER_FLAG 0x04000000
#define OSXSAVE_BIT (1u << 27)
#define XSAVE_COMPONENTS 0xe7u /* x87, SSE, AVX, AVX-512 */
#define FLAG_DIRECTION 0x400
#define TRAP_STAMP UINT64_C(0x10000)           /* in place of a call's number: rdtsc */
#define TRAP_STAMP_PROCESSOR UINT64_C(0x10001) /* rdtscp */

extern void guard_trampoline(void);
extern void guard_restorer(void);

/* Read by guard_trampoline. One for all threads: the trampoline takes it before any switch. */
__attribute__((visibility("hidden"), used)) struct {
    uint64_t rip;
    uint64_t flags;
} guard_return;
__attribute__((visibility("hidden"), used)) uint32_t guard_xsave_mask;

_Static_assert(sizeof machine.active == 1, "the kernel reads machine.active as its selector");

static bool open_done;
static uintptr_t text_start, text_end;

struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

void guard_trap_handle(int signal, void (*handler)(int, siginfo_t *, void *)) {
    const struct kernel_action action = {
        .handler = handler,
        .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER_FLAG,
        .restorer = guard_restorer,
    };
    const long result =
        real_call6(SYS_rt_sigaction, signal, (long)&action, 0, sizeof action.mask, 0, 0);
    ASSERT(result == 0);
}

/* The thread goes on in the trampoline and then at `rip`. */
static void divert(ucontext_t *state, uint64_t rip, uint64_t number) {
    greg_t *registers = state->uc_mcontext.gregs;
    guard_return.rip = rip;
    guard_return.flags = (uint64_t)registers[REG_EFL];
    registers[REG_EFL] &= ~(greg_t)FLAG_DIRECTION;
    registers[REG_RAX] = (greg_t)number;
    registers[REG_RIP] = (greg_t)(uintptr_t)guard_trampoline;
}

static void on_call(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)info;
    ucontext_t *state = context;
    divert(state,
           (uint64_t)state->uc_mcontext.gregs[REG_RIP],
           (uint64_t)(uint32_t)state->uc_mcontext.gregs[REG_RAX]);
}

/* Bytes of the time stamp instruction at an address, 0 = another one. */
static unsigned stamp_length(const unsigned char *code, bool *processor) {
    *processor = false;
    if (code[0] == 0x0f && code[1] == 0x31) {
        return 2;
    }
    *processor = code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9;
    return *processor ? 3 : 0;
}

static uint64_t stamp_real(void) {
    real_call3(SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE, 0);
    const uint64_t stamp = __builtin_ia32_rdtsc();
    real_call3(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0);
    return stamp;
}

bool guard_trap_stamp(void *context) {
    ucontext_t *state = context;
    greg_t *registers = state->uc_mcontext.gregs;
    const uint64_t rip = (uint64_t)registers[REG_RIP];
    bool processor;
    const unsigned length = stamp_length((const unsigned char *)(uintptr_t)rip, &processor);
    if (length == 0) {
        return false;
    }
    if (machine.active) {
        divert(state, rip + length, processor ? TRAP_STAMP_PROCESSOR : TRAP_STAMP);
        return true;
    }
    const uint64_t stamp = stamp_real();
    registers[REG_RAX] = (greg_t)(uint32_t)stamp;
    registers[REG_RDX] = (greg_t)(stamp >> 32);
    if (processor) {
        registers[REG_RCX] = 0;
    }
    registers[REG_RIP] = (greg_t)(rip + length);
    return true;
}

static void stamp(struct guard_frame *frame, bool processor) {
    const void *site = (const void *)(uintptr_t)frame->rip;
    hook_point(POINT_CLOCK, 0, false, site);
    const uint64_t now = VCLOCK_BOOT_NS + hook_own_ns();
    schedule_event(hook_schedule(), POINT_CLOCK, 0, (int64_t)now, site);
    frame->rax = (uint32_t)now;
    frame->rdx = now >> 32;
    if (processor) {
        frame->rcx = 0;
    }
}

__attribute__((used)) void guard_trap(struct guard_frame *frame) {
    if (!hook_simulated()) {
        panic(__FILE__, __LINE__, "an instruction was trapped outside of a run");
    }
    if (frame->rax == TRAP_STAMP || frame->rax == TRAP_STAMP_PROCESSOR) {
        stamp(frame, frame->rax == TRAP_STAMP_PROCESSOR);
        return;
    }
    const long arguments[6] = {(long)frame->rdi,
                               (long)frame->rsi,
                               (long)frame->rdx,
                               (long)frame->r10,
                               (long)frame->r8,
                               (long)frame->r9};
    const void *site = (const void *)(uintptr_t)frame->rip;
    frame->rax = (uint64_t)hooks_syscall_call((long)frame->rax, arguments, site);
    frame->rcx = frame->rip; /* as the instruction leaves them */
    frame->r11 = frame->flags;
}

static int text_find(struct dl_phdr_info *info, size_t size, void *address) {
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        const uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0 &&
            (uintptr_t)address >= start && (uintptr_t)address < start + header->p_memsz) {
            text_start = start;
            text_end = start + header->p_memsz;
            return 1;
        }
    }
    return 0;
}

static long arm_calls(void) {
    return real_call6(SYS_prctl,
                      PR_SET_SYSCALL_USER_DISPATCH,
                      PR_SYS_DISPATCH_ON,
                      (long)text_start,
                      (long)(text_end - text_start),
                      (long)&machine.active,
                      0);
}

const char *guard_trap_open(void) {
    unsigned a;
    unsigned b;
    unsigned c = 0;
    unsigned d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & OSXSAVE_BIT) == 0) {
        return "the processor has no XSAVE: raw system calls are not caught";
    }
    if (dlsym(RTLD_DEFAULT, "__asan_init") != NULL) {
        return "a sanitizer makes raw system calls of its own: they are not caught";
    }
    uint32_t low;
    uint32_t high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    guard_xsave_mask = low & XSAVE_COMPONENTS;
    dl_iterate_phdr(text_find, (void *)guard_trap_open);
    ASSERT(text_start < text_end);
    guard_trap_handle(SIGSYS, on_call);
    if (arm_calls() != 0) {
        return "the kernel has no Syscall User Dispatch: raw system calls are not caught";
    }
    guard_vdso_replace();
    open_done = true;
    return real_call3(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0) == 0
               ? NULL
               : "the kernel has no PR_SET_TSC: rdtsc shows real time";
}

void guard_trap_thread(void) {
    if (open_done) {
        const long result = arm_calls();
        ASSERT(result == 0);
        real_call3(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0);
    }
}
