#include "sim/machine/back.h"

#include <stddef.h>
#include <sys/mman.h>

#include "sim/machine/context.h"
#include "sim/machine/heap.h"
#include "sim/machine/image.h"
#include "sim/machine/machine.h"
#include "sim/machine/real.h"
#include "sim/machine/tls_glibc.h"
#include "sim/panic.h"

/* Stacks lie side by side, each above a page that faults:  | guard | stack | guard | stack | … */
#define STACKS_BASE UINT64_C(0x280000000000) /* above HEAP_END, below what programs map */
#define GUARD_SIZE IMAGE_PAGE_SIZE
#define COLOURS 16 /* stack tops 64 bytes apart: equal tops would all fall into one cache set */
#define COLOUR_STEP 64
#define THREAD_ID_BASE 1000 /* simulated tids in libc's thread descriptors */

static struct context contexts[MACHINE_SLOT_NONE + 1]; /* by slot; 0 = the host */
static uint64_t stride;
static uint32_t stack_bytes;

const char *back_fiber_open(uint32_t stack_size) {
    const char *reason = tls_check();
    if (reason != NULL) {
        return reason;
    }
    stack_bytes = (stack_size + IMAGE_PAGE_SIZE - 1) & ~(uint32_t)(IMAGE_PAGE_SIZE - 1);
    stride = GUARD_SIZE + (uint64_t)stack_bytes;
    void *base =
        real_map((void *)(uintptr_t)STACKS_BASE, stride * (MACHINE_SLOTS_MAX + 1), PROT_NONE);
    if (base == NULL) {
        return "the address range of the stacks is taken";
    }
    contexts[MACHINE_SLOT_HOST].thread_pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    const enum heap_zone before = heap_enter(HEAP_MACHINE);
    const bool opened = tls_open();
    heap_enter(before);
    return opened ? NULL : "there is no memory for thread-local storage";
}

static void fiber_stack(uint32_t slot, uintptr_t *low, uint64_t *size) {
    *low = (uintptr_t)(STACKS_BASE + slot * stride + GUARD_SIZE);
    *size = stack_bytes;
}

static bool fiber_overflow(uintptr_t address) {
    if (address < STACKS_BASE || address >= STACKS_BASE + stride * (MACHINE_SLOTS_MAX + 1)) {
        return false;
    }
    return (address - STACKS_BASE) % stride < GUARD_SIZE;
}

static void fiber_make(uint32_t slot) {
    uintptr_t low;
    uint64_t size;
    fiber_stack(slot, &low, &size);
    image_track_zero(low, low + size);
    const enum heap_zone before = heap_enter(HEAP_MACHINE);
    contexts[slot].thread_pointer = tls_block_create();
    heap_enter(before);
    ASSERT(contexts[slot].thread_pointer != 0);
}

static void fiber_enter(void *argument) {
    tls_thread_start();
    machine_thread_main((uint32_t)(uintptr_t)argument);
}

static void fiber_prepare(uint32_t slot, uint32_t thread) {
    ASSERT(slot >= 1 && slot <= MACHINE_SLOTS_MAX);
    if (contexts[slot].thread_pointer == 0) { /* no stack and no TLS block yet */
        fiber_make(slot);
    }
    const uint64_t thread_pointer = contexts[slot].thread_pointer;
    tls_block_renew(thread_pointer, THREAD_ID_BASE + thread);
    uintptr_t low;
    uint64_t size;
    fiber_stack(slot, &low, &size);
    const uintptr_t top = low + size - (uintptr_t)(slot % COLOURS) * COLOUR_STEP;
    context_prepare(&contexts[slot],
                    (void *)top,
                    thread_pointer,
                    fiber_enter,
                    (void *)(uintptr_t)slot);
}

static void fiber_switch(uint32_t from, uint32_t to) {
    machine.thread_pointer = (void *)(uintptr_t)contexts[to].thread_pointer;
    context_switch(&contexts[from], &contexts[to]);
}

static uint64_t fiber_stack_pointer(uint32_t slot) {
    return contexts[slot].stack_pointer;
}

static const void *fiber_thread_pointer(uint32_t slot) {
    return (const void *)(uintptr_t)contexts[slot].thread_pointer;
}

static bool fiber_signal_running(int signal) {
    (void)signal;
    return false; /* there is no other OS thread */
}

const struct machine_back back_fiber = {
    .name = "fiber",
    .thread_prepare = fiber_prepare,
    .switch_to = fiber_switch,
    .stack_pointer = fiber_stack_pointer,
    .thread_pointer = fiber_thread_pointer,
    .signal_running = fiber_signal_running,
    .stack = fiber_stack,
    .overflow = fiber_overflow,
    .forks = false,
};
