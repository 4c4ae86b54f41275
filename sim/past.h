/* What an atomic variable held, and who may still see that: loads that are older than memory.
 *
 *   store ─► past_push        load ─► past_floor ─► any store from there on, by choice
 *
 * The order in which stores are executed is their modification order. A load may return any store
 * that is not older than one of those that it must see:
 *
 *   - one that happens before it, or that was read by something that does (coherence);
 *   - one that was done, or read, before an SC fence that came before its thread's last SC fence;
 *   - an SC store that came before its thread's last SC fence;
 *   - and an SC load: any SC store, and what was done or read before any SC fence.
 *
 * Source:      C11, 7.17.3, with the SC fences of RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer,
 *              "Repairing sequential consistency in C/C++11", PLDI 2017, section 3), which C++20
 *              has too. Differs: modification order is execution order, and no load sees what is
 *              not yet stored, so that two outcomes are never seen that C11 allows: load buffering
 *              (RC11 forbids it), and stores of two threads to two variables that each end with the
 *              other's first (2+2W).
 * Memory:      records of the world's arena, touched as far as used.
 * Limits:      PAST_STORES are kept; the oldest goes. PAST_MAX variables.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: integers alone; the choice is the caller's.
 */
#ifndef SIM_PAST_H
#define SIM_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/causality.h"

#define PAST_STORES 16u
#define PAST_MAX (1u << 16)

struct past_store {
    uint64_t value;
    uint64_t sc_time; /* when, if it is SC; else 0 */
    uint32_t lane, epoch;
    uint32_t vector;  /* what who reads it with acquire is handed */
    uint32_t readers; /* vector: the epochs in which lanes have first read it */
};

struct past {
    uint32_t count; /* at least 1: the last one is what memory holds */
    struct past_store stores[PAST_STORES];
};

/* It holds this value, which all may see. */
void past_begin(struct past *past, uint64_t value);

/* Nothing of it is needed any more. */
void past_end(struct past *past, struct vectors *vectors);

/* A view stores a value that hands over a vector. */
void past_push(struct past *past,
               struct vectors *vectors,
               const struct causality_view *view,
               uint64_t value,
               uint32_t vector,
               uint64_t sc_time);

/* The oldest store that a view may see now; `sc`: the load is SC, and `fences` is what was before
 * SC fences. */
uint32_t past_floor(const struct past *past,
                    const struct vectors *vectors,
                    const struct causality_view *view,
                    bool sc,
                    uint32_t fences);

/* The view sees it. */
void past_read(struct past *past,
               struct vectors *vectors,
               const struct causality_view *view,
               uint32_t which);

#endif
