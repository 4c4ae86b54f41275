/* What lies in a frame while it waits for a time: a node of its worker's timing wheel. It is here
 * for its size alone; ex/timer.h is what programs use.
 *
 * Memory:  the frame's.
 * Threads: the worker's that it was inserted by, under its lock.
 */
#ifndef EXECUTOR_INCLUDE_EX_WHEEL_H
#define EXECUTOR_INCLUDE_EX_WHEEL_H

#include <stddef.h>
#include <stdint.h>

#define EX_WHEEL_NEVER UINT64_MAX

/* Embedded by the caller, or the head of a list. */
struct ex_wheel_node {
    struct ex_wheel_node *next; /* NULL: not armed */
    struct ex_wheel_node *previous;
    struct ex_wheel_node *ahead; /* a few on in the same list, or what was; to prefetch only */
    uint64_t deadline_ns;        /* of a head: none in the list is earlier */
};

#endif
