#include "sim/machine/entry.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/machine/durable.h"
#include "sim/machine/guard.h"
#include "sim/machine/heap.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_attribute.h"
#include "sim/machine/hooks_chance.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/hooks_interpret.h"
#include "sim/machine/hooks_key.h"
#include "sim/machine/hooks_map.h"
#include "sim/machine/hooks_membarrier.h"
#include "sim/machine/hooks_signal.h"
#include "sim/machine/hooks_syscall.h"
#include "sim/machine/process.h"
#include "sim/machine/real_file.h"
#include "sim/machine/signals.h"
#include "sim/machine/standard.h"
#include "sim/machine/storage.h"
#include "sim/machine/tree.h"
#include "sim/panic.h"

static void (*crashed_function)(void);

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* The constraint was infeasible in this run, for the n-th time. */
static void count_conflict(uint32_t index, uint64_t n) {
    const struct gates *gates = &machine.world.gates;
    const struct gate_conflict *conflict = gate_conflict(gates, index);
    const struct gate_occasion *awaited = &gates->met[conflict->awaited];
    struct record_conflict *sum = &machine.record->conflicts[index];
    if (n == 1) {
        *sum = (struct record_conflict){.earliest_ns = UINT64_MAX, .came_first_ns = UINT64_MAX};
    }
    sum->message = conflict->message;
    sum->awaited = conflict->awaited;
    sum->earliest_ns = lesser(sum->earliest_ns, conflict->earliest_ns);
    sum->latest_ns = greater(sum->latest_ns, conflict->latest_ns);
    if (awaited->happened > 0) {
        sum->came_count++;
        sum->came_first_ns = lesser(sum->came_first_ns, awaited->first_ns);
        sum->came_last_ns = greater(sum->came_last_ns, awaited->first_ns);
    }
}

/* In the process of the run, since a forked one takes its world with it. */
static void count_held(void) {
    const struct property *property = &machine.world.property;
    struct record *record = machine.record;
    for (uint32_t i = 0; i < record->description.property_count; i++) {
        const struct description_property *described = &record->description.properties[i];
        record->held[i] += described->kind == DESCRIPTION_SOMETIMES ? property->held[i]
                           : described->after != 0                  ? property_begun(property, i)
                                                                    : 0;
        record->counted[i] += property->counted[i];
    }
    for (uint32_t i = 0; i < record->description.demanded.count; i++) {
        const enum constraint_outcome outcome = gate_outcome(&machine.world.gates, i);
        record->outcomes[i][outcome]++;
        if (outcome == CONSTRAINT_INFEASIBLE) {
            count_conflict(i, record->outcomes[i][outcome]);
        }
    }
    for (uint32_t i = 0; i < record->description.fault_count; i++) {
        record->begun[i] += record->description.faults[i].kind == DESCRIPTION_FAILURE
                                ? machine.world.mishaps.faults[i].struck != 0
                                : machine.world.faults.all[i].times != 0;
    }
}

static void on_crash(void) {
    struct record *record = machine.record;
    count_held();
    standard_rest();
    record->record_count = machine.world.choices.record_count;
    record->choices_asked = machine.world.choices.at;
    record->now_ns = schedule_now_ns(&machine.world.schedule);
    record->strategy = machine.world.schedule.strategy.spec;
    record->seed = machine.world.choices.seed;
    if (machine.world.trace != NULL) {
        record->fingerprint = trace_end(machine.world.trace);
    }
    crashed_function();
}

static void on_panic(const char *file, int line, const char *what) {
    machine.active = false;
    snprintf(machine.record->error,
             sizeof machine.record->error,
             "internal error in the worker: %s:%d: %s",
             file,
             line,
             what);
    machine.record->verdict.kind = VERDICT_NONE;
    crashed_function();
}

static void on_misuse(const char *what, const void *pointer) {
    (void)pointer;
    if (machine.active) {
        guard_crash(what, SIGABRT);
    }
}

static void on_run_begin(void) {
    process_begin();
    real_file_begin();
    durable_begin();
    hooks_signal_begin();
    hooks_signalfd_begin();
    hooks_posix_timer_begin();
    hooks_chance_begin();
    hooks_environment_begin();
    hooks_identity_begin();
    hooks_interpret_begin();
    hooks_resource_begin();
    hooks_key_begin();
    hooks_membarrier_begin();
    hooks_attribute_begin();
}

