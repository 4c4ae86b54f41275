#include "sim/choices.h"

#include <stddef.h>

#include "sim/panic.h"

static void index_build(struct choices *choices);
static const struct choice *
script_find(const struct choices *choices, enum choice_kind kind, const struct decider *who);
static uint64_t script_take(struct choices *choices,
                            const struct choice *asked,
                            uint64_t alternatives,
                            uint64_t proposed);
static struct random *stream_of(struct choices *choices, enum choice_kind kind, uint32_t node);

/* A power of two of which at most half is used. */
static uint64_t index_slots(uint64_t entries) {
    uint64_t slots = 2;
    while (slots < 2 * entries) {
        slots *= 2;
    }
    return slots;
}

uint64_t choices_index_size(uint64_t script_max) {
    ASSERT(script_max < UINT32_MAX);
    return index_slots(script_max) * sizeof(uint32_t);
}

void choices_init(struct choices *choices,
                  struct choice *record,
                  uint64_t capacity,
                  void *index,
                  uint64_t script_max) {
    ASSERT(record != NULL && capacity > 0);
    ASSERT(script_max < UINT32_MAX);
    choices->record = record;
    choices->record_capacity = capacity;
    choices->index = index;
    choices->script_max = script_max;
    choices->run = 0;
}

void choices_begin(struct choices *choices,
                   enum choices_mode mode,
                   uint64_t seed,
                   const struct choice *script,
                   uint64_t script_count) {
    ASSERT(choices->record != NULL);
    ASSERT(script != NULL || script_count == 0);
    choices->mode = mode;
    choices->seed = seed;
    choices->run++;
    choices->at = 0;
    choices->record_count = 0;
    choices->script = script;
    choices->script_count = script_count;
    choices->script_next = 0;
    choices->mismatch_at = 0;
    choices->diverged = false;
    choices->overflow = false;
    if (mode == CHOICES_TOLERANT) {
        index_build(choices);
    }
}

uint64_t choices_decide_slowly(struct choices *choices,
                               enum choice_kind kind,
                               struct decider *who,
                               const void *site,
                               uint64_t alternatives,
                               uint64_t proposed,
                               uint64_t chosen) {
    ASSERT(alternatives == 0 || proposed < alternatives);
    choices->at++;
    who->choices++;
    struct choice choice = {.taken = chosen, .site = (uint64_t)(uintptr_t)site};
    choice_label(&choice, choices->at, kind, who, choice_last(alternatives));
    uint64_t taken = choices_full(choices) ? 0 : proposed; /* what a replay will find here */
    if (choices_replays(choices)) {
        taken = script_take(choices, &choice, alternatives, proposed);
    }
    if (choices_full(choices)) {
        choices->overflow = true;
    } else {
        choice.taken = kind == CHOICE_SCHEDULE ? chosen : taken;
        choices->record[choices->record_count] = choice;
        choices_keep(choices, taken);
    }
    return taken;
}

const struct choice *
choices_peek(const struct choices *choices, enum choice_kind kind, const struct decider *who) {
    ASSERT(choices_replays(choices));
    if (choices->mode == CHOICES_TOLERANT) {
        struct decider next = {who->identity, who->choices + 1};
        return script_find(choices, kind, &next);
    }
    if (choices->script_next == choices->script_count) {
        return NULL;
    }
    const struct choice *next = &choices->script[choices->script_next];
    return next->at == choices->at + 1 ? next : NULL;
}

uint64_t choices_draw(struct choices *choices,
                      enum choice_kind kind,
                      uint32_t node,
                      struct decider *who,
                      const void *site,
                      uint64_t alternatives) {
    uint64_t proposed = 0;
    if (choices->mode == CHOICES_DRAW) {
        proposed = random_below(stream_of(choices, kind, node), alternatives);
    }
    return choices_decide(choices, kind, who, site, alternatives, proposed, 0);
}

bool choices_chance(struct choices *choices,
                    enum choice_kind kind,
                    uint32_t node,
                    struct decider *who,
                    const void *site,
                    uint32_t numerator,
                    uint32_t denominator) {
    ASSERT(denominator > 0 && numerator <= denominator);
    uint64_t proposed = 0;
    if (choices->mode == CHOICES_DRAW) {
        proposed = random_below(stream_of(choices, kind, node), denominator) < numerator;
    }
    return choices_decide(choices, kind, who, site, 2, proposed, 0) == 1;
}

