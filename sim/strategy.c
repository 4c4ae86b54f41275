#include "sim/strategy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

#define STREAM_RESOLVE 0x7265736fu /* keys of our own streams; no choice kind is that large */
#define STREAM_PICK 0x7069636bu
#define STICKY_EIGHTHS 7
#define DEPTH_MIN 2
#define DEPTH_DRAWN 4 /* 2, 3, 4 or 5 */

static const char *const names[STRATEGY_KIND_COUNT] = {
    [STRATEGY_FIFO] = "fifo",
    [STRATEGY_RANDOM] = "random",
    [STRATEGY_STICKY] = "sticky",
    [STRATEGY_PCT] = "pct",
    [STRATEGY_MIX] = "mix",
};

static uint32_t pick_random(struct strategy *strategy, const struct candidates *set);

struct strategy_spec strategy_resolve(const struct strategy_spec *spec, uint64_t seed) {
    ASSERT(spec->kind < STRATEGY_KIND_COUNT);
    struct strategy_spec resolved = *spec;
    struct random random;
    random_stream(&random, seed, STREAM_RESOLVE, 0);
    if (resolved.kind == STRATEGY_MIX) {
        static const enum strategy_kind parts[] = {STRATEGY_RANDOM, STRATEGY_STICKY, STRATEGY_PCT};
        resolved.kind = parts[random_below(&random, sizeof parts / sizeof parts[0])];
    }
    if (resolved.kind == STRATEGY_PCT && resolved.depth == 0) {
        resolved.depth = DEPTH_MIN + (uint32_t)random_below(&random, DEPTH_DRAWN);
    }
    if (resolved.kind != STRATEGY_PCT) {
        resolved.depth = 0;
        resolved.steps = 0;
    }
    return resolved;
}

void strategy_begin(struct strategy *strategy, const struct strategy_spec *spec, uint64_t seed) {
    strategy->spec = strategy_resolve(spec, seed);
    random_stream(&strategy->random, seed, STREAM_PICK, 0);
    if (strategy->spec.kind == STRATEGY_PCT) {
        strategy_pct_begin(&strategy->pct,
                           strategy->spec.depth,
                           strategy->spec.steps,
                           &strategy->random);
    }
}

uint64_t strategy_birth(struct strategy *strategy) {
    if (strategy->spec.kind != STRATEGY_PCT) {
        return 0;
    }
    return strategy_pct_birth(&strategy->pct, &strategy->random);
}

uint32_t strategy_pick(struct strategy *strategy, const struct candidates *set, bool yielded) {
    ASSERT(set->count >= 2);
    const bool spinning = set->streak >= STRATEGY_SPIN_MAX;
    switch ((enum strategy_kind)strategy->spec.kind) {
    case STRATEGY_FIFO:
        break;
    case STRATEGY_RANDOM:
        return pick_random(strategy, set);
    case STRATEGY_STICKY:
        if (set->stays && random_below(&strategy->random, 8) < STICKY_EIGHTHS) {
            return set->production;
        }
        return pick_random(strategy, set);
    case STRATEGY_PCT:
        if ((yielded || spinning) && set->running != 0) {
            strategy_pct_demote(&strategy->pct, &set->priority[set->running]);
        }
        return strategy_pct_pick(&strategy->pct, set);
    case STRATEGY_MIX:
    case STRATEGY_KIND_COUNT:
        UNREACHABLE();
    }
    if (spinning) {
        return set->production == 0 ? 1 : 0;
    }
    return set->production;
}

static uint32_t pick_random(struct strategy *strategy, const struct candidates *set) {
    return (uint32_t)random_below(&strategy->random, set->count);
}

static enum status parse_parameter(struct strategy_spec *spec, const char **text) {
    unsigned long long value = 0;
    int length = 0;
    if (sscanf(*text, "depth=%llu%n", &value, &length) == 1 && length > 0) {
        if (value < 1 || value > STRATEGY_PCT_DEPTH_MAX) {
            return STATUS_FORMAT;
        }
        spec->depth = (uint32_t)value;
    } else if (sscanf(*text, "steps=%llu%n", &value, &length) == 1 && length > 0) {
        spec->steps = value;
    } else {
        return STATUS_FORMAT;
    }
    *text += length;
    return STATUS_OK;
}

enum status strategy_parse(struct strategy_spec *spec, const char *text) {
    *spec = (struct strategy_spec){.kind = STRATEGY_KIND_COUNT};
    const size_t length = strcspn(text, ":");
    for (unsigned kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
        if (strlen(names[kind]) == length && memcmp(names[kind], text, length) == 0) {
            spec->kind = kind;
        }
    }
    if (spec->kind == STRATEGY_KIND_COUNT) {
        return STATUS_FORMAT;
    }
    text += length;
    while (*text == ':' || *text == ',') {
        text++;
        if (spec->kind != STRATEGY_PCT || parse_parameter(spec, &text) != STATUS_OK) {
            return STATUS_FORMAT;
        }
    }
    return *text == '\0' ? STATUS_OK : STATUS_FORMAT;
}

void strategy_print(const struct strategy_spec *spec, char *text, size_t size) {
    ASSERT(spec->kind < STRATEGY_KIND_COUNT);
    if (spec->kind != STRATEGY_PCT) {
        snprintf(text, size, "%s", names[spec->kind]);
        return;
    }
    snprintf(text, size, "pct:depth=%" PRIu32 ",steps=%" PRIu64, spec->depth, spec->steps);
}
