#include "sim/machine/context.h"

#include <stddef.h>

#include "sim/panic.h"

extern void context_enter(void);

void context_prepare(struct context *context,
                     void *stack_top,
                     uint64_t thread_pointer,
                     void (*entry)(void *argument),
                     void *argument) {
    ASSERT((uintptr_t)stack_top % 16 == 0);
    uint64_t *stack = stack_top;
    *--stack = 0; /* where a return address would be; context_enter's call then aligns to 16 */
    *--stack = 0;
    *--stack = (uint64_t)(uintptr_t)context_enter;
    *--stack = 0;                             /* rbp */
    *--stack = 0;                             /* rbx */
    *--stack = (uint64_t)(uintptr_t)argument; /* r12 */
    *--stack = (uint64_t)(uintptr_t)entry;    /* r13 */
    *--stack = 0;                             /* r14 */
    *--stack = 0;                             /* r15 */
    context->stack_pointer = (uint64_t)(uintptr_t)stack;
    context->thread_pointer = thread_pointer;
}
