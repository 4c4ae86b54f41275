/* Threads without a machine: each is a context of its own on one stack of its own, and the
 * scheduler switches between them as it does in a run. Modules whose calls wait are tested so.
 *
 *   thread_fixture_run(seed, 4, body) ─► body(1) … body(4) interleave ─► the run's verdict
 */
#ifndef TESTS_THREAD_FIXTURE_H
#define TESTS_THREAD_FIXTURE_H

#include <check.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "sim/panic.h"
#include "sim/random.h"
#include "sim/schedule.h"

#define THREAD_FIXTURE_CHOICES (1u << 16)
#define THREAD_FIXTURE_ENTRIES 256u
#define THREAD_FIXTURE_AGENTS 64u
#define THREAD_FIXTURE_STACK (128u << 10)
#define THREAD_FIXTURE_ARENA (64u << 20) /* what modules of a world need, too; touched as used */
#define THREAD_FIXTURE_POINTS_MAX 10000000u

struct thread_fixture {
    struct arena arena;
    struct schedule schedule;
    struct choices *choices;
    struct trace *trace;
    struct choice *record;
    const struct choice *script; /* what thread_fixture_run_as follows in a replay */
    struct verdict verdict;
    uint64_t points;
    ucontext_t host;
    ucontext_t contexts[THREAD_FIXTURE_AGENTS + 1]; /* by agent */
    uint32_t threads[THREAD_FIXTURE_AGENTS + 1];    /* by agent: the thread's number */
    unsigned char *stacks;
    uint32_t alive;
    bool started;
    bool slowly; /* no step is decided quickly; it makes no difference */
    void (*body)(uint32_t thread);
    void (*begin)(void); /* called when a run begins, before its first thread; may be NULL */
};

static struct thread_fixture fixture;

static inline void thread_fixture_switch(uint32_t from, uint32_t to) {
    if (from != 0) {
        swapcontext(&fixture.contexts[from], &fixture.contexts[to]);
    } else if (fixture.started) {
        setcontext(&fixture.contexts[to]);
    } else {
        fixture.started = true;
        swapcontext(&fixture.host, &fixture.contexts[to]);
    }
}

static inline void thread_fixture_end(void) {
    setcontext(&fixture.host);
}

static inline void thread_fixture_idle(void) {
    verdict_set(&fixture.verdict, VERDICT_DEADLOCK, "nothing can run");
}

static inline void thread_fixture_interrupt(void) {
    schedule_running(&fixture.schedule)->interrupts = 0;
}

static inline void thread_fixture_main(void) {
    fixture.body(fixture.threads[fixture.schedule.running]);
    if (--fixture.alive == 0) {
        verdict_set(&fixture.verdict, VERDICT_PASS, "all threads ended");
        schedule_end(&fixture.schedule);
    }
    schedule_thread_end(&fixture.schedule);
}

/* Once per process; thread_fixture_run does it when nobody did. */
static inline void thread_fixture_open(void) {
    static const struct schedule_machine machine = {.switch_to = thread_fixture_switch,
                                                    .end = thread_fixture_end,
                                                    .idle = thread_fixture_idle,
                                                    .interrupt = thread_fixture_interrupt};
    const size_t size = THREAD_FIXTURE_ARENA + agenda_size(THREAD_FIXTURE_ENTRIES);
    void *memory = mmap(NULL,
                        size,
                        PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1,
                        0);
    fixture.choices = calloc(1, sizeof *fixture.choices);
    fixture.trace = calloc(1, sizeof *fixture.trace);
    fixture.record = calloc(THREAD_FIXTURE_CHOICES, sizeof *fixture.record);
    fixture.stacks = calloc(THREAD_FIXTURE_AGENTS, THREAD_FIXTURE_STACK);
    void *index = malloc(choices_index_size(THREAD_FIXTURE_CHOICES));
    ck_assert(memory != MAP_FAILED && fixture.choices != NULL && fixture.trace != NULL);
    ck_assert(fixture.record != NULL && fixture.stacks != NULL && index != NULL);
    arena_init(&fixture.arena, memory, size);
    schedule_init(&fixture.schedule,
                  &fixture.arena,
                  THREAD_FIXTURE_AGENTS,
                  THREAD_FIXTURE_ENTRIES,
                  &machine);
    choices_init(fixture.choices,
                 fixture.record,
                 THREAD_FIXTURE_CHOICES,
                 index,
                 THREAD_FIXTURE_CHOICES);
}