static void on_node_crashed(uint32_t node, uint32_t files) {
    process_node_begin(node);
    hooks_signal_node_begin(node);
    hooks_posix_timer_node_begin(node);
    hooks_chance_node_begin(node);
    hooks_environment_node_begin(node);
    hooks_identity_node_begin(node);
    hooks_interpret_node_begin(node);
    hooks_resource_node_begin(node);
    hooks_key_node_begin(node);
    hooks_membarrier_node_begin(node);
    hooks_attribute_node_begin(node);
    standard_node_crash(node);
    tree_node_begin(node);
    durable_crash(node, files);
}

/* A process whose last thread ends goes the way of exit(0). */
static void on_thread_returning(void) {
    hooks_key_thread_end();
    if (machine.world.nodes[hook_node()].alive == 1) {
        process_exit(0);
    }
}

bool entry_open(struct record *record,
                const struct machine_options *options,
                void (*crashed)(void)) {
    ASSERT(crashed != NULL);
    crashed_function = crashed;
    machine.record = record;
    machine.crashed = on_crash;
    machine.node_main = process_main;
    machine.run_begin = on_run_begin;
    machine.thread_created = signals_thread_begin;
    machine.thread_returning = on_thread_returning;
    machine.thread_ending = signals_thread_end;
    machine.interrupted = signals_deliver;
    machine.found = hooks_interpret_record;
    machine.thread_gone = standard_thread_gone;
    machine.node_crashed = on_node_crashed;
    panic_install(on_panic);
    const struct guard_options guard = {.crashed = on_crash};
    hooks_syscall_open();
    storage_open();
    hooks_environment_open();
    guard_open(&guard);
    heap_set_misuse(on_misuse);
    if (!machine_open(record, options)) {
        return false;
    }
    hooks_environment_give();
    hooks_identity_open();
    machine_track();
    standard_open();
    real_file_open_kind();
    durable_open();
    hooks_signal_open();
    hooks_signalfd_open();
    hooks_posix_timer_open();
    return true;
}

static int stream_descriptor = -1;
static uint64_t stream_first;
static uint64_t stream_count;
static uint64_t stream_block; /* the next one's number in this run */

static void write_all(const void *bytes, size_t size) {
    const char *next = bytes;
    while (size > 0) {
        const long count = real_write(stream_descriptor, next, size);
        if (count <= 0) {
            return; /* the reader is gone; the run goes on */
        }
        next += count;
        size -= (size_t)count;
    }
}

static void
on_block(void *context, const struct event *events, const uint64_t *sites, uint32_t count) {
    (void)context;
    const uint64_t block = stream_block++;
    if (block < stream_first || (stream_count != 0 && block - stream_first >= stream_count)) {
        return;
    }
    write_all(&count, sizeof count);
    write_all(events, count * sizeof *events);
    write_all(sites, count * sizeof *sites);
}

void entry_stream(int descriptor, uint64_t first, uint64_t count) {
    stream_descriptor = descriptor;
    stream_first = first;
    stream_count = count;
    trace_set_sink(descriptor < 0 ? NULL : on_block, NULL);
}

static void on_fact(void *context, const struct occasion *fact) {
    struct record *record = context;
    const uint32_t room = fact->instant == OCCASION_CALL || fact->instant == OCCASION_WAKES
                              ? RECORD_FACTS_MAX / 2
                              : RECORD_FACTS_MAX;
    if (record->fact_count < room) {
        record->facts[record->fact_count] = *fact;
        record->facts[record->fact_count++].at_ns = schedule_now_ns(&machine.world.schedule);
    }
}

void entry_run(const struct world_spec *spec) {
    const bool observes = machine.record->request.observe != 0;
    machine.record->fact_count = 0;
    if (observes || machine.world.gates.observer != NULL) {
        gate_observe(&machine.world.gates, observes ? on_fact : NULL, machine.record);
    }
    if (machine.record->forks || machine.record->request.fork) {
        guard_child();
    }
    stream_block = 0;
    machine_run(spec);
    count_held();
    if (machine.record->verdict.kind != VERDICT_PASS) {
        standard_rest();
    }
}

void entry_reset(void) {
    hooks_map_reset();
    machine_reset();
}
