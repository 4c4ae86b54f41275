/* A world without a machine: nodes whose threads are contexts on stacks of their own.
 *
 *   open_world(2) ─► run_fifo(mains): node n starts with mains[n - 1] ─► the run's verdict
 */
#ifndef TESTS_WORLD_FIXTURE_H
#define TESTS_WORLD_FIXTURE_H

#include <check.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "sim/world.h"

#define RECORD_MAX 4096
#define AGENTS 16
#define STACK_SIZE (128u << 10)
#define LOG_MAX 64

typedef void body_function(uint32_t self);

static struct {
    struct world world;
    struct description description;
    struct trace trace;
    struct verdict verdict;
    uint64_t points;
    struct choice record[RECORD_MAX];
    ucontext_t host;
    ucontext_t contexts[AGENTS + 1];
    unsigned char stacks[AGENTS + 1][STACK_SIZE];
    body_function *bodies[AGENTS + 1]; /* by agent */
    uint64_t results[AGENTS + 1];      /* by agent: what its thread returns */
    bool started;
} test;

static struct world *const world = &test.world;
static struct schedule *const schedule = &test.world.schedule;
static uint32_t log_entries[LOG_MAX];
static uint32_t log_count;

static inline void note(uint32_t entry) {
    ck_assert_uint_lt(log_count, LOG_MAX);
    log_entries[log_count++] = entry;
}

#define EXPECT_LOG(...)                                                                            \
    do {                                                                                           \
        static const uint32_t expected_log[] = {__VA_ARGS__};                                      \
        ck_assert_uint_eq(log_count, sizeof expected_log / sizeof expected_log[0]);                \
        ck_assert_mem_eq(log_entries, expected_log, sizeof expected_log);                          \
    } while (0)

/* ---- the machine's part ---- */

static inline void on_switch(uint32_t from, uint32_t to) {
    if (from != 0) {
        swapcontext(&test.contexts[from], &test.contexts[to]);
    } else if (test.started) {
        setcontext(&test.contexts[to]);
    } else {
        test.started = true;
        swapcontext(&test.host, &test.contexts[to]);
    }
}

static inline void on_end(void) {
    setcontext(&test.host);
}

static inline void on_idle(void) {
    world_idle(world);
}

static inline void thread_main(void) {
    const uint32_t agent = schedule->running;
    test.results[agent] = 0;
    test.bodies[agent](threads_self(&world->threads));
    world_thread_finish(world, test.results[agent]);
    schedule_thread_end(schedule);
}

static inline uint32_t start(uint32_t parent, uint32_t node, body_function *body, bool detached) {
    const uint32_t id = world_thread_create(world, parent, node, detached);
    ck_assert_uint_ne(id, 0);
    const uint32_t agent = threads_at(&world->threads, id)->agent;
    ck_assert_uint_le(agent, AGENTS);
    schedule_agent(schedule, agent)->slot = agent;
    test.bodies[agent] = body;
    /* A thread before it ended in the middle of its calls: what they had marked is marked still. */
    ASAN_UNPOISON_MEMORY_REGION(test.stacks[agent], STACK_SIZE);
    getcontext(&test.contexts[agent]);
    test.contexts[agent].uc_stack.ss_sp = test.stacks[agent];
    test.contexts[agent].uc_stack.ss_size = STACK_SIZE;
    makecontext(&test.contexts[agent], thread_main, 0);
    return id;
}

static inline uint32_t spawn(body_function *body) {
    return start(threads_self(&world->threads), schedule_running(schedule)->node, body, false);
}

static inline void returns(uint64_t result) {
    test.results[schedule->running] = result;
}

/* What more is declared stands between the two. */
static inline void declare_world(uint32_t nodes) {
    description_init(&test.description, "test");
    for (uint32_t i = 0; i < nodes; i++) {
        const char name[] = {'n', (char)('1' + i), '\0'};
        ck_assert_uint_eq(description_node_add(&test.description, name, "main", NULL), i + 1);
    }
}

static inline void make_world(void) {
    static const struct schedule_machine machine = {.switch_to = on_switch,
                                                    .end = on_end,
                                                    .idle = on_idle};
    void *memory = mmap(NULL,
                        world_arena_size(&test.description, RECORD_MAX),
                        PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1,
                        0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    world_init(world, memory, &test.description, &machine, test.record, RECORD_MAX);
}

static inline void open_world(uint32_t nodes) {
    declare_world(nodes);
    make_world();
}

/* One run in which node n starts with mains[n - 1]. */
static inline enum verdict_kind
run(enum strategy_kind kind, uint64_t seed, body_function *const *mains) {
    const struct world_spec spec = {.seed = seed,
                                    .mode = kind == STRATEGY_FIFO ? CHOICES_ZERO : CHOICES_DRAW,
                                    .strategy = {.kind = kind}};
    world_begin(world, &spec, NULL, &test.trace, &test.verdict, &test.points);
    test.started = false;
    log_count = 0;
    for (uint32_t node = 1; node <= test.description.node_count; node++) {
        start(0, node, mains[node - 1], false);
    }
    schedule_run(schedule);
    return (enum verdict_kind)test.verdict.kind;
}

static inline enum verdict_kind run_fifo(body_function *const *mains) {
    return run(STRATEGY_FIFO, 1, mains);
}

static inline void yield(void) {
    static const struct point point = {.kind = POINT_YIELD};
    schedule_yield(schedule, &point);
}

static inline uint64_t join(uint32_t id) {
    uint64_t result = 0;
    ck_assert_int_eq(threads_join(&world->threads, id, AGENDA_NEVER, &result, NULL), 0);
    return result;
}

static inline void released(void *context, uint32_t thread) {
    ck_assert_ptr_eq(context, &test);
    note(1000 + thread);
}

static inline void exit_node(int status) {
    world_node_exit(world, status, released, &test);
    schedule_thread_end(schedule);
}

static inline void wait_for_ever(uint32_t self) {
    static const struct wait_cause cause = {.kind = POINT_HANDLER};
    schedule_wait(schedule, NULL, AGENDA_NEVER, &cause);
    note(self);
}

static inline uint32_t events(enum point_kind kind) {
    uint32_t count = 0;
    for (uint64_t n = 0; n < test.trace.count; n++) {
        count += trace_last(&test.trace, n, NULL)->kind == kind;
    }
    return count;
}

static inline void note_self(uint32_t self) {
    note(self);
}

#endif