/* Runs body(1) … body(count), and says how that ended. */
static inline enum verdict_kind thread_fixture_run_as(const struct strategy_spec *strategy,
                                                      enum choices_mode mode,
                                                      uint64_t seed,
                                                      uint64_t script_count,
                                                      uint32_t count,
                                                      void (*body)(uint32_t thread)) {
    if (fixture.choices == NULL) {
        thread_fixture_open();
    }
    memset(&fixture.verdict, 0, sizeof fixture.verdict);
    fixture.started = false;
    fixture.alive = count;
    fixture.body = body;
    trace_begin(fixture.trace);
    choices_begin(fixture.choices, mode, seed, fixture.script, script_count);
    schedule_begin(&fixture.schedule,
                   fixture.choices,
                   fixture.trace,
                   &fixture.verdict,
                   &fixture.points,
                   strategy,
                   seed);
    fixture.schedule.points_max = THREAD_FIXTURE_POINTS_MAX;
    if (fixture.slowly) {
        fixture.schedule.quick_max = 0;
    }
    if (fixture.begin != NULL) {
        fixture.begin();
    }
    for (uint32_t thread = 1; thread <= count; thread++) {
        const uint32_t agent = schedule_thread_start(&fixture.schedule, thread, thread, 1);
        ck_assert_uint_ne(agent, 0);
        schedule_agent(&fixture.schedule, agent)->slot = agent;
        fixture.threads[agent] = thread;
        ucontext_t *context = &fixture.contexts[agent];
        unsigned char *stack = fixture.stacks + (size_t)(agent - 1) * THREAD_FIXTURE_STACK;
        ASAN_UNPOISON_MEMORY_REGION(stack, THREAD_FIXTURE_STACK); /* frames of the run before */
        getcontext(context);
        context->uc_stack.ss_sp = stack;
        context->uc_stack.ss_size = THREAD_FIXTURE_STACK;
        makecontext(context, thread_fixture_main, 0);
    }
    schedule_run(&fixture.schedule);
    ck_assert_uint_ne(fixture.verdict.kind, VERDICT_NONE);
    return (enum verdict_kind)fixture.verdict.kind;
}

/* The same under the random strategy. */
static inline enum verdict_kind
thread_fixture_run(uint64_t seed, uint32_t count, void (*body)(uint32_t thread)) {
    static const struct strategy_spec strategy = {.kind = STRATEGY_RANDOM};
    return thread_fixture_run_as(&strategy, CHOICES_DRAW, seed, 0, count, body);
}

static inline uint64_t thread_fixture_now_ns(void) {
    return schedule_now_ns(&fixture.schedule);
}

/* Lets a signal come to a thread that waits: it waits no longer and has something to handle. */
static inline void thread_fixture_signal(uint32_t thread) {
    for (uint32_t agent = 1; agent <= fixture.schedule.agents.pool.count; agent++) {
        struct agent *found = schedule_agent(&fixture.schedule, agent);
        if (found->kind == AGENT_THREAD && found->id == thread && found->state == AGENT_WAITING) {
            found->interrupts = 1;
            schedule_wake_agent(&fixture.schedule, agent, WAKE_INTERRUPTED);
        }
    }
}

/* True when a thread stands in a queue for this kind of operation on an object. */
static inline bool thread_fixture_waits(enum point_kind kind, uint32_t object) {
    for (uint32_t agent = 1; agent <= fixture.schedule.agents.pool.count; agent++) {
        const struct agent *found = schedule_agent(&fixture.schedule, agent);
        if (found->kind == AGENT_THREAD && found->state == AGENT_WAITING &&
            found->cause.kind == kind && found->cause.object == object) {
            return true;
        }
    }
    return false;
}

#endif
