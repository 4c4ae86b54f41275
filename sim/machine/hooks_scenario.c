/* The functions of sim/scenario.h: declarations fill the description, the rest adds events. */
#include "sim/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/hook.h"

HOOK uint32_t sim_node(struct sim_world *world,
                       const char *name,
                       const char *program,
                       const char *const *arguments) {
    return description_node_add(hook_description(world), name, program, arguments);
}

HOOK void sim_node_daemon(struct sim_world *world, uint32_t node) {
    if (node >= 1 && node <= hook_description(world)->node_count) {
        hook_description(world)->nodes[node].daemon = true;
    } else {
        description_refuse(hook_description(world),
                           "node %u is to be a daemon and does not exist",
                           node);
    }
}

HOOK void sim_link_one_way(struct sim_world *world,
                           uint32_t from,
                           uint32_t to,
                           uint64_t latency_min_ns,
                           uint64_t latency_max_ns) {
    struct description *description = hook_description(world);
    struct description_link *link = description_link_add(description, from, to);
    if (link != NULL) {
        link->one_way = true;
        link->latency_min_ns = latency_min_ns;
        link->latency_max_ns = latency_max_ns;
    }
}

HOOK void sim_link(struct sim_world *world,
                   uint32_t from,
                   uint32_t to,
                   uint64_t latency_min_ns,
                   uint64_t latency_max_ns) {
    struct description *description = hook_description(world);
    const uint32_t before = description->link_count;
    sim_link_one_way(world, from, to, latency_min_ns, latency_max_ns);
    if (description->link_count > before) {
        description->links[before].one_way = false;
    }
}

static struct description_link *link_last(struct sim_world *world) {
    struct description *description = hook_description(world);
    return description->link_count == 0 ? description_link_add(description, SIM_ANY, SIM_ANY)
                                        : &description->links[description->link_count - 1];
}

HOOK void sim_link_loss(struct sim_world *world, uint32_t loss_ppm, uint32_t duplicate_ppm) {
    link_last(world)->loss_ppm = loss_ppm;
    link_last(world)->duplicate_ppm = duplicate_ppm;
}

HOOK void sim_link_bandwidth(struct sim_world *world, uint64_t bytes_per_second) {
    link_last(world)->bandwidth_bps = bytes_per_second;
}

HOOK void sim_link_queue(struct sim_world *world, uint64_t bytes) {
    link_last(world)->queue_bytes = bytes;
}

HOOK void sim_link_latency(struct sim_world *world,
                           uint32_t weight,
                           uint64_t least_ns,
                           uint64_t greatest_ns) {
    struct description_link *link = link_last(world);
    if (link == NULL || link->table_count == DESCRIPTION_LATENCIES_MAX) {
        description_refuse(hook_description(world),
                           "a link has at most %d rows of latencies",
                           DESCRIPTION_LATENCIES_MAX);
        return;
    }
    const bool is_first = link->table_count == 0;
    link->table[link->table_count++] = (struct description_latency){weight, least_ns, greatest_ns};
    link->latency_min_ns =
        is_first || least_ns < link->latency_min_ns ? least_ns : link->latency_min_ns;
    link->latency_max_ns =
        is_first || greatest_ns > link->latency_max_ns ? greatest_ns : link->latency_max_ns;
}

HOOK void sim_limit_time(struct sim_world *world, uint64_t time_ns) {
    hook_description(world)->time_max_ns = time_ns;
}

HOOK void sim_limit_points(struct sim_world *world, uint64_t points) {
    hook_description(world)->points_max = points;
}

HOOK void sim_limit_heap(struct sim_world *world, uint64_t bytes) {
    hook_description(world)->heap_max = bytes;
}

HOOK void sim_stack(struct sim_world *world, uint32_t bytes) {
    hook_description(world)->stack_size = bytes;
}

_Static_assert((int)SIM_CALLS == (int)LEVEL_CALLS, "the same order");
_Static_assert((int)SIM_ACCESSES == (int)LEVEL_ACCESSES, "and count");

HOOK void sim_points(struct sim_world *world, enum sim_points points) {
    struct description *description = hook_description(world);
    if (points < SIM_CALLS || points > SIM_ACCESSES) {
        description_refuse(description, "points are calls, atomics or accesses");
        return;
    }
    description->level = (uint32_t)points;
}

HOOK void sim_ignore_races(struct sim_world *world) {
    hook_description(world)->races = LEVEL_RACES_IGNORED;
}

HOOK void sim_allow_leaks(struct sim_world *world) {
    hook_description(world)->leaks = DESCRIPTION_LEAKS_ALLOWED;
}

HOOK void sim_forbid_leaks(struct sim_world *world) {
    hook_description(world)->leaks = DESCRIPTION_LEAKS_FORBIDDEN;
}

HOOK struct sim_bound sim_equal(int64_t value) {
    return (struct sim_bound){.comparison = DESCRIPTION_EQUAL, .value = value};
}

