/* Counters of the programs, and the predicates over them and over occasions that must hold.
 *
 *   sim_count("completions", 1) ─► property_count ─► predicates over that counter, re-evaluated
 *   end of the run              ─► property_end   ─► eventually, finally
 *
 * Predicates are data (sim/description.h) and are evaluated only when their counter changes.
 *
 * Memory:      part of the world.
 * Limits:      PROPERTY_COUNTERS_MAX names of less than DESCRIPTION_NAME_SIZE bytes, 64 bits a
 *              counter; beyond, the run ends with VERDICT_LIMIT.
 * Errors:      none; a broken property becomes the verdict.
 * Threads:     the world's only.
 * Determinism: counters are kept in order of first use.
 */
#ifndef SIM_PROPERTY_H
#define SIM_PROPERTY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/description.h"
#include "sim/verdict.h"

#define PROPERTY_COUNTERS_MAX 8192 /* of all nodes */
#define PROPERTY_SLOTS (2 * PROPERTY_COUNTERS_MAX)

struct property_counter {
    char name[DESCRIPTION_NAME_SIZE];
    uint32_t node;
    uint32_t slot;
    int64_t value;
};

__extension__ typedef __int128 property_sum; /* of any number of counters, without overflow */

struct property {
    const struct description *description;
    struct verdict *verdict;
    uint32_t counter_count;
    bool held[DESCRIPTION_PROPERTIES_MAX];         /* eventually, sometimes: it held once */
    bool counted[DESCRIPTION_PROPERTIES_MAX];      /* somebody counted its counter */
    int64_t times[DESCRIPTION_PROPERTIES_MAX];     /* its occasion came, while it counts */
    uint64_t since_ns[DESCRIPTION_PROPERTIES_MAX]; /* eventually: when it began to count */
    uint64_t came;                                 /* occasions that came, a bit for each */
    property_sum sums[DESCRIPTION_PROPERTIES_MAX]; /* of the counters that its predicate is about */
    bool awaited;                                  /* there are occasions that are predicates */
    property_sum awaited_sums[OCCASIONS_MAX];      /* of their counters */
    uint16_t slots[PROPERTY_SLOTS];                /* counters by hash, from 1; 0 = free */
    struct property_counter counters[PROPERTY_COUNTERS_MAX];
};

void property_begin(struct property *property,
                    const struct description *description,
                    struct verdict *verdict,
                    uint64_t now_ns);

/* Adds delta to a node's counter and judges what depends on it. Returns the new value. */
int64_t property_count(struct property *property,
                       uint32_t node,
                       const char *name,
                       int64_t delta,
                       uint64_t now_ns);

/* Which occasions hold once this is added, a bit for each, whether they did before or not. */
uint64_t
property_foresee(const struct property *property, uint32_t node, const char *name, int64_t delta);

/* An occasion of the description has come: judges what depends on it. */
void property_heard(struct property *property, uint32_t occasion, uint64_t now_ns);

/* The sum over all nodes (node 0), cut to 64 bits, or one node's value; 0 when it was never
 * counted. */
int64_t property_value(const struct property *property, uint32_t node, const char *name);

/* Whether the occasion has come that `eventually` begins to count at; true when there is none. */
bool property_begun(const struct property *property, uint32_t index);

/* Judges each `eventually` whose time is over, in a run that reached a limit: the first one that
 * did not hold is the verdict. */
void property_overdue(struct property *property, uint64_t now_ns);

/* Judges `eventually` and `finally`. */
void property_end(struct property *property, uint64_t now_ns);

#endif
