#include "executor/pool.h"

#include <errno.h>
#include <ex/panic.h>
#include <signal.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

/* ---- the queue ---- */

static void push(struct ex_pool *pool, struct ex_pool_job *job) {
    job->state = EX_POOL_QUEUED;
    job->next = NULL;
    job->previous = pool->last;
    if (pool->last != NULL) {
        pool->last->next = job;
    } else {
        pool->first = job;
    }
    pool->last = job;
    pool->queued_count++;
}

static void remove_from_queue(struct ex_pool *pool, struct ex_pool_job *job) {
    EX_ASSERT(job->state == EX_POOL_QUEUED && pool->queued_count > 0);
    if (job->previous != NULL) {
        job->previous->next = job->next;
    } else {
        pool->first = job->next;
    }
    if (job->next != NULL) {
        job->next->previous = job->previous;
    } else {
        pool->last = job->previous;
    }
    pool->queued_count--;
}

/* ---- a thread ---- */

static struct timespec idle_deadline(const struct ex_pool *pool) {
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    const uint64_t end_ns = (uint64_t)deadline.tv_nsec + pool->idle_ns;
    deadline.tv_sec += (time_t)(end_ns / NS_PER_S);
    deadline.tv_nsec = (long)(end_ns % NS_PER_S);
    return deadline;
}

/* False when nothing came for long. Under the lock. */
static bool wait_for_job(struct ex_pool *pool) {
    const struct timespec deadline = idle_deadline(pool);
    int status = 0;

    pool->idle_count++;
    while (pool->first == NULL && !pool->is_closing && status == 0) {
        status = pthread_cond_timedwait(&pool->added, &pool->lock, &deadline);
    }
    pool->idle_count--;
    return pool->first != NULL;
}

static void work(struct ex_pool *pool) {
    while (pool->first != NULL || wait_for_job(pool)) {
        struct ex_pool_job *const job = pool->first;
        remove_from_queue(pool, job);
        job->state = EX_POOL_RUNS;
        pthread_mutex_unlock(&pool->lock);
        job->run(job);
        pthread_mutex_lock(&pool->lock);
    }
}

static void *serve(void *argument) {
    struct ex_pool *const pool = argument;

    pthread_mutex_lock(&pool->lock);
    work(pool);
    const bool has_before = pool->has_leaver;
    const pthread_t before = pool->leaver;
    pool->has_leaver = true;
    pool->leaver = pthread_self();
    pool->thread_count--;
    if (pool->thread_count == 0) {
        pthread_cond_signal(&pool->ended);
    }
    pthread_mutex_unlock(&pool->lock);
    if (has_before) {
        pthread_join(before, NULL);
    }
    return NULL;
}

static int start_thread(struct ex_pool *pool) {
    pthread_t thread;
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int status = pthread_create(&thread, NULL, serve, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -status;
}

/* ---- jobs ---- */

/* A thread is started under the lock, so that only those are counted that run. Counterexample,
 * where each is counted before: (1) A and B have queued a job and counted a thread each; (2) B
 * cannot start its one, and leaves its job to A's; (3) nor can A, which takes its own job back. B's
 * stays. */
int ex_pool_add(struct ex_pool *pool, struct ex_pool_job *job) {
    int status = 0;

    pthread_mutex_lock(&pool->lock);
    EX_ASSERT(!pool->is_closing);
    push(pool, job);
    /* Those that idle and were signalled, but do not run yet, are counted on both sides. */
    if (pool->queued_count > pool->idle_count && pool->thread_count < pool->thread_count_max &&
        start_thread(pool) == 0) {
        pool->thread_count++;
    } else if (pool->idle_count > 0) {
        pthread_cond_signal(&pool->added);
    } else if (pool->thread_count == 0) {
        remove_from_queue(pool, job);
        status = -EAGAIN;
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

void ex_pool_end(struct ex_pool *pool, struct ex_pool_job *job) {
    pthread_mutex_lock(&pool->lock);
    EX_ASSERT(job->state == EX_POOL_RUNS);
    job->state = EX_POOL_ENDED;
    pthread_mutex_unlock(&pool->lock);
}

uint8_t ex_pool_ask(struct ex_pool *pool, struct ex_pool_job *job, bool shall_remove) {
    pthread_mutex_lock(&pool->lock);
    const uint8_t state = job->state;
    if (state == EX_POOL_QUEUED && shall_remove) {
        remove_from_queue(pool, job);
    }
    pthread_mutex_unlock(&pool->lock);
    return state;
}

/* ---- life ---- */

void ex_pool_init(struct ex_pool *pool, uint32_t thread_count_max) {
    pthread_condattr_t attributes;

    *pool = (struct ex_pool){.idle_ns = EX_POOL_IDLE_NS,
                             .thread_count_max = thread_count_max == 0 ? EX_POOL_THREADS_DEFAULT
                                                                       : thread_count_max};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&attributes);
    const int status = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    EX_ASSERT(status == 0);
    pthread_cond_init(&pool->added, &attributes);
    pthread_cond_init(&pool->ended, NULL);
    pthread_condattr_destroy(&attributes);
}

void ex_pool_deinit(struct ex_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    EX_ASSERT(pool->first == NULL);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->added);
    while (pool->thread_count > 0) {
        pthread_cond_wait(&pool->ended, &pool->lock);
    }
    const bool has_leaver = pool->has_leaver;
    const pthread_t leaver = pool->leaver;
    pthread_mutex_unlock(&pool->lock);
    if (has_leaver) {
        pthread_join(leaver, NULL);
    }
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->added);
    pthread_mutex_destroy(&pool->lock);
}
