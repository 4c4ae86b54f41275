/* A tree of async functions does the same whether its nodes are state machines or fibers.
 *
 * Each node does a few things that its number decides: note, yield, await a child that it makes, or
 * spawn a task and join it later. It is run with state machines alone, and then with any mixture.
 */
#include "sim/random.h"
#include "tests/fiber_fixture.h"

#define SEEDS 40
#define ROOTS 4
#define DEPTH_MAX 5
#define STEPS_MAX 6
#define LOG_MAX 100000

static uint64_t log_notes[2][LOG_MAX];
static size_t log_counts[2];
static int log_now;
static uint64_t mixture; /* 0: all are state machines */

enum step { NOTE, YIELD, AWAIT, SPAWN, STEP_KINDS };

union child;

/* Both kinds of node work on this. */
struct node {
    uint64_t number;
    unsigned depth;
    unsigned at; /* which step */
    union child *child;
    struct ex_task *task;
    int64_t sum;
};

struct machine {
    struct ex_frame frame;
    struct node node;
    struct ex_task_join join;
};

struct fiber {
    struct ex_fiber fiber; /* first: its frame is the node's */
    struct node node;
};

union child {
    struct machine machine;
    struct fiber fiber;
};

static void note(uint64_t what) {
    ck_assert_uint_lt(log_counts[log_now], LOG_MAX);
    log_notes[log_now][log_counts[log_now]++] = what;
}

static enum step step_of(const struct node *node) {
    const enum step step = (enum step)(random_mix(node->number, node->at) % STEP_KINDS);
    return node->depth == DEPTH_MAX && step >= AWAIT ? NOTE : step;
}

static bool is_over(const struct node *node) {
    return node->at == 1 + random_mix(node->number, 1000) % STEPS_MAX;
}

static struct ex_frame *child_of(struct node *node, union child *child);

static struct ex_task *spawn_child(struct node *node) {
    union child *child = ex_task_new(NULL, sizeof *child);
    ck_assert_ptr_nonnull(child);
    return ex_task_spawn(child_of(node, child));
}

static struct ex_frame *await_child(struct node *node) {
    node->child = malloc(sizeof *node->child);
    ck_assert_ptr_nonnull(node->child);
    return child_of(node, node->child);
}

static void end_step(struct node *node, int64_t value) {
    note(node->number * 100 + node->at);
    node->sum = (node->sum * 31 + value) % 1000003;
    free(node->child);
    node->child = NULL;
    node->at++;
}

EX_RESUME(machine) {
    EX_BEGIN(machine);
    while (!is_over(&self->node)) {
        value = 0;
        if (step_of(&self->node) == YIELD) {
            EX_YIELD();
            value = 1;
        } else if (step_of(&self->node) == AWAIT) {
            EX_AWAIT(await_child(&self->node));
        } else if (step_of(&self->node) == SPAWN) {
            self->node.task = spawn_child(&self->node);
            EX_YIELD();
            EX_AWAIT(ex_task_join(&self->join, self->node.task));
        }
        end_step(&self->node, value);
    }
    EX_RETURN(self->node.sum);
    EX_END();
}

/* One call deeper: fibers await at any depth. */
__attribute__((noinline)) static int64_t take_step(struct node *node) {
    struct ex_task_join join;
    switch (step_of(node)) {
    case YIELD:
        ex_fiber_yield();
        return 1;
    case AWAIT:
        return ex_fiber_await(await_child(node));
    case SPAWN:
        node->task = spawn_child(node);
        ex_fiber_yield();
        return ex_fiber_await(ex_task_join(&join, node->task));
    case NOTE:
    case STEP_KINDS:
        break;
    }
    return 0;
}

static int64_t live(void *argument) {
    struct node *node = argument;
    while (!is_over(node)) {
        end_step(node, take_step(node));
    }
    return node->sum;
}

static struct ex_frame *make(union child *child, const struct node *node) {
    if (mixture != 0 && random_mix(node->number, mixture) % 2 == 0) {
        child->fiber.node = *node;
        return ex_fiber_run(&child->fiber.fiber, live, &child->fiber.node);
    }
    child->machine.node = *node;
    return EX_FRAME(&child->machine, machine);
}

static struct ex_frame *child_of(struct node *node, union child *child) {
    const struct node made = {.number = random_mix(node->number, 2000 + node->at) >> 8,
                              .depth = node->depth + 1};
    return make(child, &made);
}

static void run_tree(uint64_t seed, int log, uint64_t mixed, int64_t results[ROOTS]) {
    struct ex_task *tasks[ROOTS];
    log_now = log;
    log_counts[log] = 0;
    mixture = mixed;
    start();
    for (unsigned i = 0; i < ROOTS; i++) {
        const struct node root = {.number = random_mix(seed, i) >> 8};
        union child *child = ex_task_new(scheduler, sizeof *child);
        tasks[i] = ex_task_spawn(make(child, &root));
    }
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    for (unsigned i = 0; i < ROOTS; i++) {
        results[i] = ex_task_take(tasks[i]);
    }
    stop();
}

START_TEST(a_tree_does_the_same_whichever_of_its_nodes_are_fibers) {
    int64_t machines[ROOTS];
    int64_t mixed[ROOTS];
    run_tree((uint64_t)_i, 0, 0, machines);

    run_tree((uint64_t)_i, 1, 1 + (uint64_t)_i, mixed);

    ck_assert_uint_gt(log_counts[0], ROOTS - 1);
    ck_assert_uint_eq(log_counts[0], log_counts[1]);
    ck_assert_mem_eq(log_notes[0], log_notes[1], log_counts[0] * sizeof **log_notes);
    ck_assert_mem_eq(machines, mixed, sizeof machines);
}
END_TEST

SUITE(fiber_twin) {
    SUITE_LOOP(a_tree_does_the_same_whichever_of_its_nodes_are_fibers, 0, SEEDS);
}
