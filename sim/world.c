#include "sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "sim/identity.h"
#include "sim/panic.h"
#include "sim/world_parts.h"

#define ARENA_SLACK (1u << 20) /* rounding of the tables */

uint64_t world_arena_size(const struct description *description, uint64_t record_capacity) {
    return (uint64_t)WORLD_AGENTS_MAX * (sizeof(struct agent) + 16) +
           agenda_size(WORLD_ENTRIES_MAX) + (uint64_t)THREADS_MAX * sizeof(struct thread) +
           futex_arena_size(WORLD_AGENTS_MAX) + once_arena_size() + spin_arena_size() +
           granule_arena_size() + causality_arena_size(THREADS_MAX) + shadow_arena_size() +
           history_arena_size(description) + judge_arena_size(description) +
           kernel_arena_size(description) + choices_index_size(record_capacity) + ARENA_SLACK;
}

/* What an occasion brings about. */
static void world_heard(void *context, uint32_t occasion) {
    struct world *world = context;
    struct verdict *verdict = world->verdict;
    fault_heard(&world->faults, occasion);
    property_heard(&world->property, occasion, schedule_now_ns(&world->schedule));
    if (verdict->kind != VERDICT_NONE) {
        const struct agent *self = schedule_running(&world->schedule);
        verdict->thread = self->id;
        verdict->node = self->node;
        verdict->time_ns = schedule_now_ns(&world->schedule);
        verdict->step = world->trace->count;
        verdict->site = schedule_site(&world->schedule, self->pending.site);
        schedule_end(&world->schedule);
    }
}

static void settle(void *context) {
    struct world *world = context;
    fault_settle(&world->faults);
}

void world_machine_set(struct world *world, const struct fault_machine *machine) {
    world->machine = *machine;
}

void world_init(struct world *world,
                void *memory,
                const struct description *description,
                const struct schedule_machine *machine,
                struct choice *record,
                uint64_t record_capacity) {
    ASSERT(description->node_count > 0);
    arena_init(&world->arena, memory, world_arena_size(description, record_capacity));
    world->description = description;
    schedule_init(&world->schedule, &world->arena, WORLD_AGENTS_MAX, WORLD_ENTRIES_MAX, machine);
    clocks_init(&world->clocks, &world->schedule, description);
    mishap_init(&world->mishaps, &world->schedule, description, &world->faults);
    threads_init(&world->threads, &world->arena, &world->schedule);
    futex_init(&world->futexes, &world->arena, &world->schedule, WORLD_AGENTS_MAX);
    once_init(&world->onces, &world->arena, &world->schedule);
    spins_init(&world->spins, &world->arena, &world->schedule);
    granules_init(&world->granules, &world->arena, &world->schedule);
    causality_init(&world->causality, &world->arena, &world->schedule, THREADS_MAX);
    shadow_init(&world->shadow, &world->arena, &world->causality, &world->granules);
    gate_init(&world->gates, &world->schedule, &description->demanded);
    gate_listen(&world->gates, world_heard, settle, world);
    if (fault_declared(description, DESCRIPTION_PAUSE, 0)) {
        gate_engage(&world->gates);
    }
    history_init(&world->history, &world->arena, description);
    judge_init(&world->judge, &world->arena, &world->history);
    kernel_init(&world->kernel, &world->arena, &world->schedule, description);
    clocks_listen(&world->clocks, counter_clock_set, &world->kernel.counters);
    const struct fault_effects effects = world_fault_effects(world);
    fault_init(&world->faults, &world->schedule, description, &effects);
    void *index = arena_take(&world->arena, choices_index_size(record_capacity));
    choices_init(&world->choices, record, record_capacity, index, record_capacity);
}

