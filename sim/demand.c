#include "sim/demand.h"

#include <stdio.h>
#include <string.h>

#include "sim/mishap.h"
#include "sim/panic.h"

static bool same_occasion(const struct occasion *a, const struct occasion *b) {
    return a->instant == b->instant && a->node == b->node && a->peer == b->peer &&
           a->call == b->call && a->nth == b->nth && a->at_ns == b->at_ns &&
           a->comparison == b->comparison && a->value == b->value && strcmp(a->name, b->name) == 0;
}

uint32_t demand_occasion(struct description *description, const struct occasion *occasion) {
    for (uint32_t i = 0; i < description->demanded.occasion_count; i++) {
        if (same_occasion(&description->demanded.occasions[i], occasion)) {
            return i;
        }
    }
    if (occasion->node > description->node_count || occasion->peer > description->node_count) {
        description_refuse(description, "an occasion names a node that does not exist");
        return OCCASION_NONE;
    }
    if (description->demanded.occasion_count == OCCASIONS_MAX) {
        description_refuse(description, "more than %d occasions", OCCASIONS_MAX);
        return OCCASION_NONE;
    }
    description->demanded.occasions[description->demanded.occasion_count] = *occasion;
    return description->demanded.occasion_count++;
}

static const struct {
    const char *word;
    uint32_t count_min, count_max;
    uint32_t free; /* a bit for each that nobody is held before */
} constraint_kinds[] = {
    [CONSTRAINT_ORDER] = {"order", 2, CONSTRAINT_OCCASIONS_MAX, 1},
    [CONSTRAINT_HOLD] = {"hold", 2, 2, 2},
    [CONSTRAINT_NEVER] = {"never_between", 3, 3, 3},
    [CONSTRAINT_RACE] = {"race", 2, 2, 0},
};

struct constraint *demand_constraint(struct description *description,
                                     enum constraint_kind kind,
                                     const uint32_t *occasions,
                                     uint32_t count) {
    const char *word = constraint_kinds[kind].word;
    if (description->demanded.count == CONSTRAINTS_MAX) {
        description_refuse(description, "more than %d constraints", CONSTRAINTS_MAX);
        return NULL;
    }
    if (count < constraint_kinds[kind].count_min || count > constraint_kinds[kind].count_max) {
        description_refuse(description,
                           "%s() is about %u to %u occasions, not %u",
                           word,
                           constraint_kinds[kind].count_min,
                           constraint_kinds[kind].count_max,
                           count);
        return NULL;
    }
    struct constraint *constraint = &description->demanded.all[description->demanded.count];
    *constraint = (struct constraint){.kind = (uint32_t)kind, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        if (occasions[i] >= description->demanded.occasion_count) {
            description_refuse(description, "%s() names an occasion that was refused", word);
            return NULL;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (occasions[j] == occasions[i]) {
                description_refuse(description, "%s() names the same occasion twice", word);
                return NULL;
            }
        }
        const bool free = (constraint_kinds[kind].free >> i & 1) != 0;
        const char *why = occasion_not_held(&description->demanded.occasions[occasions[i]]);
        if (!free && why != NULL) {
            description_refuse(description, "%s() cannot hold %s", word, why);
            return NULL;
        }
        constraint->occasions[i] = occasions[i];
    }
    description->demanded.count++;
    return constraint;
}

static const char *node_name(const struct description *description, uint32_t node) {
    return node == 0 ? NULL : description->nodes[node].name;
}

/* Appends an occasion; `used` may be more than there is room for. */
static size_t print_occasion(const struct description *description,
                             uint32_t index,
                             char *text,
                             size_t size,
                             size_t used) {
    const struct occasion *occasion = &description->demanded.occasions[index];
    return used >= size ? used
                        : used + occasion_print(occasion,
                                                node_name(description, occasion->node),
                                                node_name(description, occasion->peer),
                                                text + used,
                                                size - used);
}

