/* What runs tasks: on the caller's thread, or on worker threads of its own.
 *
 *   struct ex_scheduler *scheduler;
 *   int status = ex_scheduler_create(&scheduler, &(struct ex_scheduler_options){0});   // local
 *   … ex_task_new, ex_task_spawn …
 *   ex_scheduler_run(scheduler);          // until every task has returned
 *   ex_scheduler_destroy(scheduler);
 *
 * Local (worker_count 0): tasks run inside ex_scheduler_run on the thread that created the
 * scheduler; no instruction of its own paths is locked. With worker_count >= 1 they run on that
 * many threads.
 *
 * Memory:  from malloc, or from options.memory: then nothing but stacks of fibers is ever
 *          allocated elsewhere.
 * Errors:  negative errno values.
 * Threads: create, run and destroy on one thread, and abort a local one there, else they panic;
 *          tasks may be spawned from any. A child process of fork() has none of the worker threads,
 *          and shares the descriptors: it creates schedulers of its own.
 */
#ifndef EXECUTOR_INCLUDE_EX_SCHEDULER_H
#define EXECUTOR_INCLUDE_EX_SCHEDULER_H

#include <ex/counters.h>
#include <ex/observer.h>
#include <ex/task.h>

struct ex_scheduler_options {
    void *memory;            /* NULL: malloc. Else it is borrowed until ex_scheduler_destroy */
    size_t memory_size;      /* bytes at `memory` */
    uint32_t worker_count;   /* 0: local; at most 1024 */
    size_t fiber_stack_size; /* bytes for each fiber (ex/fiber.h); 0: 64 KiB; at most 1 GiB */
    uint32_t blocking_thread_count_max; /* for ex/blocking.h; 0: 64 */
    const struct ex_observer *observer; /* NULL: none; else copied */
    bool keeps_times; /* dumps say since when a task waits: a look at the clock each resume */
};

/* -ENOMEM; -EINVAL for options that contradict each other or exceed what they may be; -EAGAIN when
 * with it more than 1024 worker threads and local schedulers would be alive in this process, or
 * when a thread cannot be started. */
EX_PUBLIC int ex_scheduler_create(struct ex_scheduler **scheduler,
                                  const struct ex_scheduler_options *options);

/* Runs until every task has returned, or ex_scheduler_stop. Local: runs them on this thread.
 * Returns 0; -EDEADLK when no task is ready and nothing that a scheduler knows of could wake one
 * (only in a build for a small machine, which cannot wait). */
EX_PUBLIC int ex_scheduler_run(struct ex_scheduler *scheduler);

/* Local only: runs what is ready, without waiting. Returns how many tasks have not returned. */
EX_PUBLIC size_t ex_scheduler_poll(struct ex_scheduler *scheduler);

/* ex_scheduler_run returns soon; from any thread. */
EX_PUBLIC void ex_scheduler_stop(struct ex_scheduler *scheduler);

/* Aborts every task that has not returned; run it afterwards until they have. */
EX_PUBLIC void ex_scheduler_abort(struct ex_scheduler *scheduler);

/* Aborts what has not returned, runs it to its end, and frees everything. Handles are gone, and
 * nothing of the scheduler may be used any more. It waits for ever for a task that waits on after
 * its cancel (ex_dump says where), and panics inside a task. */
EX_PUBLIC void ex_scheduler_destroy(struct ex_scheduler *scheduler);

/* Tasks that were spawned and have not returned. */
EX_PUBLIC size_t ex_scheduler_live_count(const struct ex_scheduler *scheduler);

/* What the scheduler has done so far, in numbers. From any thread. */
EX_PUBLIC void ex_scheduler_counters(const struct ex_scheduler *scheduler,
                                     struct ex_counters *counters);

/* The scheduler of the calling task; NULL outside of any. */
EX_PUBLIC struct ex_scheduler *ex_scheduler_current(void);

#endif
