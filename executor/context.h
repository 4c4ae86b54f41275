/* Switching the processor from one stack to another within one thread.
 *
 *   word = ex_context_switch(&here, &there, w)
 *       push 6 registers, here <- stack pointer <- there, pop 6, jump
 *                                                      `there` sees w as the result of its own
 *                                                      switch, or as the argument of its entry
 *
 * Saved are the registers that a called function preserves, and nothing else. The rounding and
 * exception state (mxcsr, x87 control word; fpcr) stays with the thread: contexts that differed in
 * one sticky flag would pay 90 ns a switch. A program that changes rounding puts it back before it
 * switches. The switch ends in a jump, since `ret` would miss the return predictor every time,
 * which costs five times as much as all the rest.
 *
 * A context that does not run can be unwound as far as its entry: the call frame information is
 * right at every instruction, and what lies at `stack_pointer` is EX_CONTEXT_SAVED_WORDS as named
 * below. To a debugger it stands at ex_context_suspended with that stack pointer.
 *
 * Memory:      the caller's; a context is valid while it does not run. The stack is borrowed.
 * Errors:      none; misuse panics.
 * Threads:     a context goes on on the thread that it left: compilers keep the addresses of thread
 *              local variables across a switch.
 * Limits:      x86-64 (System V) and AArch64. Indirect-branch tracking is respected. Shadow stacks
 *              cannot be, since each context would need one: the library is not marked for them,
 *              so that libc leaves them off, and ex_context_prepare panics where they are on.
 * Sanitizers:  Address- and ThreadSanitizer are told of each switch, in a build with them.
 * Source:      System V ABI, AMD64 supplement, 3.2.1; Procedure Call Standard for AArch64, 6.1.
 */
#ifndef EXECUTOR_CONTEXT_H
#define EXECUTOR_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "fibers need a context switch for this machine: add executor/context_MACHINE.S"
#endif

#if defined(__SANITIZE_ADDRESS__)
#define EX_CONTEXT_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define EX_CONTEXT_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EX_CONTEXT_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define EX_CONTEXT_TSAN 1
#endif
#endif
#if defined(EX_CONTEXT_ASAN) || defined(EX_CONTEXT_TSAN)
#define EX_CONTEXT_SANITIZED 1
#endif

#if defined(__x86_64__)
#define EX_CONTEXT_SAVED_WORDS 7 /* r15 r14 r13 r12 rbx rbp rip, from the stack pointer up */
#else
#define EX_CONTEXT_SAVED_WORDS 20 /* x19 … x30 (return address), d8 … d15 */
#endif

/* What a new context begins with; `word` is what the first switch to it passes. Never returns. */
typedef void ex_context_entry(uintptr_t word);

struct ex_context {
    void *stack_pointer;
#if defined(EX_CONTEXT_SANITIZED)
    ex_context_entry *entry;
    const void *stack_low; /* of a thread's own stack: from the first switch away from it */
    size_t stack_size;
    void *fake_stack;
    void *tsan_fiber;
#endif
};

/* Makes a context that calls entry on the stack [stack_low, stack_top); stack_top is a multiple
 * of 16. A context that a thread begins with needs no preparation: the switch away from it makes
 * it. */
void ex_context_prepare(struct ex_context *context,
                        void *stack_low,
                        void *stack_top,
                        ex_context_entry *entry);

/* The switch itself, in assembler. Returns when somebody switches back to `from`. */
#if defined(__CET__) && defined(__has_attribute)
#if __has_attribute(indirect_return)
__attribute__((indirect_return))
#endif
#endif
uintptr_t
ex_context_swap(struct ex_context *from, const struct ex_context *to, uintptr_t word);

#if defined(EX_CONTEXT_SANITIZED)
uintptr_t ex_context_switch(struct ex_context *from, const struct ex_context *to, uintptr_t word);
__attribute__((noreturn)) void
ex_context_leave(struct ex_context *from, const struct ex_context *to, uintptr_t word);
void ex_context_retire(struct ex_context *context);
#else

/* Saves the running context and goes on with another; returns the word of who switches back. */
static inline uintptr_t
ex_context_switch(struct ex_context *from, const struct ex_context *to, uintptr_t word) {
    return ex_context_swap(from, to, word);
}

/* The last switch of a context: nobody may switch back to `from`. */
__attribute__((noreturn)) static inline void
ex_context_leave(struct ex_context *from, const struct ex_context *to, uintptr_t word) {
    ex_context_swap(from, to, word);
    __builtin_trap();
}

/* To be called from elsewhere for each prepared context that will not run again, before its stack
 * is used for another. */
static inline void ex_context_retire(struct ex_context *context) {
    context->stack_pointer = NULL;
}
#endif

#endif
