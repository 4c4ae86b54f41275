#include "sim/strategy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

#define STREAM_RESOLVE 0x7265736fu /* keys of our own streams; no choice kind is that large */
#define STREAM_PICK 0x7069636bu
#define DEPTH_MIN 2
#define DEPTH_DRAWN 4 /* 2, 3, 4 or 5 */

static const char *const names[STRATEGY_KIND_COUNT] = {
    [STRATEGY_FIFO] = "fifo",
    [STRATEGY_RANDOM] = "random",
    [STRATEGY_STICKY] = "sticky",
    [STRATEGY_PCT] = "pct",
    [STRATEGY_POS] = "pos",
    [STRATEGY_READS] = "reads-from",
    [STRATEGY_DELAY] = "delay",
    [STRATEGY_STARVE] = "starve",
    [STRATEGY_MIX] = "mix",
};

static bool has_depth(const struct strategy_spec *spec) {
    return spec->kind == STRATEGY_PCT || spec->kind == STRATEGY_DELAY;
}

static bool has_steps(const struct strategy_spec *spec) {
    return has_depth(spec) || spec->kind == STRATEGY_STARVE;
}

bool strategy_profiles(const struct strategy_spec *spec) {
    return spec->kind == STRATEGY_READS || spec->kind == STRATEGY_MIX;
}

bool strategy_probes(const struct strategy_spec *spec) {
    return has_steps(spec) || strategy_profiles(spec);
}

/* What `mix` is for a seed. */
static enum strategy_kind draw_part(const struct strategy_spec *spec, struct random *random) {
    static const enum strategy_kind plain[] = {STRATEGY_RANDOM, STRATEGY_STICKY, STRATEGY_PCT};
    static const enum strategy_kind profiled[] = {STRATEGY_READS,
                                                  STRATEGY_READS,
                                                  STRATEGY_READS,
                                                  STRATEGY_READS,
                                                  STRATEGY_RANDOM,
                                                  STRATEGY_STICKY,
                                                  STRATEGY_PCT,
                                                  STRATEGY_POS};
    if (spec->profile == 0) {
        return plain[random_below(random, sizeof plain / sizeof plain[0])];
    }
    return profiled[random_below(random, sizeof profiled / sizeof profiled[0])];
}

struct strategy_spec strategy_resolve(const struct strategy_spec *spec, uint64_t seed) {
    ASSERT(spec->kind < STRATEGY_KIND_COUNT);
    struct strategy_spec resolved = *spec;
    struct random random;
    random_stream(&random, seed, STREAM_RESOLVE, 0);
    if (resolved.kind == STRATEGY_MIX) {
        resolved.kind = draw_part(spec, &random);
    }
    if (has_depth(&resolved) && resolved.depth == 0) {
        resolved.depth = DEPTH_MIN + (uint32_t)random_below(&random, DEPTH_DRAWN);
    }
    if (!has_depth(&resolved)) {
        resolved.depth = 0;
    }
    if (!has_steps(&resolved)) {
        resolved.steps = 0;
    }
    if (!strategy_profiles(&resolved)) {
        resolved.profile = 0;
    }
    return resolved;
}

void strategy_begin(struct strategy *strategy, const struct strategy_spec *spec, uint64_t seed) {
    strategy->spec = strategy_resolve(spec, seed);
    random_stream(&strategy->random, seed, STREAM_PICK, 0);
    const uint32_t depth = strategy->spec.depth;
    const uint64_t steps = strategy->spec.steps;
    if (strategy->spec.kind == STRATEGY_PCT) {
        strategy_pct_begin(&strategy->pct, depth, steps, &strategy->random);
    } else if (strategy->spec.kind == STRATEGY_POS) {
        strategy->pos.picks = 0;
    } else if (strategy->spec.kind == STRATEGY_READS) {
        const struct profile *profile = strategy->spec.profile != 0 ? strategy->profile : NULL;
        strategy_reads_begin(&strategy->reads, profile, &strategy->random);
    } else if (strategy->spec.kind == STRATEGY_DELAY) {
        strategy_delay_begin(&strategy->delay, depth, steps, &strategy->random);
    } else if (strategy->spec.kind == STRATEGY_STARVE) {
        strategy_starve_begin(&strategy->starve, steps, &strategy->random);
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
        return spinning ? set->longest : set->production;
    case STRATEGY_RANDOM:
    case STRATEGY_STICKY:
        return strategy_draw(strategy, set->count, set->production, set->stays);
    case STRATEGY_PCT:
        if ((yielded || spinning) && set->running != 0) {
            strategy_pct_demote(&strategy->pct, &set->priority[set->running]);
        }
        return strategy_pct_pick(&strategy->pct, set);
    case STRATEGY_POS:
        return strategy_pos_pick(&strategy->pos, set, spinning, &strategy->random);
    case STRATEGY_READS:
        return strategy_reads_pick(&strategy->reads, set, spinning, &strategy->random);
    case STRATEGY_DELAY:
        return strategy_delay_pick(&strategy->delay, set, spinning, &strategy->random);
    case STRATEGY_STARVE:
        return strategy_starve_pick(&strategy->starve, set, &strategy->random);
    case STRATEGY_MIX:
    case STRATEGY_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}

/* Decimal digits and nothing else; false when there is none or the number is too large. */
static bool parse_number(const char **text, uint64_t *value) {
    const char *digit = *text;
    *value = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(*digit - '0'), value)) {
            return false;
        }
    }
    const bool any = digit != *text;
    *text = digit;
    return any;
}

