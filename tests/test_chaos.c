#include "tests/suite.h"

#include <errno.h>
#include <ex/mutex.h>
#include <ex/scheduler.h>
#include <ex/timer.h>
#include <stdbool.h>

/* Trees of tasks that yield, sleep, lock, abort and join each other as a seed says, on one to four
 * worker threads. Whatever the order: nobody is inside the mutex twice, every task ends once, and
 * every join that gives a result gives that of its child. */

enum { ROUNDS = 300, DEPTH = 3, CHILDREN_MAX = 3 };

static struct ex_mutex mutex;
static int inside_count;
static int live_count;

struct node {
    struct ex_frame frame;
    uint64_t chance;
    int depth;
    int child;
    int child_count;
    int64_t sum;
    struct ex_task *children[CHILDREN_MAX];
    union {
        struct ex_task_join join;
        struct ex_sleep sleep;
        struct ex_mutex_lock lock;
    } wait;
};

/* Below `count`. Each node has its own stream, so that a run differs from its neighbour only in
 * time. */
static int draw(struct node *self, int count) {
    self->chance = self->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((self->chance >> 33) % (uint64_t)count);
}

static struct ex_frame *node(struct node *self, uint64_t seed, int depth);

static void spawn_children(struct node *self) {
    self->child_count = self->depth == 0 ? 0 : draw(self, CHILDREN_MAX + 1);
    for (int i = 0; i < self->child_count; i++) {
        struct node *below = ex_task_new(NULL, sizeof *below);
        ck_assert_ptr_nonnull(below);
        self->children[i] = ex_task_spawn(node(below, self->chance + (uint64_t)i, self->depth - 1));
    }
}

EX_RESUME(node) {
    EX_BEGIN(node);
    __atomic_fetch_add(&live_count, 1, __ATOMIC_RELAXED);
    spawn_children(self);
    if (draw(self, 2) == 0) {
        EX_YIELD();
    }
    if (draw(self, 4) == 0) {
        EX_AWAIT(ex_sleep_for(&self->wait.sleep, (uint64_t)draw(self, 3) * 20 * EX_TIMER_US));
        ck_assert(value == 0 || value == -ECANCELED);
    }
    if (draw(self, 2) == 0) {
        EX_AWAIT(ex_mutex_lock(&self->wait.lock, &mutex));
        if (value == 0) {
            ck_assert_int_eq(inside_count++, 0);
            if (draw(self, 2) == 0) {
                EX_YIELD();
            }
            ck_assert_int_eq(--inside_count, 0);
            ex_mutex_unlock(&mutex);
        }
    }
    for (self->child = 0; self->child < self->child_count; self->child++) {
        if (draw(self, 4) == 0) {
            ex_task_abort(self->children[self->child]);
        }
        do {
            EX_AWAIT(ex_task_join(&self->wait.join, self->children[self->child]));
        } while (self->wait.join.canceled);
        ck_assert_int_ge(value, 1);
        self->sum += value;
    }
    __atomic_fetch_sub(&live_count, 1, __ATOMIC_RELAXED);
    EX_RETURN(self->sum);
    EX_END();
}

static struct ex_frame *node(struct node *self, uint64_t seed, int depth) {
    self->chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    self->depth = depth;
    self->sum = 1;
    return EX_FRAME(self, node);
}

static struct ex_task *spawn_tree(struct ex_scheduler *scheduler, uint64_t seed) {
    struct node *root = ex_task_new(scheduler, sizeof *root);

    ck_assert_ptr_nonnull(root);
    return ex_task_spawn(node(root, seed, DEPTH));
}

START_TEST(trees_of_tasks_end_whatever_the_order) {
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        const struct ex_scheduler_options options = {.worker_count = (uint32_t)_i};
        struct ex_scheduler *scheduler;
        ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
        ex_mutex_init(&mutex, EX_WAIT_SHARED);

        struct ex_task *waited_for = spawn_tree(scheduler, seed);
        struct ex_task *aborted = spawn_tree(scheduler, seed + ROUNDS);
        ex_task_abort(aborted);
        ex_task_detach(aborted);
        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
        ck_assert_int_ge(ex_task_take(waited_for), 1);
        ex_task_detach(spawn_tree(scheduler, seed + 2 * ROUNDS)); /* for destroy to end */

        ex_scheduler_destroy(scheduler);
        ck_assert_int_eq(live_count, 0);
        ex_mutex_deinit(&mutex);
    }
}
END_TEST

SUITE(chaos) {
    SUITE_LOOP(trees_of_tasks_end_whatever_the_order, 0, 5);
}