void world_begin(struct world *world,
                 const struct world_spec *spec,
                 const struct choice *script,
                 struct trace *trace,
                 struct verdict *verdict,
                 uint64_t *points) {
    const struct description *description = world->description;
    *verdict = (struct verdict){.kind = VERDICT_NONE};
    world->verdict = verdict;
    world->trace = trace;
    trace_begin(trace);
    choices_begin(&world->choices,
                  (enum choices_mode)spec->mode,
                  spec->seed,
                  script,
                  spec->script_count);
    schedule_begin(&world->schedule,
                   &world->choices,
                   trace,
                   verdict,
                   points,
                   &spec->strategy,
                   spec->seed);
    world->schedule.points_max = description->points_max;
    world->schedule.time_max_ns = description->time_max_ns;
    clocks_begin(&world->clocks);
    mishap_begin(&world->mishaps);
    threads_begin(&world->threads);
    futex_begin(&world->futexes);
    once_begin(&world->onces);
    spins_begin(&world->spins);
    granules_begin(&world->granules);
    const uint32_t level = spec->strategy.level;
    const bool races = description_finds_races(description, level, spec->strategy.races);
    const bool weak = description_is_weak(description, level, spec->strategy.memory);
    if (races || weak) {
        causality_begin(&world->causality, description->node_count);
        shadow_begin(&world->shadow, races, weak);
        world->schedule.causality = &world->causality;
    }
    gate_begin(&world->gates);
    kernel_begin(&world->kernel);
    fault_begin(&world->faults);
    world->dropped = false;
    property_begin(&world->property, description, verdict, 0);
    history_begin(&world->history, verdict);
    world->nodes_lasting = 0;
    world->nodes_alive = description->node_count;
    for (uint32_t i = 1; i <= description->node_count; i++) {
        world->threads.unjoined[i] = 0;
        world->nodes[i] = (struct world_node){.identity = identity_make(IDENTITY_NODE, 0, i)};
        world->nodes_lasting += description->nodes[i].daemon ? 0 : 1;
    }
    struct agent *nobody = schedule_agent(&world->schedule, 0);
    world->holds_main =
        choices_draw(&world->choices, CHOICE_HOLD_MAIN, 0, &nobody->decider, NULL, 2) == 1;
}

uint32_t world_thread_create(struct world *world, uint32_t parent, uint32_t node, bool detached) {
    ASSERT(node >= 1 && node <= world->description->node_count);
    struct world_node *home = &world->nodes[node];
    const uint32_t id = threads_create(&world->threads, parent, node, home->identity, detached);
    if (id == 0) {
        return 0;
    }
    struct thread *thread = threads_at(&world->threads, id);
    thread->node_next = home->first_thread;
    if (home->first_thread != 0) {
        threads_at(&world->threads, home->first_thread)->node_previous = id;
    }
    home->first_thread = id;
    home->main = parent == 0 ? id : home->main;
    home->alive++;
    return id;
}

void world_thread_unlink(struct world *world, uint32_t id) {
    struct thread *thread = threads_at(&world->threads, id);
    struct world_node *home = &world->nodes[thread->node];
    if (thread->node_previous != 0) {
        threads_at(&world->threads, thread->node_previous)->node_next = thread->node_next;
    } else {
        home->first_thread = thread->node_next;
    }
    if (thread->node_next != 0) {
        threads_at(&world->threads, thread->node_next)->node_previous = thread->node_previous;
    }
    home->alive--;
}

void world_lasting_drop(struct world *world) {
    ASSERT(world->nodes_lasting > 0);
    if (--world->nodes_lasting == 0) {
        property_end(&world->property, schedule_now_ns(&world->schedule));
        judge_end(&world->judge);
        verdict_set(world->verdict, VERDICT_PASS, "all programs ended");
        schedule_end(&world->schedule);
    }
}