uint64_t choices_number(struct choices *choices, uint32_t node) {
    return random_next(stream_of(choices, CHOICE_NUMBER, node));
}

static struct random *stream_of(struct choices *choices, enum choice_kind kind, uint32_t node) {
    struct choices_stream *stream = &choices->streams[kind][node % CHOICES_NODES_MAX];
    if (stream->run != choices->run) {
        stream->run = choices->run;
        random_stream(&stream->random, choices->seed, (uint32_t)kind, node);
    }
    return &stream->random;
}

static bool label_matches(const struct choice *a, const struct choice *b) {
    return a->kind == b->kind && a->who == b->who && a->ordinal == b->ordinal;
}

static void note_mismatch(struct choices *choices, const struct choice *asked) {
    if (choices->mismatch_at == 0) {
        choices->mismatch_at = choices->at;
        choices->mismatch = *asked;
    }
}

/* The scheduler looked the recorded agent up by identity and proposed it; another one says that it
 * was not there. */
static bool
taken_fits(const struct choice *recorded, const struct choice *asked, uint64_t alternatives) {
    return asked->kind == CHOICE_SCHEDULE ? recorded->taken == asked->taken
                                          : recorded->taken <= alternatives - 1;
}

/* What the entry means here: its alternative, or where the recorded agent stands now. */
static uint64_t taken_of(const struct choice *recorded, uint64_t proposed) {
    return recorded->kind == CHOICE_SCHEDULE ? proposed : recorded->taken;
}

static uint64_t script_take_strict(struct choices *choices,
                                   const struct choice *asked,
                                   uint64_t alternatives,
                                   uint64_t proposed) {
    if (choices->script_next == choices->script_count) {
        return 0;
    }
    const struct choice *next = &choices->script[choices->script_next];
    if (next->at > asked->at) {
        return 0;
    }
    if (next->at < asked->at || !label_matches(next, asked) || next->last != asked->last ||
        !taken_fits(next, asked, alternatives)) {
        note_mismatch(choices, asked);
        choices->diverged = true;
        return 0;
    }
    choices->script_next++;
    return taken_of(next, proposed);
}

static uint64_t script_take(struct choices *choices,
                            const struct choice *asked,
                            uint64_t alternatives,
                            uint64_t proposed) {
    if (choices->mode == CHOICES_STRICT) {
        return script_take_strict(choices, asked, alternatives, proposed);
    }
    const struct decider who = {asked->who, asked->ordinal};
    const struct choice *found = script_find(choices, (enum choice_kind)asked->kind, &who);
    if (found == NULL) {
        return 0;
    }
    if (!taken_fits(found, asked, alternatives)) {
        note_mismatch(choices, asked);
        return 0;
    }
    return taken_of(found, proposed);
}

/* ---- tolerant replay finds its entries by label ---- */

/* The first slot of a label; the next ones follow it. */
static uint64_t
index_slot(const struct choices *choices, uint32_t kind, uint64_t who, uint32_t ordinal) {
    return random_mix(who, (uint64_t)kind << 32 | ordinal) & choices->index_mask;
}

static void index_build(struct choices *choices) {
    ASSERT(choices->index != NULL);
    ASSERT(choices->script_count <= choices->script_max);
    const uint64_t slots = index_slots(choices->script_count);
    choices->index_mask = slots - 1;
    for (uint64_t i = 0; i < slots; i++) {
        choices->index[i] = 0;
    }
    for (uint64_t i = 0; i < choices->script_count; i++) {
        const struct choice *entry = &choices->script[i];
        uint64_t slot = index_slot(choices, entry->kind, entry->who, entry->ordinal);
        while (choices->index[slot] != 0 &&
               !label_matches(&choices->script[choices->index[slot] - 1], entry)) {
            slot = (slot + 1) & choices->index_mask;
        }
        if (choices->index[slot] == 0) { /* else an earlier entry has that label */
            choices->index[slot] = (uint32_t)i + 1;
        }
    }
}

static const struct choice *
script_find(const struct choices *choices, enum choice_kind kind, const struct decider *who) {
    struct choice label;
    choice_label(&label, 0, kind, who, 0);
    uint64_t slot = index_slot(choices, label.kind, label.who, label.ordinal);
    while (choices->index[slot] != 0) {
        const struct choice *entry = &choices->script[choices->index[slot] - 1];
        if (label_matches(entry, &label)) {
            return entry;
        }
        slot = (slot + 1) & choices->index_mask;
    }
    return NULL;
}
