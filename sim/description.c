#include "sim/description.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sim/model.h"
#include "sim/panic.h"

#define TIME_MAX_NS UINT64_C(86400000000000) /* a day */
#define POINTS_MAX UINT64_C(200000000)
#define HEAP_MAX (UINT64_C(4) << 30)
#define STACK_SIZE (256u << 10)
#define LATENCY_MIN_NS 100000 /* a local network */
#define LATENCY_MAX_NS 1000000
#define QUEUE_MAX (UINT64_C(16) << 30)
#define STACK_MIN 16384u         /* as PTHREAD_STACK_MIN */
#define STACK_MAX (1u << 30)     /* 65536 of them still fit an address space */
#define HEAP_MIN UINT64_C(65536) /* what a program needs before it begins */

const struct description_link description_link_default = {
    .latency_min_ns = LATENCY_MIN_NS,
    .latency_max_ns = LATENCY_MAX_NS,
};

enum level description_level(const struct description *description, uint32_t level) {
    return level != LEVEL_DEFAULT ? (enum level)level : (enum level)description->level;
}

bool description_finds_races(const struct description *description,
                             uint32_t level,
                             uint32_t races) {
    const uint32_t which = races != LEVEL_RACES_DEFAULT ? races : description->races;
    return description_level(description, level) > LEVEL_CALLS && which != LEVEL_RACES_IGNORED;
}

bool description_is_weak(const struct description *description, uint32_t level, uint32_t memory) {
    return description_level(description, level) > LEVEL_CALLS && memory == LEVEL_MEMORY_C11;
}

