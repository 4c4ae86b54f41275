#include <stdbool.h>
#include <stdlib.h>

#include "tools/bench_executor/limit.h"
#include "tools/bench_executor/limit_queue.h"
#include "tools/bench_executor/row.h"

enum { BEGIN, AWAITING };

static struct limit_task *idle; /* memory of tasks that ended */

static uint64_t timed_drain(void) {
    const uint64_t before = row_cpu_ns();
    limit_drain();
    return row_cpu_ns() - before;
}

static void yield_resume(struct limit_task *task) {
    if (task->left != 0) {
        task->left--;
        limit_push(task);
    }
}

uint64_t limit_yield_1(uint64_t count) {
    struct limit_task task = {.resume = yield_resume, .left = count};
    limit_push(&task);
    const uint64_t spent = timed_drain();
    row_expect(task.left == 0, "the task has yielded to the end");
    return spent;
}

uint64_t limit_yield_100k(uint64_t count) {
    struct limit_task *tasks = calloc(LIMIT_TASKS_MANY, sizeof *tasks);
    row_expect(tasks != NULL, "there is memory for the tasks");
    for (uint32_t i = 0; i < LIMIT_TASKS_MANY; i++) {
        tasks[i].resume = yield_resume;
        tasks[i].left = count / LIMIT_TASKS_MANY;
        limit_push(&tasks[i]);
    }
    const uint64_t spent = timed_drain();
    row_expect(tasks[LIMIT_TASKS_MANY - 1].left == 0, "the last task has yielded to the end");
    free(tasks);
    return spent;
}

static struct limit_task *spawn(void (*resume)(struct limit_task *task)) {
    struct limit_task *task = idle;
    if (task != NULL) {
        idle = task->next;
    } else {
        task = malloc(sizeof *task);
        row_expect(task != NULL, "there is memory for a task");
    }
    task->resume = resume;
    task->awaiter = NULL;
    task->state = BEGIN;
    limit_push(task);
    return task;
}

static void release(struct limit_task *task) {
    task->next = idle;
    idle = task;
}

static uint64_t detached_done;

static void detached_resume(struct limit_task *task) {
    detached_done++;
    release(task);
}

uint64_t limit_spawn_run(uint64_t count) {
    detached_done = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i += LIMIT_SPAWN_BATCH) {
        for (uint32_t k = 0; k < LIMIT_SPAWN_BATCH; k++) {
            spawn(detached_resume);
        }
        limit_drain();
    }
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(detached_done >= count, "every task has run");
    return spent;
}

static void child_resume(struct limit_task *task) {
    task->result = 1;
    if (task->awaiter != NULL) {
        limit_push(task->awaiter);
    }
}

static struct limit_task *child;

static void parent_resume(struct limit_task *task) {
    if (task->state == AWAITING) {
        task->left -= child->result;
        release(child);
    }
    if (task->left != 0) {
        child = spawn(child_resume);
        child->awaiter = task;
        task->state = AWAITING;
    }
}

uint64_t limit_spawn_await(uint64_t count) {
    struct limit_task parent = {.resume = parent_resume, .left = count};
    limit_push(&parent);
    const uint64_t spent = timed_drain();
    row_expect(parent.left == 0, "every child was awaited");
    return spent;
}

struct slot {
    uint64_t value;
    bool full;
    struct limit_task *sender; /* waits until it is empty */
    struct limit_task *receiver;
};

static struct slot there, back;

static bool slot_send(struct slot *slot, uint64_t value, struct limit_task *task) {
    if (slot->full) {
        slot->sender = task;
        return false;
    }
    slot->value = value;
    slot->full = true;
    if (slot->receiver != NULL) {
        limit_push(slot->receiver);
        slot->receiver = NULL;
    }
    return true;
}

static bool slot_receive(struct slot *slot, uint64_t *value, struct limit_task *task) {
    if (!slot->full) {
        slot->receiver = task;
        return false;
    }
    *value = slot->value;
    slot->full = false;
    if (slot->sender != NULL) {
        limit_push(slot->sender);
        slot->sender = NULL;
    }
    return true;
}

enum { SENDING, RECEIVING };

static void serve_resume(struct limit_task *task) {
    uint64_t value;
    while (task->left != 0) {
        if (task->state == SENDING) {
            if (!slot_send(&there, task->left, task)) {
                return;
            }
            task->state = RECEIVING;
        }
        if (!slot_receive(&back, &value, task)) {
            return;
        }
        task->left -= value;
        task->state = SENDING;
    }
}

static void return_resume(struct limit_task *task) {
    uint64_t value;
    while (task->left != 0) {
        if (task->state == RECEIVING) {
            if (!slot_receive(&there, &value, task)) {
                return;
            }
            task->state = SENDING;
        }
        if (!slot_send(&back, 1, task)) {
            return;
        }
        task->left--;
        task->state = RECEIVING;
    }
}

uint64_t limit_slot_round(uint64_t count) {
    struct limit_task server = {.resume = serve_resume, .left = count, .state = SENDING};
    struct limit_task returner = {.resume = return_resume, .left = count, .state = RECEIVING};
    limit_push(&server);
    limit_push(&returner);
    const uint64_t spent = timed_drain();
    row_expect(server.left == 0 && returner.left == 0, "every value went there and back");
    return spent;
}
