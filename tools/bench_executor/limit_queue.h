/* The FIFO that all limits run on. */
#ifndef TOOLS_BENCH_EXECUTOR_LIMIT_QUEUE_H
#define TOOLS_BENCH_EXECUTOR_LIMIT_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct limit_frame;

struct limit_task {
    struct limit_task *next;
    void (*resume)(struct limit_task *task);
    struct limit_task *awaiter; /* woken when it ends; NULL = nobody */
    struct limit_frame *leaf;   /* where it goes on, for tasks of nested calls */
    uint64_t left;
    uint32_t state;
    uint32_t result;
};

static struct limit_task *limit_head, *limit_tail;

static inline void limit_push(struct limit_task *task) {
    task->next = NULL;
    if (limit_head == NULL) {
        limit_head = task;
    } else {
        limit_tail->next = task;
    }
    limit_tail = task;
}

static inline void limit_drain(void) {
    for (struct limit_task *task = limit_head; task != NULL; task = limit_head) {
        limit_head = task->next;
        task->resume(task);
    }
}

#endif