/* The node is gone: judges its exit status, and ends the run after the last one that counts. */
static void node_gone(struct world *world, uint32_t node, int status) {
    struct world_node *home = &world->nodes[node];
    ASSERT(!home->exited);
    home->exited = true;
    home->status = status;
    schedule_event(&world->schedule, POINT_NODE_EXIT, 0, status, NULL);
    const struct occasion fact = {.instant = OCCASION_EXITS, .node = node};
    gate_happen(&world->gates, gate_match(&world->gates, &fact));
    kernel_node_end(&world->kernel, node);
    const struct description_node *described = &world->description->nodes[node];
    if (status != 0) {
        world_fail(world, VERDICT_EXIT, NULL, "%s exited with status %d", described->name, status);
    }
    if (--world->nodes_alive == 0) {
        futex_verify_empty(&world->futexes);
    }
    if (!described->daemon) {
        world_lasting_drop(world);
    }
    fault_settle(&world->faults);
}

void world_thread_finish(struct world *world, uint64_t result) {
    const uint32_t id = threads_self(&world->threads);
    const uint32_t node = threads_at(&world->threads, id)->node;
    schedule_comes(&world->schedule, OCCASION_ENDS);
    schedule_event(&world->schedule, POINT_THREAD_END, 0, 0, NULL);
    futex_forget(&world->futexes, world->schedule.running);
    threads_finish(&world->threads, result);
    world_thread_unlink(world, id);
    if (world->nodes[node].alive == 0) {
        node_gone(world, node, 0);
    }
}

static void descriptors_check(struct world *world, uint32_t node) {
    struct kernel *kernel = &world->kernel;
    const int64_t number = descriptor_next(&kernel->descriptors, node, 0);
    if (number >= 0) {
        const struct file *file =
            file_at(kernel->files, descriptor_file(&kernel->descriptors, number));
        world_fail(world,
                   VERDICT_LEAK,
                   file->site,
                   "%s ended, and its descriptor %" PRId64 " (%s) was not closed",
                   world->description->nodes[node].name,
                   number,
                   file_kind_name((enum file_kind)file->kind));
    }
}

void world_leaks_check(struct world *world) {
    const uint32_t node = schedule_running(&world->schedule)->node;
    const uint32_t leaks = world->description->leaks;
    const uint32_t left =
        leaks == DESCRIPTION_LEAKS_ALLOWED ? 0 : threads_left(&world->threads, node);
    if (left != 0) {
        world_fail(world,
                   VERDICT_LEAK,
                   threads_at(&world->threads, left)->site,
                   "%s ended, and its thread %" PRIu32 " was neither joined nor detached",
                   world->description->nodes[node].name,
                   left);
    }
    if (leaks == DESCRIPTION_LEAKS_FORBIDDEN) {
        descriptors_check(world, node);
    }
}

void world_node_exit(struct world *world,
                     int status,
                     void (*released)(void *context, uint32_t thread),
                     void *context) {
    const uint32_t self = threads_self(&world->threads);
    const uint32_t node = threads_at(&world->threads, self)->node;
    struct world_node *home = &world->nodes[node];
    for (uint32_t id = home->first_thread; id != 0;) {
        struct thread *thread = threads_at(&world->threads, id);
        const uint32_t next = thread->node_next;
        if (id != self) {
            futex_forget(&world->futexes, thread->agent);
            schedule_thread_kill(&world->schedule, thread->agent);
            thread->state = THREAD_JOINED;
            released(context, id);
            world_thread_unlink(world, id);
        }
        id = next;
    }
    futex_forget(&world->futexes, world->schedule.running);
    threads_finish(&world->threads, 0);
    world_thread_unlink(world, self);
    node_gone(world, node, status);
}

void world_finish(struct world *world) {
    struct verdict *verdict = world->verdict;
    const struct verdict limit = *verdict;
    if (limit.kind != VERDICT_LIMIT && limit.kind != VERDICT_NO_PROGRESS) {
        return;
    }
    verdict->kind = VERDICT_NONE;
    property_overdue(&world->property, schedule_now_ns(&world->schedule));
    if (verdict->kind == VERDICT_NONE) {
        *verdict = limit;
    }
}