void description_refuse(struct description *description, const char *format, ...) {
    if (description->error[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(description->error, sizeof description->error, format, arguments);
    va_end(arguments);
}

static bool copy_name(struct description *description, char *to, size_t size, const char *from) {
    const size_t length = from == NULL ? 0 : strlen(from);
    if (length == 0 || length >= size) {
        description_refuse(description,
                           "\"%s\" must have 1 to %zu characters",
                           from == NULL ? "" : from,
                           size - 1);
        return false;
    }
    memcpy(to, from, length + 1);
    return true;
}

void description_init(struct description *description, const char *name) {
    memset(description, 0, offsetof(struct description, nodes));
    description->demanded.occasion_count = description->demanded.count = 0;
    description->error[0] = description->file[0] = description->expected[0] = '\0';
    snprintf(description->name, sizeof description->name, "%s", name);
    description->time_max_ns = TIME_MAX_NS;
    description->points_max = POINTS_MAX;
    description->heap_max = HEAP_MAX;
    description->stack_size = STACK_SIZE;
}

uint32_t description_module_add(struct description *description, const char *path) {
    for (uint32_t i = 1; i <= description->module_count; i++) {
        if (strcmp(description->modules[i], path) == 0) {
            return i;
        }
    }
    if (description->module_count == DESCRIPTION_MODULES_MAX) {
        description_refuse(description, "more than %d modules", DESCRIPTION_MODULES_MAX);
        return 0;
    }
    char *const to = description->modules[description->module_count + 1];
    if (!copy_name(description, to, DESCRIPTION_PATH_SIZE, path)) {
        return 0;
    }
    return ++description->module_count;
}

static bool copy_arguments(struct description *description,
                           struct description_node *node,
                           const char *const *arguments) {
    node->argument_first = description->text_used;
    for (; arguments != NULL && *arguments != NULL; arguments++) {
        const size_t size = strlen(*arguments) + 1;
        if (size > DESCRIPTION_TEXT_SIZE - description->text_used) {
            description_refuse(description,
                               "the arguments of all nodes exceed %d bytes",
                               DESCRIPTION_TEXT_SIZE);
            return false;
        }
        memcpy(description->text + description->text_used, *arguments, size);
        description->text_used += (uint32_t)size;
        node->argument_count++;
    }
    return true;
}

uint32_t description_node_add(struct description *description,
                              const char *name,
                              const char *program,
                              const char *const *arguments) {
    if (description->node_count == DESCRIPTION_NODES_MAX) {
        description_refuse(description, "more than %d nodes", DESCRIPTION_NODES_MAX);
        return 0;
    }
    if (name != NULL && description_node_find(description, name) != 0) {
        description_refuse(description, "two nodes are called \"%s\"", name);
        return 0;
    }
    const uint32_t text_used = description->text_used;
    const uint32_t index = description->node_count + 1;
    struct description_node *node = &description->nodes[index];
    *node = (struct description_node){.address = 0x0a000000u + index,
                                      .restless = description->has_core};
    if (!copy_name(description, node->name, sizeof node->name, name) ||
        !copy_name(description, node->program, sizeof node->program, program) ||
        !copy_arguments(description, node, arguments)) {
        description->text_used = text_used;
        return 0;
    }
    description->node_count = index;
    return index;
}

struct description_link *
description_link_add(struct description *description, uint32_t from, uint32_t to) {
    if (description->link_count == DESCRIPTION_LINKS_MAX) {
        description_refuse(description, "more than %d links", DESCRIPTION_LINKS_MAX);
        return NULL;
    }
    if (from > description->node_count || to > description->node_count) {
        description_refuse(description,
                           "a link names node %u, which does not exist",
                           from > to ? from : to);
        return NULL;
    }
    struct description_link *link = &description->links[description->link_count++];
    *link = description_link_default;
    link->from = from;
    link->to = to;
    return link;
}

struct description_fault *description_fault_add(struct description *description) {
    if (description->fault_count == DESCRIPTION_FAULTS_MAX) {
        description_refuse(description, "more than %d faults", DESCRIPTION_FAULTS_MAX);
        return NULL;
    }
    struct description_fault *fault = &description->faults[description->fault_count++];
    *fault = (struct description_fault){0};
    return fault;
}

const char *description_fault_word(enum description_fault_kind kind) {
    static const char *const words[DESCRIPTION_FAULT_KIND_COUNT] = {
        [DESCRIPTION_PARTITION] = "partition",
        [DESCRIPTION_RESET] = "reset",
        [DESCRIPTION_JUMP] = "jump",
        [DESCRIPTION_CRASH] = "crash",
        [DESCRIPTION_PAUSE] = "pause",
        [DESCRIPTION_FAILURE] = "call that fails",
        [DESCRIPTION_CLOG] = "clog",
        [DESCRIPTION_REFUSAL] = "refusal",
        [DESCRIPTION_CALM] = "calm",
    };
    return words[kind];
}

bool description_calmed(const struct description *description, uint32_t from, uint32_t to) {
    return !description->nodes[from].restless && !description->nodes[to].restless;
}

bool description_fault_obstructs(const struct description_fault *fault) {
    return fault->kind == DESCRIPTION_PARTITION || fault->kind == DESCRIPTION_CLOG ||
           fault->kind == DESCRIPTION_REFUSAL;
}

bool description_fault_lasts(const struct description_fault *fault) {
    return description_fault_obstructs(fault) || fault->kind == DESCRIPTION_CRASH ||
           fault->kind == DESCRIPTION_PAUSE;
}

struct description_property *description_property_add(struct description *description,
                                                      const char *sentence) {
    if (description->property_count == DESCRIPTION_PROPERTIES_MAX) {
        description_refuse(description, "more than %d properties", DESCRIPTION_PROPERTIES_MAX);
        return NULL;
    }
    struct description_property *property = &description->properties[description->property_count];
    *property = (struct description_property){0};
    if (!copy_name(description, property->sentence, sizeof property->sentence, sentence)) {
        return NULL;
    }
    description->property_count++;
    return property;
}

struct description_history *description_history_add(struct description *description,
                                                    const char *sentence,
                                                    const char *object,
                                                    uint32_t model) {
    if (description->history_count == DESCRIPTION_HISTORIES_MAX) {
        description_refuse(description, "more than %d histories", DESCRIPTION_HISTORIES_MAX);
        return NULL;
    }
    struct description_history *history = &description->histories[description->history_count];
    if (!copy_name(description, history->sentence, sizeof history->sentence, sentence) ||
        !copy_name(description, history->object, sizeof history->object, object)) {
        return NULL;
    }
    if (model == 0 || model >= MODEL_KIND_COUNT) {
        description_refuse(description,
                           "\"%s\" follows model %u, which does not exist",
                           object,
                           model);
        return NULL;
    }
    for (uint32_t i = 0; i < description->history_count; i++) {
        if (strcmp(description->histories[i].object, object) == 0) {
            description_refuse(description, "\"%s\" is said twice to be linearizable", object);
            return NULL;
        }
    }
    history->model = model;
    description->history_count++;
    return history;
}

static bool link_covers(const struct description_link *link, uint32_t from, uint32_t to) {
    return (link->from == 0 || link->from == from) && (link->to == 0 || link->to == to);
}

const struct description_link *
description_link_find(const struct description *description, uint32_t from, uint32_t to) {
    for (uint32_t i = description->link_count; i > 0; i--) {
        const struct description_link *link = &description->links[i - 1];
        if (link_covers(link, from, to) || (!link->one_way && link_covers(link, to, from))) {
            return link;
        }
    }
    return &description_link_default;
}

uint32_t description_node_find(const struct description *description, const char *name) {
    for (uint32_t i = 1; i <= description->node_count; i++) {
        if (strcmp(description->nodes[i].name, name) == 0) {
            return i;
        }
    }
    return 0;
}

const char *description_argument(const struct description *description, uint32_t node, uint32_t n) {
    ASSERT(node >= 1 && node <= description->node_count);
    ASSERT(n < description->nodes[node].argument_count);
    const char *argument = description->text + description->nodes[node].argument_first;
    while (n-- > 0) {
        argument += strlen(argument) + 1;
    }
    return argument;
}

static bool holds_at_zero(const struct description_property *property) {
    return (property->value == 0 && property->comparison == DESCRIPTION_EQUAL) ||
           (property->value >= 0 && property->comparison == DESCRIPTION_AT_MOST) ||
           (property->value <= 0 && property->comparison == DESCRIPTION_AT_LEAST);
}

/* A `sometimes` is told by its sentence, and says nothing when it holds
 * before anything happened. */
static void check_sometimes(struct description *description, uint32_t index) {
    const struct description_property *property = &description->properties[index];
    if (holds_at_zero(property)) {
        description_refuse(description,
                           "\"%s\" holds sometimes, and it holds before anything happened",
                           property->sentence);
    }
    for (uint32_t i = 0; i < index; i++) {
        if (description->properties[i].kind == DESCRIPTION_SOMETIMES &&
            strcmp(description->properties[i].sentence, property->sentence) == 0) {
            description_refuse(description,
                               "\"%s\" is said twice to hold sometimes",
                               property->sentence);
        }
    }
}

static void check_property(struct description *description, uint32_t index) {
    const struct description_property *property = &description->properties[index];
    if (property->comparison < DESCRIPTION_EQUAL || property->comparison > DESCRIPTION_AT_LEAST) {
        description_refuse(description,
                           "\"%s\" has a bound that is none: take it from sim_equal(), "
                           "sim_at_most() or sim_at_least()",
                           property->sentence);
    } else if (property->node > description->node_count) {
        description_refuse(description,
                           "\"%s\" names node %u, which does not exist",
                           property->sentence,
                           property->node);
    } else if (property->occasion > description->demanded.occasion_count ||
               property->before > description->demanded.occasion_count ||
               property->after > description->demanded.occasion_count) {
        description_refuse(description,
                           "\"%s\" is about an occasion that does not exist",
                           property->sentence);
    } else if (property->counter[0] == '\0' && property->occasion == 0) {
        description_refuse(description, "\"%s\" names no counter", property->sentence);
    } else if (property->kind == DESCRIPTION_SOMETIMES) {
        check_sometimes(description, index);
    } else if (property->kind == DESCRIPTION_ALWAYS && !holds_at_zero(property)) {
        description_refuse(description,
                           "\"%s\" holds always, and it does not hold before anything happened, "
                           "when %s is 0; `finally` judges the end alone",
                           property->sentence,
                           property->occasion == 0 ? property->counter : "it came so often");
    }
}

static void check_latencies(struct description *description, const struct description_link *link) {
    for (uint32_t i = 0; i < link->table_count; i++) {
        const struct description_latency *row = &link->table[i];
        if (row->least_ns > row->greatest_ns) {
            description_refuse(description, "a link's least latency exceeds its greatest");
        } else if (row->weight == 0 || row->weight > DESCRIPTION_PPM) {
            description_refuse(description,
                               "a row of a link's latencies has a weight of 1 to 1000000");
        } else if (i > 0 && row->least_ns < link->table[i - 1].least_ns) {
            description_refuse(description,
                               "a link's latencies stand in order, the least one first");
        }
    }
}

static void check_link(struct description *description, const struct description_link *link) {
    check_latencies(description, link);
    if (link->latency_min_ns > link->latency_max_ns) {
        description_refuse(description, "a link's least latency exceeds its greatest");
    }
    if (link->queue_bytes > QUEUE_MAX) {
        description_refuse(description, "a link's queue has at most 16 GB");
    }
    if (link->queue_bytes != 0 && link->bandwidth_bps == 0) {
        description_refuse(description, "a link with a queue has a bandwidth that it waits for");
    }
    if (link->loss_ppm > DESCRIPTION_PPM || link->duplicate_ppm > DESCRIPTION_PPM) {
        description_refuse(description,
                           "a link loses %u and doubles %u parts per million; more than a million "
                           "cannot be",
                           link->loss_ppm,
                           link->duplicate_ppm);
    }
}

/* A fault of calls says by exactly one thing which of them. */
static void check_failure(struct description *description, const struct description_fault *fault) {
    const int ways = (fault->chance_ppm != 0) + (fault->nth != 0) +
                     (fault->at_ns != 0 || fault->at_max_ns != 0 || fault->begins_on != 0);
    if (fault->from > description->node_count) {
        description_refuse(description,
                           "a call that fails is of node %u, which does not exist",
                           fault->from);
    } else if (ways != 1) {
        description_refuse(description,
                           "a call fails by its chance, the n-th time, or the first time after a "
                           "time or an occasion: one of these");
    } else if (fault->chance_ppm > DESCRIPTION_PPM) {
        description_refuse(description, "a call fails with a chance of more than all");
    }
}

/* When it comes, and for how long. */
static void check_time(struct description *description,
                       const struct description_fault *fault,
                       const char *what) {
    const bool lasts = fault->lasts_ns != 0 || fault->lasts_max_ns != 0;
    const uint64_t begins_ns = fault->at_max_ns != 0 ? fault->at_max_ns : fault->at_ns;
    if (fault->begins_on != 0 && fault->at_max_ns != 0) {
        description_refuse(
            description,
            "a %s comes on an occasion or at a time that is left to the seed, not both",
            what);
    } else if (description_fault_obstructs(fault) && !lasts && fault->until_ns <= begins_ns) {
        description_refuse(description, "a %s ends before it begins", what);
    }
}

static void check_fault(struct description *description, const struct description_fault *fault) {
    const int64_t by_max = (int64_t)DESCRIPTION_OFFSET_MAX_NS;
    const char *what = description_fault_word(fault->kind);
    const bool of_node = fault->kind == DESCRIPTION_CRASH || fault->kind == DESCRIPTION_PAUSE;
    const uint32_t last = fault->from > fault->to ? fault->from : fault->to;
    if (fault->kind == DESCRIPTION_FAILURE) {
        check_failure(description, fault);
        check_time(description, fault, what);
        return;
    }
    if (of_node && fault->from == 0) {
        description_refuse(description, "a %s is of one node, not of any", what);
    } else if (fault->kind == DESCRIPTION_PAUSE && fault->heals_on == 0 &&
               (fault->lasts_ns == UINT64_MAX ||
                (fault->lasts_ns == 0 && fault->lasts_max_ns == 0))) {
        description_refuse(description, "a pause lasts for some time; what stays away crashes");
    } else if (fault->files > DESCRIPTION_FILES_TORN) {
        description_refuse(description, "a crash leaves files kept, synced or torn");
    } else if (last > description->node_count) {
        description_refuse(description, "a %s names node %u, which does not exist", what, last);
    } else if (fault->kind == DESCRIPTION_JUMP &&
               (fault->by_ns == 0 || fault->by_ns < -by_max || fault->by_ns > by_max)) {
        description_refuse(description, "a clock jumps by 1 ns to 47 years, forth or back");
    }
    check_time(description, fault, what);
}

static void check_clock(struct description *description, const struct description_node *node) {
    const struct description_clock *clock = &node->clock;
    const int64_t offset_max = (int64_t)DESCRIPTION_OFFSET_MAX_NS;
    if (clock->drift_ppm[0] > clock->drift_ppm[1] || clock->offset_ns[0] > clock->offset_ns[1]) {
        description_refuse(description,
                           "the least %s of %s's clock exceeds the greatest",
                           clock->drift_ppm[0] > clock->drift_ppm[1] ? "drift" : "offset",
                           node->name);
    } else if (clock->drift_ppm[0] < -DESCRIPTION_DRIFT_MAX ||
               clock->drift_ppm[1] > DESCRIPTION_DRIFT_MAX) {
        description_refuse(description,
                           "the clock of %s drifts by more than %d ppm",
                           node->name,
                           DESCRIPTION_DRIFT_MAX);
    } else if (clock->offset_ns[0] < -offset_max || clock->offset_ns[1] > offset_max) {
        description_refuse(description,
                           "the clock of %s is wrong by more than 47 years",
                           node->name);
    } else if (clock->tick_ns > DESCRIPTION_TICK_MAX_NS) {
        description_refuse(description,
                           "the clock of %s ticks less than once a second",
                           node->name);
    }
}

static void check_limits(struct description *description) {
    if (description->time_max_ns == 0 || description->points_max == 0) {
        description_refuse(description,
                           "a limit of no %s ends every run before it begins",
                           description->time_max_ns == 0 ? "time" : "points");
    } else if (description->heap_max < HEAP_MIN) {
        description_refuse(description, "a heap has %u bytes at least", (unsigned)HEAP_MIN);
    } else if (description->stack_size < STACK_MIN || description->stack_size > STACK_MAX) {
        description_refuse(description,
                           "a stack has %u to %u bytes, not %u",
                           STACK_MIN,
                           STACK_MAX,
                           description->stack_size);
    }
}

bool description_check_parts(struct description *description) {
    for (uint32_t i = 0; i < description->property_count; i++) {
        check_property(description, i);
    }
    for (uint32_t i = 0; i < description->link_count; i++) {
        check_link(description, &description->links[i]);
    }
    for (uint32_t i = 0; i < description->fault_count; i++) {
        check_fault(description, &description->faults[i]);
    }
    for (uint32_t i = 1; i <= description->node_count; i++) {
        check_clock(description, &description->nodes[i]);
    }
    check_limits(description);
    return description->error[0] == '\0';
}

bool description_check(struct description *description) {
    uint32_t lasting = 0;
    description_check_parts(description);
    for (uint32_t i = 1; i <= description->node_count; i++) {
        lasting += description->nodes[i].daemon ? 0 : 1;
    }
    if (description->node_count == 0) {
        description_refuse(description, "the scenario has no node");
    } else if (lasting == 0) {
        description_refuse(description, "every node is a daemon, so the run would never end");
    }
    return description->error[0] == '\0';
}