HOOK struct sim_bound sim_at_most(int64_t value) {
    return (struct sim_bound){.comparison = DESCRIPTION_AT_MOST, .value = value};
}

HOOK struct sim_bound sim_at_least(int64_t value) {
    return (struct sim_bound){.comparison = DESCRIPTION_AT_LEAST, .value = value};
}

HOOK struct sim_bound sim_at(uint32_t node, struct sim_bound bound) {
    bound.node = node;
    return bound;
}

HOOK struct sim_bound sim_times(uint32_t occasion, struct sim_bound bound) {
    bound.occasion = occasion;
    return bound;
}

HOOK struct sim_bound sim_before(uint32_t occasion, uint32_t other) {
    return (struct sim_bound){.comparison = DESCRIPTION_AT_LEAST,
                              .value = 1,
                              .occasion = occasion,
                              .before = other};
}

static void property_declare(struct sim_world *world,
                             enum description_property_kind kind,
                             const char *sentence,
                             const char *counter,
                             struct sim_bound bound) {
    struct description_property *property =
        description_property_add(hook_description(world), sentence);
    if (property != NULL) {
        property->kind = kind;
        property->comparison = (uint32_t)bound.comparison;
        property->value = bound.value;
        property->node = bound.node;
        property->occasion = bound.occasion;
        property->before = bound.before;
        snprintf(property->counter, sizeof property->counter, "%s", counter == NULL ? "" : counter);
        if (counter != NULL && strlen(counter) >= sizeof property->counter) {
            description_refuse(hook_description(world),
                               "the name of counter \"%s\" exceeds %zu characters",
                               counter,
                               sizeof property->counter - 1);
        }
    }
}

HOOK void sim_always(struct sim_world *world,
                     const char *sentence,
                     const char *counter,
                     struct sim_bound bound) {
    property_declare(world, DESCRIPTION_ALWAYS, sentence, counter, bound);
}

HOOK void sim_eventually(struct sim_world *world,
                         const char *sentence,
                         const char *counter,
                         struct sim_bound bound,
                         uint64_t within_ns) {
    struct description *description = hook_description(world);
    const uint32_t before = description->property_count;
    property_declare(world, DESCRIPTION_EVENTUALLY, sentence, counter, bound);
    if (description->property_count > before) {
        description->properties[before].within_ns = within_ns;
    }
}

HOOK void sim_after(struct sim_world *world, uint32_t occasion) {
    struct description *description = hook_description(world);
    const uint32_t count = description->property_count;
    if (count > 0 && description->properties[count - 1].kind == DESCRIPTION_EVENTUALLY) {
        description->properties[count - 1].after = occasion;
    } else {
        description_refuse(description, "what comes after an occasion is an `eventually`");
    }
}

HOOK void sim_finally(struct sim_world *world,
                      const char *sentence,
                      const char *counter,
                      struct sim_bound bound) {
    property_declare(world, DESCRIPTION_FINALLY, sentence, counter, bound);
}

HOOK void sim_sometimes(struct sim_world *world,
                        const char *sentence,
                        const char *counter,
                        struct sim_bound bound) {
    property_declare(world, DESCRIPTION_SOMETIMES, sentence, counter, bound);
}

HOOK void sim_mark(const char *name) {
    if (!hook_simulated()) {
        return;
    }
    hook_point(POINT_MARK, 0, false, HOOK_SITE);
    const int64_t number = label_number(name); /* so the object column stays free */
    label_mark(&machine.record->labels, hook_node(), number, name); /* the node may crash here */
    struct gates *gates = &machine.world.gates;
    if (gate_asked(gates)) {
        struct occasion fact = {.instant = OCCASION_MARK, .node = hook_node()};
        snprintf(fact.name, sizeof fact.name, "%s", name);
        gate_pass(gates, gate_match(gates, &fact));
    }
    schedule_progress(hook_schedule());
    schedule_event(hook_schedule(), POINT_MARK, 0, number, HOOK_SITE);
}

/* The verdict was set by what the running thread just did. */
static void end_here(const void *site) {
    struct schedule *schedule = hook_schedule();
    struct verdict *verdict = machine.world.verdict;
    verdict->thread = schedule_running(schedule)->id;
    verdict->node = hook_node();
    verdict->time_ns = schedule_now_ns(schedule);
    verdict->step = machine.world.trace->count;
    verdict->site = schedule_site(schedule, site);
    schedule_end(schedule);
}

/* The running thread stands before the count that makes a predicate true. While it does, others may
 * count: it may make another one true, and what has come is not called back. */
static void stand_before_count(const char *counter, int64_t delta) {
    struct gates *gates = &machine.world.gates;
    uint64_t occasions;
    do {
        occasions =
            gate_may_come(gates,
                          property_foresee(&machine.world.property, hook_node(), counter, delta));
        gate_pass(gates, occasions);
    } while (occasions != 0);
}

