#include "sim/description.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

#define TIME_MAX_NS UINT64_C(86400000000000) /* a day */
#define POINTS_MAX UINT64_C(200000000)
#define HEAP_MAX (UINT64_C(4) << 30)
#define STACK_SIZE (256u << 10)
#define LATENCY_MIN_NS 100000 /* a local network */
#define LATENCY_MAX_NS 1000000

static const struct description_link link_default = {
    .latency_min_ns = LATENCY_MIN_NS,
    .latency_max_ns = LATENCY_MAX_NS,
};

static void refuse(struct description *description, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void refuse(struct description *description, const char *format, ...) {
    if (description->error[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(description->error, sizeof description->error, format, arguments);
    va_end(arguments);
}

static bool copy_name(struct description *description, char *to, size_t size, const char *from) {
    const size_t length = strlen(from);
    if (length == 0 || length >= size) {
        refuse(description, "\"%s\" must have 1 to %zu characters", from, size - 1);
        return false;
    }
    memcpy(to, from, length + 1);
    return true;
}

void description_init(struct description *description, const char *name) {
    memset(description, 0, offsetof(struct description, nodes));
    description->error[0] = '\0';
    snprintf(description->name, sizeof description->name, "%s", name);
    description->time_max_ns = TIME_MAX_NS;
    description->points_max = POINTS_MAX;
    description->heap_max = HEAP_MAX;
    description->stack_size = STACK_SIZE;
}

static bool copy_arguments(struct description *description,
                           struct description_node *node,
                           const char *const *arguments) {
    node->argument_first = description->text_used;
    for (; arguments != NULL && *arguments != NULL; arguments++) {
        const size_t size = strlen(*arguments) + 1;
        if (size > DESCRIPTION_TEXT_SIZE - description->text_used) {
            refuse(description,
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
        refuse(description, "more than %d nodes", DESCRIPTION_NODES_MAX);
        return 0;
    }
    if (description_node_find(description, name) != 0) {
        refuse(description, "two nodes are called \"%s\"", name);
        return 0;
    }
    const uint32_t text_used = description->text_used;
    const uint32_t index = description->node_count + 1;
    struct description_node *node = &description->nodes[index];
    *node = (struct description_node){.address = 0x0a000000u + index};
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
        refuse(description, "more than %d links", DESCRIPTION_LINKS_MAX);
        return NULL;
    }
    if (from > description->node_count || to > description->node_count) {
        refuse(description, "a link names node %u, which does not exist", from > to ? from : to);
        return NULL;
    }
    struct description_link *link = &description->links[description->link_count++];
    *link = link_default;
    link->from = from;
    link->to = to;
    return link;
}

struct description_fault *description_fault_add(struct description *description) {
    if (description->fault_count == DESCRIPTION_FAULTS_MAX) {
        refuse(description, "more than %d faults", DESCRIPTION_FAULTS_MAX);
        return NULL;
    }
    struct description_fault *fault = &description->faults[description->fault_count++];
    *fault = (struct description_fault){0};
    return fault;
}

struct description_property *description_property_add(struct description *description,
                                                      const char *sentence) {
    if (description->property_count == DESCRIPTION_PROPERTIES_MAX) {
        refuse(description, "more than %d properties", DESCRIPTION_PROPERTIES_MAX);
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
    return &link_default;
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

/* A `sometimes` is told by its sentence, and says nothing when
 * it holds before anything happened. */
static void check_sometimes(struct description *description, uint32_t index) {
    const struct description_property *property = &description->properties[index];
    const bool at_zero = (property->value == 0 && property->comparison == DESCRIPTION_EQUAL) ||
                         (property->value >= 0 && property->comparison == DESCRIPTION_AT_MOST) ||
                         (property->value <= 0 && property->comparison == DESCRIPTION_AT_LEAST);
    if (at_zero) {
        refuse(description,
               "\"%s\" holds sometimes, and it holds before anything happened",
               property->sentence);
    }
    for (uint32_t i = 0; i < index; i++) {
        if (description->properties[i].kind == DESCRIPTION_SOMETIMES &&
            strcmp(description->properties[i].sentence, property->sentence) == 0) {
            refuse(description, "\"%s\" is said twice to hold sometimes", property->sentence);
        }
    }
}

bool description_check(struct description *description) {
    for (uint32_t i = 0; i < description->property_count; i++) {
        if (description->properties[i].kind == DESCRIPTION_SOMETIMES) {
            check_sometimes(description, i);
        }
    }
    uint32_t lasting = 0;
    for (uint32_t i = 1; i <= description->node_count; i++) {
        lasting += description->nodes[i].daemon ? 0 : 1;
    }
    if (description->node_count == 0) {
        refuse(description, "the scenario has no node; add one with sim_node()");
    } else if (lasting == 0) {
        refuse(description, "every node is a daemon, so the run would never end");
    }
    return description->error[0] == '\0';
}