void demand_print(const struct description *description, uint32_t index, char *text, size_t size) {
    const struct constraint *constraint = &description->demanded.all[index];
    size_t used = (size_t)snprintf(text, size, "%s(", constraint_kinds[constraint->kind].word);
    for (uint32_t i = 0; i < constraint->count; i++) {
        used = print_occasion(description, constraint->occasions[i], text, size, used);
        if (used < size) {
            const char *after = i + 1 < constraint->count ? ", " : ")";
            used += (size_t)snprintf(text + used, size - used, "%s", after);
        }
    }
}

bool demand_fault_told(const struct description *description, uint32_t index) {
    const struct description_fault *fault = &description->faults[index];
    return fault->begins_on != 0 || fault->at_max_ns != 0 || fault->kind == DESCRIPTION_CRASH ||
           fault->kind == DESCRIPTION_PAUSE || fault->kind == DESCRIPTION_FAILURE;
}

size_t
demand_fault_name(const struct description *description, uint32_t index, char *text, size_t size) {
    const struct description_fault *fault = &description->faults[index];
    const enum mishap_call call = (enum mishap_call)fault->call;
    const char *word = description_fault_word(fault->kind);
    const char *any = "any node";
    const char *from = fault->from == 0 ? any : node_name(description, fault->from);
    const char *to = fault->to == 0 ? any : node_name(description, fault->to);
    if (fault->kind == DESCRIPTION_PARTITION || fault->kind == DESCRIPTION_RESET ||
        fault->kind == DESCRIPTION_CLOG) {
        return (size_t)snprintf(text, size, "%s of %s and %s", word, from, to);
    }
    if (fault->kind == DESCRIPTION_CALM) {
        return (size_t)snprintf(text, size, "%s", word);
    }
    if (fault->kind != DESCRIPTION_FAILURE) {
        return (size_t)snprintf(text, size, "%s of %s", word, from);
    }
    return fault->error == 0
               ? (size_t)snprintf(text, size, "short %s() of %s", mishap_word(call), from)
               : (size_t)snprintf(text,
                                  size,
                                  "%s of %s() of %s",
                                  mishap_error_name(call, fault->error),
                                  mishap_word(call),
                                  from);
}

/* " when ...", " at time 5 ms", " between time 1 ms and time 9 ms". */
static void print_when(const struct description *description,
                       const struct description_fault *fault,
                       char *text,
                       size_t size,
                       size_t used) {
    const uint64_t times[] = {fault->at_ns, fault->at_max_ns};
    const bool drawn = fault->at_max_ns != 0;
    if (fault->begins_on != 0) {
        const struct occasion *on = &description->demanded.occasions[fault->begins_on - 1];
        const char *before = on->instant == OCCASION_TIME ? " at " : " when ";
        used += used < size ? (size_t)snprintf(text + used, size - used, "%s", before) : 0;
        print_occasion(description, fault->begins_on - 1, text, size, used);
        return;
    }
    for (unsigned i = 0; i < (drawn ? 2u : 1u) && used < size; i++) {
        const struct occasion time = {.instant = OCCASION_TIME, .at_ns = times[i]};
        const char *before = i == 1 ? " and " : drawn ? " between " : " at ";
        used += (size_t)snprintf(text + used, size - used, "%s", before);
        if (used < size) {
            used += occasion_print(&time, NULL, NULL, text + used, size - used);
        }
    }
}

void demand_fault_print(const struct description *description,
                        uint32_t index,
                        char *text,
                        size_t size) {
    const struct description_fault *fault = &description->faults[index];
    const size_t used = demand_fault_name(description, index, text, size);
    if (fault->kind != DESCRIPTION_FAILURE || fault->begins_on != 0 || fault->at_max_ns != 0) {
        print_when(description, fault, text, size, used);
    }
}

void demand_after_print(const struct description *description,
                        uint32_t property,
                        char *text,
                        size_t size) {
    const struct description_property *of = &description->properties[property];
    const size_t used = (size_t)snprintf(text, size, "%s, after ", of->sentence);
    print_occasion(description, of->after - 1, text, size, used);
}
