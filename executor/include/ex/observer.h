/* Tells somebody what becomes of each task: for tracing, profiling, or a list of what is slow.
 *
 *      spawned ──► resumed ⇄ waits ──► returned ──► dropped        (woken: any time in between)
 *
 * It is given when the scheduler is created. Without one it costs nothing: an unwatched scheduler
 * runs other code. With one, a local scheduler handles its tasks as a shared one does.
 *
 * A task is known by its address, and to be another one after `dropped`. Calls about one task come
 * one after the other, as things happen to it; but `woken` comes from whoever wakes, at any time,
 * also from several threads at once.
 *
 * Memory:  the scheduler copies the struct; `context` is the user's.
 * Errors:  a callback may not spawn, wake, join or wait.
 * Threads: the worker's that runs the task; see above for woken. `spawned` is told by the spawning
 *          thread.
 */
#ifndef EXECUTOR_INCLUDE_EX_OBSERVER_H
#define EXECUTOR_INCLUDE_EX_OBSERVER_H

#include <stdint.h>

struct ex_task;

/* Any of the functions may be NULL. */
struct ex_observer {
    void *context;
    void (*spawned)(void *context, const struct ex_task *task);
    void (*resumed)(void *context, const struct ex_task *task);
    /* Or gives way: then `woken` comes first. */
    void (*waits)(void *context, const struct ex_task *task);
    void (*woken)(void *context, const struct ex_task *task);
    void (*returned)(void *context, const struct ex_task *task, int64_t value);
    void (*dropped)(void *context, const struct ex_task *task);
};

#endif
