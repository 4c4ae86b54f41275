/* The one door for chance: every decision of a run passes here and is recorded or read back.
 *
 *   who asks ─► choices_decide(label, proposed) ─► taken
 *                   draw:     taken = proposed                      (record what is not 0)
 *                   strict:   taken = script, labels must match     (else the run ends, diverged)
 *                   tolerant: taken = script by label, else 0       (first mismatch is noted)
 *
 * Alternative 0 is what production would do; the record holds only choices that differ from it.
 * Program numbers (getrandom and the like) are the stream's values: alternative 0 by definition.
 *
 * Memory:      record, script and index are borrowed arrays; the record lies in memory shared with
 *              the supervisor. Streams live inside.
 * Limits:      as many records as the array holds; then alternative 0 is taken, until the run ends
 *              with VERDICT_LIMIT.
 * Errors:      `overflow` and `diverged` say that the run must end.
 * Threads:     the world's only.
 * Determinism: integers, streams keyed by kind and node; a draw here shifts nothing there.
 */
#ifndef SIM_CHOICES_H
#define SIM_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/choice.h"
#include "sim/random.h"

#define CHOICES_NODES_MAX 1024 /* streams per kind; nodes beyond share by remainder */

/* ZERO: what is drawn is alternative 0; numbers still come from streams. */
enum choices_mode { CHOICES_ZERO, CHOICES_DRAW, CHOICES_STRICT, CHOICES_TOLERANT };

struct choices {
    enum choices_mode mode;
    uint64_t seed;
    uint64_t run; /* stamp: streams with another stamp are not seeded yet */
    uint64_t at;  /* choices so far */
    struct choice *record;
    uint64_t record_count, record_capacity;
    const struct choice *script;
    uint64_t script_count, script_next, script_max;
    uint32_t *index; /* tolerant: positions in the script from 1, hashed by label; 0 = none */
    uint64_t index_mask;
    uint64_t mismatch_at;   /* the first choice that did not match, 0 = none */
    struct choice mismatch; /* what was asked there */
    bool diverged;          /* strict replay cannot go on */
    bool overflow;          /* the record is full */
    struct choices_stream {
        uint64_t run;
        struct random random;
    } streams[CHOICE_KIND_COUNT][CHOICES_NODES_MAX];
};

/* Bytes of the index that finds the entries of a script with up to so many. */
uint64_t choices_index_size(uint64_t script_max);

/* Gives the door its record, and the index (NULL: no tolerant replay). Once per worker. */
void choices_init(struct choices *choices,
                  struct choice *record,
                  uint64_t capacity,
                  void *index,
                  uint64_t script_max);

/* Starts a run. script is borrowed until it ends; of equal labels the first one counts. */
void choices_begin(struct choices *choices,
                   enum choices_mode mode,
                   uint64_t seed,
                   const struct choice *script,
                   uint64_t script_count);

static inline bool choices_replays(const struct choices *choices) {
    return choices->mode == CHOICES_STRICT || choices->mode == CHOICES_TOLERANT;
}

static inline bool choices_full(const struct choices *choices) {
    return choices->record_count == choices->record_capacity;
}

/* choices_decide in a replay, or with a record that is full. */
uint64_t choices_decide_slowly(struct choices *choices,
                               enum choice_kind kind,
                               struct decider *who,
                               const void *site,
                               uint64_t alternatives,
                               uint64_t proposed,
                               uint64_t chosen);

/* Parts of choices_decide otherwise. Who calls choices_next writes `taken` and `site`. */
static inline struct choice *
choices_next(struct choices *choices, enum choice_kind kind, struct decider *who, uint32_t last) {
    who->choices++;
    struct choice *choice = &choices->record[choices->record_count];
    choice_label(choice, ++choices->at, kind, who, last);
    return choice;
}

/* Alternative 0 is written too and overwritten by the next choice: a branch on what was taken would
 * be mispredicted half of the time. */
static inline void choices_keep(struct choices *choices, uint64_t alternative) {
    choices->record_count += alternative != 0;
}

/* One decision: `proposed` (below `alternatives`) is what a strategy or stream suggests, `chosen`
 * is the identity behind it (CHOICE_SCHEDULE) or 0. Returns the alternative taken. */
static inline uint64_t choices_decide(struct choices *choices,
                                      enum choice_kind kind,
                                      struct decider *who,
                                      const void *site,
                                      uint64_t alternatives,
                                      uint64_t proposed,
                                      uint64_t chosen) {
    if (__builtin_expect(choices_replays(choices) || choices_full(choices), 0)) {
        return choices_decide_slowly(choices, kind, who, site, alternatives, proposed, chosen);
    }
    struct choice *choice = choices_next(choices, kind, who, choice_last(alternatives));
    choice->taken = kind == CHOICE_SCHEDULE ? chosen : proposed;
    choice->site = (uint64_t)(uintptr_t)site;
    choices_keep(choices, proposed);
    return proposed;
}

/* In the replay modes: the entry that the next decision of this kind by `who` would take, NULL for
 * alternative 0. The scheduler uses it to find the agent by identity. Counts nothing. */
const struct choice *
choices_peek(const struct choices *choices, enum choice_kind kind, const struct decider *who);

/* A decision drawn evenly from 0 … alternatives - 1 of the stream (kind, node). */
uint64_t choices_draw(struct choices *choices,
                      enum choice_kind kind,
                      uint32_t node,
                      struct decider *who,
                      const void *site,
                      uint64_t alternatives);

/* A decision that is 1 with the chance numerator / denominator, else 0. */
bool choices_chance(struct choices *choices,
                    enum choice_kind kind,
                    uint32_t node,
                    struct decider *who,
                    const void *site,
                    uint32_t numerator,
                    uint32_t denominator);

/* 64 bits for the program, from its node's stream. */
uint64_t choices_number(struct choices *choices, uint32_t node);

#endif
