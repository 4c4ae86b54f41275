#include "sim/machine/machine.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>

#include "sim/machine/back.h"
#include "sim/machine/heap.h"
#include "sim/machine/image.h"
#include "sim/machine/loader.h"
#include "sim/machine/real.h"
#include "sim/machine/tls_glibc.h"
#include "sim/machine/whereabouts.h"
#include "sim/panic.h"

struct machine machine;

/* ---- what the scheduler asks of us ---- */

/* The slot of who runs outside of threads: the host until it waits inside schedule_run, then what a
 * thread leaves that ended. */
static uint32_t *world_slot(void) {
    return &schedule_agent(&machine.world.schedule, 0)->slot;
}

static void threads_record(void) {
    struct record *record = machine.record;
    const struct world *world = &machine.world;
    record->thread_count = 0;
    for (uint32_t id = 1; id <= world->threads.table.count; id++) {
        const struct thread *thread = threads_at(&world->threads, id);
        if (thread->state != THREAD_ALIVE || record->thread_count == RECORD_THREADS_MAX) {
            continue;
        }
        const struct agent *agent = schedule_agent(&world->schedule, thread->agent);
        const bool waits = agent->state == AGENT_WAITING;
        struct record_thread *entry = &record->threads[record->thread_count++];
        *entry = (struct record_thread){
            .id = id,
            .node = thread->node,
            .state = agent->state,
            .kind = waits ? agent->cause.kind : agent->pending.kind,
            .object = waits ? agent->cause.object : agent->pending.object,
            .holder = waits && agent->cause.holder != NULL ? *agent->cause.holder : 0,
            .site = (uint64_t)(uintptr_t)(waits ? agent->cause.site : agent->pending.site),
        };
        if (thread->agent != world->schedule.running) {
            entry->stack_pointer = machine.back->stack_pointer(thread->slot);
        }
        memcpy(entry->name, thread->name, sizeof entry->name);
    }
}

static void on_end(void) {
    if (verdict_is_finding(machine.world.verdict)) {
        threads_record();
        machine.found();
    }
    ASSERT(*world_slot() == MACHINE_SLOT_NONE);
    machine.back->switch_to(MACHINE_SLOT_NONE, MACHINE_SLOT_HOST);
}

static void on_idle(void) {
    world_idle(&machine.world);
}

static void on_interrupt(void) {
    machine.interrupted();
}

/* ---- set-up ---- */

static bool refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool refuse(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(machine.record->error, sizeof machine.record->error, format, arguments);
    va_end(arguments);
    return false;
}

/* "pair" of "/a/pair.so" and of "pair.lua". */
static void name_copy(char *name, size_t size, const char *path) {
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash == NULL ? path : slash + 1);
    char *dot = strrchr(name, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
}

/* Opens the scenario, or who reads it, and lets it declare the world. */
static bool describe(const char *scenario) {
    struct record *record = machine.record;
    struct description *description = &record->description;
    char reader[PATH_MAX];
    char name[sizeof description->name];
    const bool is_file = whereabouts_reader(scenario, reader);
    const char *module = is_file ? reader : scenario;
    void *handle = loader_open(0, module, record->error, sizeof record->error);
    machine.modules[0] = handle;
    if (handle == NULL) {
        return is_file ? refuse("nobody reads %s: there is no %s", scenario, reader) : false;
    }
    void (*declare)(void *) = (void (*)(void *))dlsym(handle, "sim_scenario");
    if (declare == NULL) {
        return refuse("%s is no scenario: it has no SIM_SCENARIO(); see sim/scenario.h", module);
    }
    name_copy(name, sizeof name, scenario);
    description_init(description, name);
    if (is_file) {
        snprintf(description->file, sizeof description->file, "%s", scenario);
    }
    declare(description);
    if (is_file && description->error[0] != '\0') {
        return refuse("%s", description->error); /* it has file and line */
    }
    if (!description_check(description)) {
        return refuse("scenario %s: %s", scenario, description->error);
    }
    return true;
}

static bool node_load(uint32_t node) {
    struct record *record = machine.record;
    const struct description_node *described = &record->description.nodes[node];
    void *handle = loader_copy(described->module, node, record->error, sizeof record->error);
    if (handle == NULL) {
        return false;
    }
    machine.programs[node] = (machine_program *)dlsym(handle, described->program);
    if (machine.programs[node] == NULL) {
        return refuse("%s has no function %s(), which node %s is to run",
                      described->module == 0 ? "the module"
                                             : record->description.modules[described->module],
                      described->program,
                      described->name);
    }
    return true;
}

static bool nodes_load(void) {
    struct record *record = machine.record;
    for (uint32_t node = 1; node <= record->description.node_count; node++) {
        machine.loaded[node - 1] = heap_persistent_end();
        if (!node_load(node)) {
            return false;
        }
        machine.loaded[node] = heap_persistent_end();
    }
    loader_list(record->images, &record->image_count);
    return true;
}

