/* The rule that decides at a point: an oracle that is asked, and never executes anything.
 *
 *   strategy_begin(spec, seed) ─► strategy_birth(agent) … ─► strategy_pick(candidates) …
 *
 *   fifo     what production would do: alternative 0, until one thread has spun for
 *            STRATEGY_SPIN_MAX steps
 *   random   every candidate alike
 *   sticky   the running thread stays with 7/8, else every candidate alike
 *   pct      strategy_pct.h; depth 2 to 5 is drawn unless given
 *   pos      strategy_pos.h
 *   reads-from   strategy_reads.h; needs a profile
 *   delay    strategy_delay.h; depth, how many delays, is drawn likewise
 *   starve   strategy_starve.h
 *   mix      drawn from the seed; run 0 is fifo. Equal parts of random, sticky and pct; with a
 *            profile half is reads-from, and the rest equal parts of those and pos
 *
 * Memory:      part of the world.
 * Errors:      strategy_parse returns STATUS_FORMAT.
 * Threads:     the world's only.
 * Determinism: a function of the spec, the seed and the candidates so far; its stream is its own.
 */
#ifndef SIM_STRATEGY_H
#define SIM_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/candidates.h"
#include "sim/level.h"
#include "sim/profile.h"
#include "sim/random.h"
#include "sim/status.h"
#include "sim/strategy_delay.h"
#include "sim/strategy_pct.h"
#include "sim/strategy_reads.h"
#include "sim/strategy_starve.h"

#define STRATEGY_SPIN_MAX 1000 /* steps of one thread in a row before others get a turn */
#define STRATEGY_STICKY_EIGHTHS 7

enum strategy_kind {
    STRATEGY_FIFO,
    STRATEGY_RANDOM,
    STRATEGY_STICKY,
    STRATEGY_PCT,
    STRATEGY_POS,
    STRATEGY_READS,
    STRATEGY_DELAY,
    STRATEGY_STARVE,
    STRATEGY_MIX,
    STRATEGY_KIND_COUNT
};

/* What was asked for; plain data, stored in cases as text. */
struct strategy_spec {
    uint32_t kind;    /* enum strategy_kind */
    uint32_t depth;   /* pct, delay: 0 = drawn from the seed */
    uint64_t steps;   /* where it depends on that: choices of a probe run, 0 = not known yet */
    uint32_t level;   /* enum level: at what it is asked */
    uint32_t races;   /* enum level_races */
    uint32_t memory;  /* enum level_memory */
    uint32_t profile; /* where strategy_profiles: which one, 0 = there is none */
};

struct strategy {
    struct strategy_spec spec;     /* never STRATEGY_MIX: resolved when the run begins */
    const struct profile *profile; /* of all runs; looked at where the spec names one */
    struct random random;
    union {
        struct strategy_pct pct;
        struct strategy_pos pos;
        struct strategy_reads reads;
        struct strategy_delay delay;
        struct strategy_starve starve;
    };
};

/* Starts a run; resolves `mix` and a drawn depth into strategy->spec. */
void strategy_begin(struct strategy *strategy, const struct strategy_spec *spec, uint64_t seed);

/* What `mix` and an open depth become for this seed; strategy_begin does the same. */
struct strategy_spec strategy_resolve(const struct strategy_spec *spec, uint64_t seed);

/* True when it must know how many choices a run has, or which accesses meet; the latter alone. */
bool strategy_probes(const struct strategy_spec *spec);
bool strategy_profiles(const struct strategy_spec *spec);

/* The priority of a new agent; 0 for strategies without priorities. */
uint64_t strategy_birth(struct strategy *strategy);

/* What random and sticky pick of so many candidates; see strategy_pick. own: the place of the
 * running thread, which may stay when `stays`. */
static inline uint32_t
strategy_draw(struct strategy *strategy, uint32_t count, uint32_t own, bool stays) {
    if (stays && strategy->spec.kind == STRATEGY_STICKY &&
        random_below(&strategy->random, 8) < STRATEGY_STICKY_EIGHTHS) {
        return own;
    }
    return (uint32_t)random_scale(random_next(&strategy->random), count);
}

/* Place in set->ready of the agent that goes on. yielded: the running thread asked to let
 * others go first. */
uint32_t strategy_pick(struct strategy *strategy, const struct candidates *set, bool yielded);

/* Reads "pct", "pct:depth=3", "pct:depth=3,steps=118", "mix@atomics", "mix-races", "mix~c11" … */
MUST_USE enum status strategy_parse(struct strategy_spec *spec, const char *text);

/* Writes what strategy_parse reads, NUL terminated, cut to size. */
void strategy_print(const struct strategy_spec *spec, char *text, size_t size);

#endif
