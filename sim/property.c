#include "sim/property.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"
#include "sim/random.h"

static void judge(struct property *property, uint32_t index, uint64_t now_ns);

static int64_t cut(property_sum sum) {
    return sum > INT64_MAX ? INT64_MAX : sum < INT64_MIN ? INT64_MIN : (int64_t)sum;
}

static bool compares(uint32_t comparison, int64_t value, int64_t bound) {
    switch ((enum description_comparison)comparison) {
    case DESCRIPTION_EQUAL:
        return value == bound;
    case DESCRIPTION_AT_MOST:
        return value <= bound;
    case DESCRIPTION_AT_LEAST:
        return value >= bound;
    }
    UNREACHABLE();
}

void property_begin(struct property *property,
                    const struct description *description,
                    struct verdict *verdict,
                    uint64_t now_ns) {
    property->description = description;
    property->verdict = verdict;
    for (uint32_t i = 0; i < property->counter_count; i++) {
        property->slots[property->counters[i].slot] = 0;
    }
    property->counter_count = 0;
    property->came = 0;
    property->awaited = false;
    for (uint32_t i = 0; i < description->demanded.occasion_count; i++) {
        property->awaited_sums[i] = 0;
        property->awaited |= description->demanded.occasions[i].instant == OCCASION_HOLDS;
    }
    for (uint32_t i = 0; i < description->property_count; i++) {
        property->held[i] = false;
        property->counted[i] = false;
        property->times[i] = 0;
        property->sums[i] = 0;
        property->since_ns[i] = now_ns;
        judge(property, i, now_ns);
    }
}

/* Where this counter is or is to be. */
static uint32_t slot_of(const struct property *property, uint32_t node, const char *name) {
    uint64_t hash = node;
    for (const char *letter = name; *letter != '\0'; letter++) {
        hash = hash * 31 + (unsigned char)*letter;
    }
    uint32_t slot = (uint32_t)(random_mix(hash, 0) % PROPERTY_SLOTS);
    while (property->slots[slot] != 0) {
        const struct property_counter *counter = &property->counters[property->slots[slot] - 1];
        if (counter->node == node && strcmp(counter->name, name) == 0) {
            break;
        }
        slot = (slot + 1) % PROPERTY_SLOTS;
    }
    return slot;
}

static struct property_counter *
counter_of(struct property *property, uint32_t node, const char *name) {
    const uint32_t slot = slot_of(property, node, name);
    if (property->slots[slot] != 0) {
        return &property->counters[property->slots[slot] - 1];
    }
    if (strlen(name) >= DESCRIPTION_NAME_SIZE) {
        verdict_set(property->verdict,
                    VERDICT_LIMIT,
                    "the name of counter \"%s\" exceeds %d characters",
                    name,
                    DESCRIPTION_NAME_SIZE - 1);
        return NULL;
    }
    if (property->counter_count == PROPERTY_COUNTERS_MAX) {
        verdict_set(property->verdict,
                    VERDICT_LIMIT,
                    "more than %d counters",
                    PROPERTY_COUNTERS_MAX);
        return NULL;
    }
    struct property_counter *counter = &property->counters[property->counter_count++];
    snprintf(counter->name, sizeof counter->name, "%s", name);
    counter->node = node;
    counter->slot = slot;
    counter->value = 0;
    property->slots[slot] = (uint16_t)property->counter_count;
    return counter;
}

static bool is_about(const struct occasion *occasion, uint32_t node, const char *name) {
    return occasion->instant == OCCASION_HOLDS && (occasion->node == 0 || occasion->node == node) &&
           strcmp(occasion->name, name) == 0;
}

uint64_t
property_foresee(const struct property *property, uint32_t node, const char *name, int64_t delta) {
    const struct constraints *demanded = &property->description->demanded;
    uint64_t occasions = 0;
    for (uint32_t i = 0; i < demanded->occasion_count && property->awaited; i++) {
        const struct occasion *occasion = &demanded->occasions[i];
        if (is_about(occasion, node, name)) {
            const int64_t value = cut(property->awaited_sums[i] + delta);
            occasions |= (uint64_t)compares(occasion->comparison, value, occasion->value) << i;
        }
    }
    return occasions;
}

static void
awaited_count(struct property *property, uint32_t node, const char *name, int64_t delta) {
    const struct constraints *demanded = &property->description->demanded;
    for (uint32_t i = 0; i < demanded->occasion_count; i++) {
        property->awaited_sums[i] += is_about(&demanded->occasions[i], node, name) ? delta : 0;
    }
}

int64_t property_count(struct property *property,
                       uint32_t node,
                       const char *name,
                       int64_t delta,
                       uint64_t now_ns) {
    struct property_counter *counter = counter_of(property, node, name);
    if (counter == NULL) {
        return 0;
    }
    if (__builtin_add_overflow(counter->value, delta, &counter->value)) {
        verdict_set(property->verdict, VERDICT_LIMIT, "counter \"%s\" overflows", name);
        return 0;
    }
    if (property->awaited) {
        awaited_count(property, node, name, delta);
    }
    const struct description *description = property->description;
    for (uint32_t i = 0; i < description->property_count; i++) {
        const struct description_property *predicate = &description->properties[i];
        if (strcmp(predicate->counter, counter->name) == 0) {
            property->counted[i] = true;
            property->sums[i] += predicate->node == 0 || predicate->node == node ? delta : 0;
            judge(property, i, now_ns);
        }
    }
    return counter->value;
}