static const char *back_open(uint32_t wanted) {
    const uint32_t stack_size = machine.record->description.stack_size;
    const char *reason = NULL;
    if (wanted != RECORD_BATON) {
        reason = back_fiber_open(stack_size);
        if (reason == NULL) {
            machine.back = &back_fiber;
            machine.record->backend = RECORD_FIBER;
            return NULL;
        }
        if (wanted == RECORD_FIBER) {
            return reason;
        }
        snprintf(machine.record->reason, sizeof machine.record->reason, "%s", reason);
    }
    machine.back = &back_baton;
    machine.record->backend = RECORD_BATON;
    return back_baton_open(stack_size);
}

void machine_track(void) {
    if (machine.back->forks) {
        heap_enter(HEAP_MACHINE);
        return;
    }
    const void *except[] = {&machine, (const void *)getauxval(AT_ENTRY)};
    heap_enter(HEAP_MACHINE);
    uintptr_t start;
    uintptr_t end;
    heap_persistent_range(&start, &end);
    image_track(start, end);
    image_track_loaded(except, sizeof except / sizeof except[0]);
}

static void crashes_open(void);

bool machine_open(struct record *record, const struct machine_options *options) {
    machine.record = record;
    if (!describe(options->module) || !nodes_load()) {
        return false;
    }
    const char *reason = back_open(options->backend);
    if (reason != NULL) {
        return refuse("the back end cannot be used: %s", reason);
    }
    record->forks = machine.back->forks;
    const uint64_t size = world_arena_size(&record->description, RECORD_CHOICES_MAX);
    void *arena = real_map(NULL, size, PROT_READ | PROT_WRITE);
    if (arena == NULL) {
        return refuse("no address space for the world");
    }
    const struct schedule_machine functions = {.switch_to = machine.back->switch_to,
                                               .end = on_end,
                                               .idle = on_idle,
                                               .interrupt = on_interrupt};
    world_init(&machine.world,
               arena,
               &record->description,
               &functions,
               record->choices,
               RECORD_CHOICES_MAX);
    machine.world.schedule.strategy.profile = &record->profile;
    crashes_open();
    heap_set_fill(options->fill);
    heap_set_limit(record->description.heap_max);
    __libc_single_threaded = 0;
    return true;
}

/* ---- a run ---- */

static uint32_t slot_take(void) {
    uint32_t slot = machine.slot_free;
    if (slot != 0) {
        machine.slot_free = machine.slot_next[slot];
    } else if (machine.slot_count < MACHINE_SLOTS_MAX) {
        slot = ++machine.slot_count;
    }
    return slot;
}

static void slot_give(uint32_t slot) {
    machine.slot_next[slot] = machine.slot_free;
    machine.slot_free = slot;
}

/* The running thread ends, and is on its stack until another one runs: who ended before it has left
 * by now. An entry that fires meanwhile may start a thread. */
static void slot_leave(uint32_t slot) {
    if (machine.slot_left != 0) {
        slot_give(machine.slot_left);
    }
    machine.slot_left = slot;
}

/* Of a thread that was taken from what it did. With the baton its pthread waits there for good. */
static void slot_release(void *context, uint32_t thread) {
    (void)context;
    if (!machine.back->forks) {
        slot_give(threads_at(&machine.world.threads, thread)->slot);
    }
}

static uint32_t
thread_create(uint32_t parent, uint32_t node, const struct machine_start *start, bool detached) {
    const bool reused = machine.slot_free != 0;
    const uint32_t slot = slot_take();
    if (slot == 0) {
        verdict_set(machine.world.verdict,
                    VERDICT_LIMIT,
                    "more than %u threads at once",
                    MACHINE_SLOTS_MAX);
        return 0;
    }
    const uint32_t id = world_thread_create(&machine.world, parent, node, detached);
    if (id != 0) {
        struct thread *thread = threads_at(&machine.world.threads, id);
        thread->slot = slot;
        schedule_agent(&machine.world.schedule, thread->agent)->slot = slot;
        machine.thread_created(parent, id);
        machine.starts[slot] = *start;
        machine.back->thread_prepare(slot, id);
        if (reused && machine.watches) {
            causality_reuse(&machine.world.causality, id);
        }
    }
    return id;
}

/* ---- nodes that crash and start again ---- */

static void on_thread_gone(void *context, uint32_t thread, bool runs) {
    const uint32_t slot = threads_at(&machine.world.threads, thread)->slot;
    machine.thread_gone(machine.back->thread_pointer(slot));
    if (runs) {
        slot_leave(slot);
    } else {
        slot_release(context, thread);
    }
}

static void on_node_crashed(void *context, uint32_t node, uint32_t files) {
    (void)context;
    machine.node_crashed(node, files);
}

static bool node_main_create(uint32_t node) {
    const struct machine_start start = {machine.node_main, (void *)(uintptr_t)node};
    return thread_create(0, node, &start, false) != 0;
}

