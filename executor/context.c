#include "executor/context.h"

#include <ex/panic.h>

#if defined(EX_CONTEXT_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(EX_CONTEXT_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

#define STACK_ALIGNMENT 16u

extern const char ex_context_enter[]; /* code: only its address is taken */

#if defined(__x86_64__)
#define ENTRY_WORD 4 /* rbx */
#define BEGIN_WORD 6 /* rip */

/* Where the thread's shadow stack stands; 0 = it has none. Older processors take it for a nop. */
static uint64_t shadow_stack(void) {
    uint64_t pointer = 0;
    __asm__ volatile("rdsspq %0" : "+r"(pointer));
    return pointer;
}
#else
#define ENTRY_WORD 0  /* x19 */
#define BEGIN_WORD 11 /* x30 */

static uint64_t shadow_stack(void) {
    return 0;
}
#endif

#if defined(EX_CONTEXT_SANITIZED)
/* The thread's last switch; a landing reads what it needs, also where it has no context of its own
 * at hand: at an entry. */
static _Thread_local struct {
    struct ex_context *from;
    const struct ex_context *to;
} last;

/* Inlined, always: ThreadSanitizer keeps a call stack for each fiber, and a function that was
 * entered on one may not be left on another. */
__attribute__((always_inline)) static inline void
switch_announce(struct ex_context *from, const struct ex_context *to, void **fake_stack) {
    last.from = from;
    last.to = to;
#if defined(EX_CONTEXT_ASAN)
    __sanitizer_start_switch_fiber(fake_stack, to->stack_low, to->stack_size);
#else
    (void)fake_stack;
#endif
#if defined(EX_CONTEXT_TSAN)
    from->tsan_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
}

__attribute__((always_inline)) static inline void switch_land(void *fake_stack) {
#if defined(EX_CONTEXT_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack, &last.from->stack_low, &last.from->stack_size);
#else
    (void)fake_stack;
#endif
}

static void land(uintptr_t word) {
    switch_land(NULL);
    last.to->entry(word);
    __builtin_trap();
}

uintptr_t ex_context_switch(struct ex_context *from, const struct ex_context *to, uintptr_t word) {
    switch_announce(from, to, &from->fake_stack);
    const uintptr_t result = ex_context_swap(from, to, word);
    switch_land(from->fake_stack);
    return result;
}

void ex_context_leave(struct ex_context *from, const struct ex_context *to, uintptr_t word) {
    switch_announce(from, to, NULL);
    ex_context_swap(from, to, word);
    __builtin_trap();
}

void ex_context_retire(struct ex_context *context) {
#if defined(EX_CONTEXT_TSAN)
    __tsan_destroy_fiber(context->tsan_fiber);
#endif
    context->stack_pointer = NULL;
}
#endif

void ex_context_prepare(struct ex_context *context,
                        void *stack_low,
                        void *stack_top,
                        ex_context_entry *entry) {
    EX_ASSERT((uintptr_t)stack_top % STACK_ALIGNMENT == 0);
    EX_ASSERT((size_t)((char *)stack_top - (char *)stack_low) >
              EX_CONTEXT_SAVED_WORDS * sizeof(uint64_t));
    EX_REQUIRE(shadow_stack() == 0,
               "fibers need a thread without a shadow stack: start the process with "
               "GLIBC_TUNABLES=glibc.cpu.x86_shstk=off");

    uint64_t *const frame = (uint64_t *)stack_top - EX_CONTEXT_SAVED_WORDS;
    for (unsigned i = 0; i < EX_CONTEXT_SAVED_WORDS; i++) {
        frame[i] = 0;
    }
    frame[BEGIN_WORD] = (uintptr_t)ex_context_enter;
#if defined(EX_CONTEXT_SANITIZED)
    frame[ENTRY_WORD] = (uintptr_t)land;
    *context = (struct ex_context) {
        .stack_pointer = frame, .entry = entry, .stack_low = stack_low,
        .stack_size = (size_t)((char *)stack_top - (char *)stack_low),
#if defined(EX_CONTEXT_TSAN)
        .tsan_fiber = __tsan_create_fiber(0),
#endif
    };
#else
    frame[ENTRY_WORD] = (uintptr_t)entry;
    context->stack_pointer = frame;
#endif
}
