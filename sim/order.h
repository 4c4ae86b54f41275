/* Positions 0 … count - 1 in an order of their own: who became ready first. Who runs is the newest
 * as long as it stays: others that become ready meanwhile stand before it.
 *
 *   up to ORDER_WORD_MAX   four bits a position in one word, the oldest lowest:  …2031 = 1, 3, 0, 2
 *   beyond                 a ring of links: all stays O(1)
 *
 * Whoever picks counts in places. In the word they go from the oldest, 0, to the newest, so that
 * what was drawn needs no search; beyond it the place is the position itself.
 *
 * A step of the scheduler asks who stands at a place and lets it run. With links each of these
 * loads waits for a store to another place that cannot be foretold, and every branch on who stood
 * where is mispredicted; with a word both are a handful of operations on registers.
 *
 * Memory:      links in the world's arena, sized once.
 * Limits:      positions_max of order_init.
 * Errors:      none; misuse panics.
 * Threads:     the world's only.
 * Determinism: a function of the calls so far.
 */
#ifndef SIM_ORDER_H
#define SIM_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"

#define ORDER_WORD_MAX 16u

struct order {
    uint64_t word;   /* while count <= ORDER_WORD_MAX; 0 above the count-th */
    uint64_t newest; /* a 1 in the lowest of its four bits */
    uint32_t count;  /* positions in it */
    bool runs;       /* the newest is who runs */
    struct order_link {
        uint32_t older, newer;
    } * links; /* while count is larger: by position + 1; [0] closes the ring */
};

void order_init(struct order *order, struct arena *arena, uint32_t positions_max);
void order_reset(struct order *order);

/* Adds position `count`, as the newest of those that do not run. */
void order_add(struct order *order);

/* Takes a position out; the last one, count - 1, bears its number from now on. */
void order_remove(struct order *order, uint32_t position);

/* The position at a place. */
uint32_t order_position(const struct order *order, uint32_t place);

/* The position at a place runs from now on: it becomes the newest. Who ran is the newest of the
 * others. */
void order_run(struct order *order, uint32_t place);

/* Both while count <= ORDER_WORD_MAX; the second one while somebody runs. */
static inline uint32_t order_position_word(const struct order *order, uint32_t place) {
    return (uint32_t)(order->word >> (4 * place)) & 15;
}

static inline void order_run_word(struct order *order, uint32_t place) {
    const uint64_t from = order->word >> (4 * place);
    const uint64_t without = order->word ^ ((from ^ (from >> 4)) << (4 * place));
    order->word = without | order->newest * (from & 15);
}

/* The places of the oldest, and of the newest, who is the one that runs if it is ready. */
uint32_t order_oldest(const struct order *order);
uint32_t order_newest(const struct order *order);

/* Asserts the invariants; for tests. */
void order_verify(const struct order *order);

#endif
