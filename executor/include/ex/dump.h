/* What every task is doing: a line for each, and below it its logical stack, innermost first.
 *
 *   task 3: waits for 12 ms
 *       ex_sleep
 *       fetch           fetch.c:40     ex_sleep_for(&self->sleep, EX_TIMER_S)
 *       serve           serve.c:17     ex_select(&self->select, self->branches, 2)
 *   task 4: ready
 *   …
 *
 * A function that runs branches shows each branch, indented, above itself. The text on the right is
 * the awaited expression: it names the member of the frame that is live there. Functions that were
 * not written with the macros of ex/frame.h show as an address. A task that is running shows no
 * stack, since it changes meanwhile. Tasks are numbered as they are found; the address is their
 * identity.
 *
 * Memory:  nothing is allocated.
 * Threads: any, for a scheduler with worker threads: no task begins, ends or moves meanwhile, but
 * those that run go on. For a local scheduler, its own thread, or while nobody runs it.
 */
#ifndef EXECUTOR_INCLUDE_EX_DUMP_H
#define EXECUTOR_INCLUDE_EX_DUMP_H

#include <ex/scheduler.h>

/* Told each line, without a newline. May not use the scheduler. */
typedef void ex_dump_function(void *context, const char *line);

EX_PUBLIC void ex_dump(struct ex_scheduler *scheduler, ex_dump_function *function, void *context);

/* The same to stderr. */
EX_PUBLIC void ex_dump_print(struct ex_scheduler *scheduler);

#endif