/* The thread that holds what a waiting thread waits for, 0 = none or unknown. */
static uint32_t holder_of(const struct world *world, uint32_t id) {
    const struct thread *thread = threads_at(&world->threads, id);
    if (thread->state != THREAD_ALIVE) {
        return 0;
    }
    const struct agent *agent = schedule_agent(&world->schedule, thread->agent);
    const uint32_t *holder = agent->cause.holder;
    return holder != NULL && threads_known(&world->threads, *holder) ? *holder : 0;
}

/* The thread to speak of: one on a cycle of holders if there is one, else one that waits for a
 * holder, else the youngest that waits. Joins come last: they only follow from the others. */
static uint32_t deadlock_choose(const struct world *world) {
    uint32_t best = 0;
    unsigned best_rank = 0;
    for (uint32_t id = 1; id <= world->threads.table.count; id++) {
        const struct thread *thread = threads_at(&world->threads, id);
        if (thread->state != THREAD_ALIVE || world->description->nodes[thread->node].daemon) {
            continue;
        }
        const struct agent *agent = schedule_agent(&world->schedule, thread->agent);
        uint32_t reached = holder_of(world, id);
        for (uint32_t hops = 0; hops < world->threads.table.count && reached != 0; hops++) {
            if (reached == id) {
                return id;
            }
            reached = holder_of(world, reached);
        }
        const unsigned rank = holder_of(world, id) != 0         ? 3
                              : agent->cause.kind != POINT_JOIN ? 2
                                                                : 1;
        if (rank >= best_rank) {
            best = id;
            best_rank = rank;
        }
    }
    return best;
}

static size_t deadlock_link(const struct world *world, uint32_t id, char *text, size_t size) {
    const struct thread *thread = threads_at(&world->threads, id);
    const struct wait_cause *cause = &schedule_agent(&world->schedule, thread->agent)->cause;
    char wait[96];
    point_wait_print(cause->kind, cause->object, wait, sizeof wait);
    const int length = snprintf(text,
                                size,
                                "thread %" PRIu32 " of %s %s",
                                id,
                                world->description->nodes[thread->node].name,
                                wait);
    return (size_t)length < size ? (size_t)length : size - 1;
}

static void deadlock_describe(struct world *world) {
    char text[VERDICT_MESSAGE_SIZE];
    const uint32_t first = deadlock_choose(world);
    ASSERT(first != 0);
    size_t used = deadlock_link(world, first, text, sizeof text);
    const uint32_t holder = holder_of(world, first);
    if (holder == first) {
        used += (size_t)snprintf(text + used, sizeof text - used, ", which it holds itself");
    } else if (holder != 0) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, ", held by thread %" PRIu32, holder);
    }
    if (holder != 0 && holder != first && holder_of(world, holder) == first &&
        used + 8 < sizeof text) {
        used += (size_t)snprintf(text + used, sizeof text - used, ", and ");
        deadlock_link(world, holder, text + used, sizeof text - used);
    }
    verdict_set(world->verdict, VERDICT_DEADLOCK, "nothing can run: %s", text);
    const struct thread *thread = threads_at(&world->threads, first);
    world->verdict->thread = first;
    world->verdict->node = thread->node;
    world->verdict->site =
        (uint64_t)(uintptr_t)schedule_agent(&world->schedule, thread->agent)->cause.site;
}

void world_idle(struct world *world) {
    ASSERT(world->nodes_lasting > 0);
    deadlock_describe(world);
    world->verdict->time_ns = schedule_now_ns(&world->schedule);
    world->verdict->step = world->trace->count;
    ASSERT(world->verdict->kind != VERDICT_NONE);
}

_Noreturn void
world_fail(struct world *world, enum verdict_kind kind, const void *site, const char *format, ...) {
    char message[VERDICT_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    schedule_fail(&world->schedule, world->schedule.running, kind, site, message);
}