HOOK int64_t sim_count(const char *counter, int64_t delta) {
    if (!hook_simulated()) {
        return 0;
    }
    struct schedule *schedule = hook_schedule();
    if (schedule_names(schedule, OCCASION_HOLDS)) {
        stand_before_count(counter, delta);
    }
    schedule_progress(schedule);
    const int64_t value = property_count(&machine.world.property,
                                         hook_node(),
                                         counter,
                                         delta,
                                         schedule_now_ns(schedule));
    schedule_event(schedule, POINT_COUNT, 0, value, HOOK_SITE);
    if (machine.world.verdict->kind != VERDICT_NONE) {
        end_here(HOOK_SITE);
    }
    return value;
}

HOOK void sim_fail(const char *format, ...) {
    char message[VERDICT_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (hook_simulated()) {
        schedule_event(hook_schedule(), POINT_FAIL, 0, 0, HOOK_SITE);
        world_fail(&machine.world, VERDICT_ASSERTION, HOOK_SITE, "%s", message);
    }
    fprintf(stderr, "sim: sim_fail() outside of a run: %s\n", message);
    abort();
}

/* ---- histories ---- */

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours " is " #theirs)
SAME(SIM_REGISTER, MODEL_REGISTER);
SAME(SIM_MAP, MODEL_MAP);
SAME(SIM_QUEUE, MODEL_QUEUE);
SAME(SIM_LOCK, MODEL_LOCK);
SAME(SIM_READ, MODEL_READ);
SAME(SIM_WRITE, MODEL_WRITE);
SAME(SIM_COMPARE_AND_SET, MODEL_COMPARE_AND_SET);
SAME(SIM_GET, MODEL_GET);
SAME(SIM_PUT, MODEL_PUT);
SAME(SIM_DELETE, MODEL_DELETE);
SAME(SIM_PUSH, MODEL_PUSH);
SAME(SIM_POP, MODEL_POP);
SAME(SIM_ACQUIRE, MODEL_ACQUIRE);
SAME(SIM_TRY_ACQUIRE, MODEL_TRY_ACQUIRE);
SAME(SIM_RELEASE, MODEL_RELEASE);
SAME(SIM_DONE, MODEL_DONE);
SAME(SIM_REFUSED, MODEL_REFUSED);
SAME(SIM_FAILED, MODEL_FAILED);
SAME(SIM_UNKNOWN, MODEL_UNKNOWN);

HOOK void sim_linearizable(struct sim_world *world,
                           const char *sentence,
                           const char *object,
                           enum sim_model model) {
    description_history_add(hook_description(world), sentence, object, (uint32_t)model);
}

static struct history_place place_here(const void *site) {
    const struct schedule *schedule = hook_schedule();
    return (struct history_place){.thread = schedule_running(schedule)->id,
                                  .node = hook_node(),
                                  .time_ns = schedule_now_ns(schedule),
                                  .step = machine.world.trace->count,
                                  .site = site};
}

/* Events of an operation: the object is the number of its declaration. */
static void tell(enum point_kind kind, uint32_t object, int64_t number, const void *site) {
    schedule_event(hook_schedule(), kind, object + 1, number, site);
}

static void invoke(const char *name, int64_t key, const struct model_call *call, const void *site) {
    if (!hook_simulated()) {
        return;
    }
    struct history *history = &machine.world.history;
    const uint32_t object = history_find(history, name);
    if (object == history->description->history_count) {
        world_fail(&machine.world,
                   VERDICT_ASSERTION,
                   site,
                   "an operation on \"%s\", which sim_linearizable() does not declare",
                   name);
    }
    const struct history_place place = place_here(site);
    tell(POINT_INVOKE, object, call->operation, site);
    tell(POINT_INVOKE, object, key, site);
    tell(POINT_INVOKE, object, call->argument, site);
    if (call->operation == MODEL_COMPARE_AND_SET) {
        tell(POINT_INVOKE, object, call->expected, site);
    }
    if (!history_invoke(history, object, key, call, &place)) {
        end_here(site);
    }
}

HOOK void sim_invoke(const char *object, enum sim_operation operation, int64_t key, int64_t value) {
    const struct model_call call = {.operation = operation, .argument = value};
    invoke(object, key, &call, HOOK_SITE);
}

HOOK void sim_invoke_compare(const char *object, int64_t key, int64_t expected, int64_t value) {
    const struct model_call call = {.operation = MODEL_COMPARE_AND_SET,
                                    .argument = value,
                                    .expected = expected};
    invoke(object, key, &call, HOOK_SITE);
}

HOOK void sim_return(enum sim_outcome outcome, int64_t result) {
    if (!hook_simulated()) {
        return;
    }
    struct history *history = &machine.world.history;
    const uint32_t object = history_open(history, schedule_running(hook_schedule())->id);
    tell(POINT_RETURN, object, outcome, HOOK_SITE);
    tell(POINT_RETURN, object, result, HOOK_SITE);
    const struct history_place place = place_here(HOOK_SITE);
    if (!history_return(history, (enum model_outcome)outcome, result, &place)) {
        end_here(HOOK_SITE);
    }
}
