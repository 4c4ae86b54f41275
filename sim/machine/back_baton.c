#include "sim/machine/back.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "sim/machine/guard.h"
#include "sim/machine/heap.h"
#include "sim/machine/machine.h"
#include "sim/machine/real.h"
#include "sim/panic.h"

#define STACK_EXTRA (256u << 10) /* sanitizers and debuggers need more than we do */

/* One real thread per slot; `turn` is 1 while it holds the baton. */
struct runner {
    uint32_t turn;
    uint32_t started;
    void *thread_pointer;
    pthread_t thread;
    long id; /* the kernel's, of that thread */
    uintptr_t stack_low;
    size_t stack_size, guard_size; /* the guard lies below */
};

static struct runner runners[MACHINE_SLOTS_MAX + 1]; /* 0 = the host */
static size_t stack_bytes;

const char *back_baton_open(uint32_t stack_size) {
    stack_bytes = (((size_t)stack_size + 4095) & ~(size_t)4095) + STACK_EXTRA;
    return NULL;
}

static void turn_wait(struct runner *runner) {
    while (__atomic_load_n(&runner->turn, __ATOMIC_ACQUIRE) == 0) {
        real_call6(SYS_futex, (long)&runner->turn, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    }
    __atomic_store_n(&runner->turn, 0, __ATOMIC_RELAXED);
}

static void turn_give(struct runner *runner) {
    __atomic_store_n(&runner->turn, 1, __ATOMIC_RELEASE);
    real_call6(SYS_futex, (long)&runner->turn, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void find_stack(struct runner *self) {
    pthread_attr_t attributes;
    void *low;
    const int result = REAL(pthread_getattr_np)(REAL(pthread_self)(), &attributes);
    ASSERT(result == 0);
    pthread_attr_getstack(&attributes, &low, &self->stack_size);
    pthread_attr_getguardsize(&attributes, &self->guard_size);
    REAL(pthread_attr_destroy)(&attributes);
    self->stack_low = (uintptr_t)low;
}

static void *runner_main(void *argument) {
    const uint32_t slot = (uint32_t)(uintptr_t)argument;
    struct runner *self = &runners[slot];
    find_stack(self);
    self->thread_pointer = __builtin_thread_pointer();
    self->id = real_call3(SYS_gettid, 0, 0, 0);
    guard_thread();
    __atomic_store_n(&self->started, 1, __ATOMIC_RELEASE);
    real_call6(SYS_futex, (long)&self->started, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    turn_wait(self);
    machine_thread_main(slot);
}

static void baton_prepare(uint32_t slot, uint32_t thread) {
    (void)thread;
    struct runner *runner = &runners[slot];
    *runner = (struct runner){0};
    const bool active = machine.active;
    machine.active = false; /* what the C library does to make a thread is not the program's */
    const enum heap_zone before = heap_enter(HEAP_MACHINE); /* nor is what it allocates for that */
    pthread_attr_t attributes;
    REAL(pthread_attr_init)(&attributes);
    REAL(pthread_attr_setstacksize)(&attributes, stack_bytes);
    const int result =
        REAL(pthread_create)(&runner->thread, &attributes, runner_main, (void *)(uintptr_t)slot);
    ASSERT(result == 0);
    while (__atomic_load_n(&runner->started, __ATOMIC_ACQUIRE) == 0) {
        real_call6(SYS_futex, (long)&runner->started, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    }
    heap_enter(before);
    machine.active = active;
}

static void baton_switch(uint32_t from, uint32_t to) {
    if (from == MACHINE_SLOT_HOST) {
        runners[from].thread_pointer = __builtin_thread_pointer();
    }
    machine.thread_pointer = runners[to].thread_pointer;
    turn_give(&runners[to]);
    if (from == MACHINE_SLOT_NONE) {
        static struct runner nobody; /* a thread that ended stays parked until its process ends */
        for (;;) {
            turn_wait(&nobody);
        }
    }
    turn_wait(&runners[from]);
}

static uint64_t baton_stack_pointer(uint32_t slot) {
    (void)slot;
    return 0;
}

static const void *baton_thread_pointer(uint32_t slot) {
    return runners[slot].thread_pointer;
}

static bool baton_signal_running(int signal) {
    const uint32_t slot = schedule_running(&machine.world.schedule)->slot;
    if (runners[slot].id == real_call3(SYS_gettid, 0, 0, 0)) {
        return false;
    }
    real_call3(SYS_tgkill, real_call3(SYS_getpid, 0, 0, 0), runners[slot].id, signal);
    return true;
}

/* The upper part, which has the scenario's size like a fiber's stack. */
static void baton_stack(uint32_t slot, uintptr_t *low, uint64_t *size) {
    const struct runner *runner = &runners[slot];
    *size = stack_bytes - STACK_EXTRA;
    *low = runner->stack_low + runner->stack_size - *size;
}

static bool baton_overflow(uintptr_t address) {
    const struct runner *runner = &runners[schedule_running(&machine.world.schedule)->slot];
    return address < runner->stack_low && address >= runner->stack_low - runner->guard_size;
}

const struct machine_back back_baton = {
    .name = "baton",
    .thread_prepare = baton_prepare,
    .switch_to = baton_switch,
    .stack_pointer = baton_stack_pointer,
    .thread_pointer = baton_thread_pointer,
    .signal_running = baton_signal_running,
    .stack = baton_stack,
    .overflow = baton_overflow,
    .forks = true,
};
