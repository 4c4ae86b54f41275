/* Threads for what blocks: started when they are needed, ended when they are not.
 *
 *   add ──► queue ──► a thread that idles, else a new one, else whichever is free first
 *            └─ remove: only while it is queued
 *
 * A thread that has had nothing to do for EX_POOL_IDLE_NS ends. Each that ends joins the one that
 * ended before it; ex_pool_deinit joins the last.
 *
 * Signals are blocked in these threads: handlers run elsewhere, and a signalfd gets its signals.
 *
 * Memory:  part of its scheduler; jobs are their owners'. Nothing is allocated.
 * Errors:  negative errno values.
 * Threads: any.
 */
#ifndef EXECUTOR_POOL_H
#define EXECUTOR_POOL_H

#include <ex/pool.h>
#include <pthread.h>
#include <stdbool.h>

#define EX_POOL_IDLE_NS UINT64_C(10000000000)

enum { EX_POOL_THREADS_DEFAULT = 64 };

struct ex_pool {
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t added; /* on CLOCK_MONOTONIC; something was queued, or it closes */
    pthread_cond_t ended; /* no thread is left */
    struct ex_pool_job *first;
    struct ex_pool_job *last;
    uint32_t queued_count;
    uint32_t thread_count;
    uint32_t thread_count_max;
    uint64_t idle_ns;    /* after that long without work a thread ends: EX_POOL_IDLE_NS */
    uint32_t idle_count; /* of the threads, those that wait for `added` */
    bool is_closing;
    bool has_leaver;
    pthread_t leaver; /* the thread that ended last, to be joined */
};

/* At most `thread_count_max` threads; 0: EX_POOL_THREADS_DEFAULT. Starts none. */
void ex_pool_init(struct ex_pool *pool, uint32_t thread_count_max);

/* Nothing is queued any more. Ends all threads. */
void ex_pool_deinit(struct ex_pool *pool);

/* Queues the job; a thread will call its `run`. -EAGAIN: there is no thread, nor can one be
 * started; then it is not queued. */
int ex_pool_add(struct ex_pool *pool, struct ex_pool_job *job);

/* By the job's `run`, as the last thing that touches the job:
 * whoever asks is told that it ended. */
void ex_pool_end(struct ex_pool *pool, struct ex_pool_job *job);

/* What has become of the job; one that is queued still is taken off the queue if `shall_remove`. */
uint8_t ex_pool_ask(struct ex_pool *pool, struct ex_pool_job *job, bool shall_remove);

#endif