int64_t property_value(const struct property *property, uint32_t node, const char *name) {
    property_sum sum = 0;
    for (uint32_t i = 0; i < property->counter_count; i++) {
        const struct property_counter *counter = &property->counters[i];
        if ((node == 0 || counter->node == node) && strcmp(counter->name, name) == 0) {
            sum += counter->value;
        }
    }
    return cut(sum);
}

void property_heard(struct property *property, uint32_t occasion, uint64_t now_ns) {
    const struct description *description = property->description;
    for (uint32_t i = 0; i < description->property_count; i++) {
        const struct description_property *predicate = &description->properties[i];
        const bool is_over =
            predicate->before != 0 && (property->came >> (predicate->before - 1) & 1) != 0;
        if (predicate->occasion == occasion + 1 && !is_over) {
            property->times[i]++;
            property->counted[i] = true;
            judge(property, i, now_ns);
        }
    }
    const bool first = (property->came >> occasion & 1) == 0;
    property->came |= UINT64_C(1) << occasion;
    for (uint32_t i = 0; i < description->property_count && first; i++) {
        if (description->properties[i].after == occasion + 1) {
            property->times[i] = 0;
            property->since_ns[i] = now_ns;
            judge(property, i, now_ns);
        }
    }
}

bool property_begun(const struct property *property, uint32_t index) {
    const uint32_t after = property->description->properties[index].after;
    return after == 0 || (property->came >> (after - 1) & 1) != 0;
}

static bool is_in_time(const struct property *property, uint32_t index, uint64_t now_ns) {
    const uint64_t within_ns = property->description->properties[index].within_ns;
    return within_ns == 0 || now_ns - property->since_ns[index] <= within_ns;
}

/* What its predicate is about. */
static int64_t value_of(const struct property *property, uint32_t index) {
    const struct description_property *predicate = &property->description->properties[index];
    return predicate->occasion != 0 ? property->times[index] : cut(property->sums[index]);
}

static bool holds(const struct description_property *predicate, int64_t value) {
    return compares(predicate->comparison, value, predicate->value);
}

static const char *comparison_words(const struct description_property *predicate) {
    switch ((enum description_comparison)predicate->comparison) {
    case DESCRIPTION_EQUAL:
        return "";
    case DESCRIPTION_AT_MOST:
        return "at most ";
    case DESCRIPTION_AT_LEAST:
        return "at least ";
    }
    UNREACHABLE();
}

static void broken(struct property *property, uint32_t index, const char *when, int64_t value) {
    const struct description_property *predicate = &property->description->properties[index];
    const bool counts_times = predicate->occasion != 0;
    verdict_set(property->verdict,
                VERDICT_PROPERTY,
                "%s: %s %s %" PRId64 "%s%s, expected %s%" PRId64,
                predicate->sentence,
                counts_times ? "it" : predicate->counter,
                counts_times ? "came" : "is",
                value,
                !counts_times ? ""
                : value == 1  ? " time"
                              : " times",
                when,
                comparison_words(predicate),
                predicate->value);
}

static void judge(struct property *property, uint32_t index, uint64_t now_ns) {
    const struct description_property *predicate = &property->description->properties[index];
    const int64_t value = value_of(property, index);
    const bool good = holds(predicate, value);
    switch ((enum description_property_kind)predicate->kind) {
    case DESCRIPTION_ALWAYS:
        if (!good) {
            broken(property, index, "", value);
        }
        break;
    case DESCRIPTION_EVENTUALLY:
    case DESCRIPTION_SOMETIMES:
        if (good && property_begun(property, index) && is_in_time(property, index, now_ns)) {
            property->held[index] = true;
        }
        break;
    case DESCRIPTION_FINALLY:
        break;
    }
}

static void missed(struct property *property, uint32_t index) {
    const struct description_property *predicate = &property->description->properties[index];
    const int64_t value = value_of(property, index);
    const char *late = predicate->occasion == 0 ? " too late"
                       : value == 0             ? " in time"
                                                : ", but too late";
    broken(property, index, predicate->within_ns == 0 ? " to the end" : late, value);
}

/* One that never began to count is no finding of a run, but vacuous when it did in none. */
static bool is_missed(const struct property *property, uint32_t index) {
    return property->description->properties[index].kind == DESCRIPTION_EVENTUALLY &&
           property_begun(property, index) && !property->held[index];
}

void property_overdue(struct property *property, uint64_t now_ns) {
    for (uint32_t i = 0; i < property->description->property_count; i++) {
        if (is_missed(property, i) && !is_in_time(property, i, now_ns)) {
            missed(property, i);
        }
    }
}

void property_end(struct property *property, uint64_t now_ns) {
    ASSERT(property->description != NULL);
    for (uint32_t i = 0; i < property->description->property_count; i++) {
        const struct description_property *predicate = &property->description->properties[i];
        judge(property, i, now_ns);
        const int64_t value = value_of(property, i);
        if (is_missed(property, i)) {
            missed(property, i);
        }
        if (predicate->kind == DESCRIPTION_FINALLY && !holds(predicate, value)) {
            broken(property, i, " at the end", value);
        }
    }
}