static void on_node_started(void *context, uint32_t node) {
    (void)context;
    image_bring_back(node);
    (void)node_main_create(node); /* if not, there is a verdict */
}

static void crashes_open(void) {
    static const struct fault_machine functions = {.thread_gone = on_thread_gone,
                                                   .node_crashed = on_node_crashed,
                                                   .node_started = on_node_started};
    world_machine_set(&machine.world, &functions);
    for (uint32_t node = 1; node <= machine.record->description.node_count; node++) {
        if (fault_declared(&machine.record->description, DESCRIPTION_CRASH, node)) {
            image_keep(node, machine.loaded[node - 1], machine.loaded[node]);
        }
    }
}

uint32_t machine_thread_create(const struct machine_start *start, bool detached) {
    const struct agent *self = schedule_running(&machine.world.schedule);
    return thread_create(self->id, self->node, start, detached);
}

static void run_finish(const struct world_spec *spec) {
    struct record *record = machine.record;
    const struct world *world = &machine.world;
    record->fingerprint = trace_end(&record->trace);
    record->seed = spec->seed;
    record->strategy = world->schedule.strategy.spec;
    record->now_ns = schedule_now_ns(&world->schedule);
    record->choices_asked = world->choices.at;
    record->record_count = world->choices.record_count;
    record->mismatch_at = world->choices.mismatch_at;
    record->mismatch = world->choices.mismatch;
}

void machine_run(const struct world_spec *spec) {
    struct record *record = machine.record;
    ASSERT(!machine.active);
    heap_enter(HEAP_RUN);
    machine.slot_free = 0;
    machine.slot_count = 0;
    machine.slot_left = 0;
    record->output_size = 0;
    record->thread_count = 0;
    record->task_count = 0;
    world_begin(&machine.world,
                spec,
                record->script,
                &record->trace,
                &record->verdict,
                &record->points);
    machine.run_begin();
    for (uint32_t node = 1; node <= record->description.node_count; node++) {
        const bool created = node_main_create(node);
        ASSERT(created);
    }
    machine.active = true;
    machine.level = description_level(&record->description, spec->strategy.level);
    machine.watches = machine.world.schedule.causality != NULL;
    schedule_run(&machine.world.schedule);
    machine.level = LEVEL_CALLS;
    machine.watches = false;
    machine.active = false;
    heap_enter(HEAP_MACHINE);
    world_finish(&machine.world);
    run_finish(spec);
}

void machine_reset(void) {
    ASSERT(!machine.active);
    ASSERT(!machine.back->forks);
    heap_reset();
    image_reset();
}

_Noreturn void machine_thread_main(uint32_t slot) {
    *world_slot() = MACHINE_SLOT_NONE;
    const struct machine_start start = machine.starts[slot];
    const bool is_main = start.routine == machine.node_main; /* whose argument is the node */
    const void *first = is_main ? (const void *)machine.programs[(uintptr_t)start.argument]
                                : (const void *)start.routine;
    const void *site = (const char *)first + 1; /* sites are return addresses */
    schedule_comes(&machine.world.schedule, OCCASION_STARTS);
    schedule_event(&machine.world.schedule, POINT_THREAD_START, 0, 0, site);
    if (is_main) {
        world_main_begins(&machine.world);
    }
    machine.interrupted();
    machine_thread_return(start.routine(start.argument));
}

_Noreturn void machine_thread_return(void *result) {
    tls_thread_end();
    machine.thread_returning();
    machine_thread_exit(result);
}

_Noreturn void machine_thread_exit(void *result) {
    struct world *world = &machine.world;
    const uint32_t slot = threads_at(&world->threads, threads_self(&world->threads))->slot;
    machine.thread_ending(threads_self(&world->threads));
    world_thread_finish(world, (uint64_t)(uintptr_t)result);
    slot_leave(slot);
    schedule_thread_end(&world->schedule);
    UNREACHABLE();
}

_Noreturn void machine_node_exit(int status) {
    struct world *world = &machine.world;
    const uint32_t slot = threads_at(&world->threads, threads_self(&world->threads))->slot;
    world_node_exit(world, status, slot_release, NULL);
    slot_leave(slot);
    schedule_thread_end(&world->schedule);
    UNREACHABLE();
}

_Noreturn void machine_foreign_thread(void) {
    struct verdict *verdict = &machine.record->verdict;
    verdict_set(verdict,
                VERDICT_ESCAPE,
                "a thread that the simulator did not create called into it");
    machine.crashed();
    UNREACHABLE();
}

void machine_output(const void *bytes, uint64_t size) {
    struct record *record = machine.record;
    const uint64_t used = record->output_size;
    if (used < RECORD_OUTPUT_SIZE) {
        const uint64_t room = RECORD_OUTPUT_SIZE - used;
        memcpy(record->output + used, bytes, size < room ? size : room);
    }
    record->output_size += size;
}
