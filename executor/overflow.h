/* A fiber that overflows its stack panics with a sentence, and does not die of a nameless SIGSEGV.
 *
 *   touch of the guard below ex_overflow_stack ──► "fiber 17 overflowed its stack of 65536 bytes"
 *   any other SIGSEGV                          ──► whoever handled it before
 *
 * The handler is installed once in a process, by the first thread that watches, and stays. It
 * passes on what is not its own: to the handler that was there, with its arguments and on the same
 * alternate stack; or, where there was none, to the default action, which then ends the process at
 * the faulting instruction. A program that installs its own handler later replaces it, and may call
 * the one that it replaced. A thread that has an alternate stack keeps it.
 *
 * Memory:      EX_OVERFLOW_STACK_SIZE of address space for a thread that has no alternate stack,
 *              from its first watch until it ends.
 * Errors:      negative errno values.
 * Threads:     each watches for itself. ex_overflow_stack is the thread's own.
 */
#ifndef EXECUTOR_OVERFLOW_H
#define EXECUTOR_OVERFLOW_H

#include <stddef.h>

#include "executor/stack.h"

#define EX_OVERFLOW_STACK_SIZE ((size_t)128 * 1024) /* the frame of a signal, and printing */

/* The stack of a pool that the thread runs on; NULL = its own. Who switches writes it, before the
 * switch. In the initial TLS block, since a signal handler reads it. */
extern _Thread_local const struct ex_stack *ex_overflow_stack
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* From now on overflows on this thread are told; more than once is as good as once. 0, or -ENOMEM:
 * then the next call tries again. */
int ex_overflow_watch(void);

#endif