static enum status parse_parameter(struct strategy_spec *spec, const char **text) {
    static const char depth[] = "depth=";
    static const char steps[] = "steps=";
    static const char profile[] = "profile=";
    uint64_t value = 0;
    if (has_depth(spec) && strncmp(*text, depth, sizeof depth - 1) == 0) {
        *text += sizeof depth - 1;
        if (!parse_number(text, &value) || value < 1 || value > STRATEGY_PCT_DEPTH_MAX) {
            return STATUS_FORMAT;
        }
        spec->depth = (uint32_t)value;
        return STATUS_OK;
    }
    if (has_steps(spec) && strncmp(*text, steps, sizeof steps - 1) == 0) {
        *text += sizeof steps - 1;
        return parse_number(text, &spec->steps) ? STATUS_OK : STATUS_FORMAT;
    }
    if (spec->kind == STRATEGY_READS && strncmp(*text, profile, sizeof profile - 1) == 0) {
        *text += sizeof profile - 1;
        const bool fits = parse_number(text, &value) && value != 0 && value <= UINT32_MAX;
        spec->profile = (uint32_t)value;
        return fits ? STATUS_OK : STATUS_FORMAT;
    }
    return STATUS_FORMAT;
}

static bool parse_level(struct strategy_spec *spec, const char **text) {
    char name[16];
    if (**text != '@') {
        return true;
    }
    const char *first = *text + 1;
    const size_t length = strcspn(first, "+-~");
    *text = first + length;
    if (length >= sizeof name) {
        return false;
    }
    memcpy(name, first, length);
    name[length] = '\0';
    spec->level = level_find(name);
    return spec->level != LEVEL_COUNT;
}

/* A word that ends the text or stands before another mark; the text is then behind it. */
static bool parse_word(const char **text, const char *word) {
    const size_t size = strlen(word);
    const bool right = strncmp(*text, word, size) == 0;
    *text += right ? size : 0;
    return right;
}

static bool parse_races(struct strategy_spec *spec, const char **text) {
    if (parse_word(text, "+races")) {
        spec->races = LEVEL_RACES_FOUND;
    } else if (parse_word(text, "-races")) {
        spec->races = LEVEL_RACES_IGNORED;
    }
    return **text == '\0' || **text == '~';
}

static bool parse_memory(struct strategy_spec *spec, const char **text) {
    if (parse_word(text, "~c11")) {
        spec->memory = LEVEL_MEMORY_C11;
    } else if (parse_word(text, "~sc")) {
        spec->memory = LEVEL_MEMORY_SC;
    }
    return **text == '\0';
}

enum status strategy_parse(struct strategy_spec *spec, const char *text) {
    *spec = (struct strategy_spec){.kind = STRATEGY_KIND_COUNT};
    size_t length = 0;
    for (unsigned kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
        const size_t size = strlen(names[kind]);
        if (strncmp(names[kind], text, size) == 0 && strchr(":@+-~", text[size]) != NULL) {
            spec->kind = kind;
            length = size;
        }
    }
    if (spec->kind == STRATEGY_KIND_COUNT) {
        return STATUS_FORMAT;
    }
    text += length;
    while (*text == ':' || *text == ',') {
        text++;
        if (parse_parameter(spec, &text) != STATUS_OK) {
            return STATUS_FORMAT;
        }
    }
    const bool right =
        parse_level(spec, &text) && parse_races(spec, &text) && parse_memory(spec, &text);
    return right ? STATUS_OK : STATUS_FORMAT;
}

static size_t print_parameters(const struct strategy_spec *spec, char *text, size_t size) {
    const char *name = names[spec->kind];
    if (spec->profile != 0 && spec->kind == STRATEGY_READS) {
        return (size_t)snprintf(text, size, "%s:profile=%" PRIu32, name, spec->profile);
    }
    if (spec->kind == STRATEGY_MIX || (spec->depth == 0 && spec->steps == 0)) {
        return (size_t)snprintf(text, size, "%s", name);
    }
    if (spec->depth == 0) {
        return (size_t)snprintf(text, size, "%s:steps=%" PRIu64, name, spec->steps);
    }
    return (size_t)
        snprintf(text, size, "%s:depth=%" PRIu32 ",steps=%" PRIu64, name, spec->depth, spec->steps);
}

void strategy_print(const struct strategy_spec *spec, char *text, size_t size) {
    ASSERT(spec->kind < STRATEGY_KIND_COUNT);
    size_t used = print_parameters(spec, text, size);
    if (spec->level != LEVEL_DEFAULT && used < size) {
        const char *level = level_name((enum level)spec->level);
        used += (size_t)snprintf(text + used, size - used, "@%s", level);
    }
    if (spec->races != LEVEL_RACES_DEFAULT && used < size) {
        const char *races = spec->races == LEVEL_RACES_FOUND ? "+races" : "-races";
        used += (size_t)snprintf(text + used, size - used, "%s", races);
    }
    if (spec->memory != LEVEL_MEMORY_DEFAULT && used < size) {
        const char *memory = spec->memory == LEVEL_MEMORY_C11 ? "~c11" : "~sc";
        snprintf(text + used, size - used, "%s", memory);
    }
}
