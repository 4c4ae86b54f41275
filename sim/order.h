/* Positions 0 … count - 1 in an order of their own: who became ready first.
 *
 *   up to ORDER_WORD_MAX   four bits a position in one word, the oldest lowest:  …2031 = 1, 3, 0, 2
 *   beyond                 a ring of links: renewing stays O(1)
 *
 * A step of the scheduler renews one position and asks for the oldest. With links each of these
 * loads waits for a store to another place that cannot be foretold, and every branch on who stood
 * where is mispredicted; with a word both are a dozen operations on registers.
 *
 * Memory:      links in the world's arena, sized once.
 * Limits:      positions_max of order_init.
 * Errors:      none; misuse panics.
 * Threads:     the world's only.
 * Determinism: a function of the calls so far.
 */
#ifndef SIM_ORDER_H
#define SIM_ORDER_H

#include <stdint.h>

#include "sim/arena.h"

#define ORDER_WORD_MAX 16u
#define ORDER_EACH UINT64_C(0x1111111111111111) /* a 1 for each position in the word */

struct order {
    uint64_t word;   /* while count <= ORDER_WORD_MAX; 0 above the count-th */
    uint64_t newest; /* a 1 in the lowest of its four bits */
    uint32_t count;  /* positions in it */
    struct order_link {
        uint32_t older, newer;
    } * links; /* while count is larger: by position + 1; [0] closes the ring */
};

void order_init(struct order *order, struct arena *arena, uint32_t positions_max);
void order_reset(struct order *order);

/* Appends position `count`, as the newest. */
void order_add(struct order *order);

/* Takes a position out; the last one, count - 1, bears its number from now on. */
void order_remove(struct order *order, uint32_t position);

/* A 1 in the lowest of the four bits where a position stands in the word. It must be there. */
static inline uint64_t order_place(uint64_t word, uint32_t position) {
    const uint64_t other = word ^ (ORDER_EACH * position);
    /* The lowest group of four zeros: only what is above one can be taken for one, by a borrow. */
    const uint64_t zero = (other - ORDER_EACH) & ~other & (ORDER_EACH << 3);
    return (zero & (0 - zero)) >> 3;
}

/* The word without what stands at a place: what is newer moves down. */
static inline uint64_t order_without(uint64_t word, uint64_t place) {
    return (word >> 4) ^ ((word ^ (word >> 4)) & (place - 1));
}

/* While count <= ORDER_WORD_MAX: the oldest position. */
static inline uint32_t order_oldest_word(const struct order *order) {
    return (uint32_t)order->word & 15;
}

/* While count <= ORDER_WORD_MAX: the position becomes the newest. Returns the oldest. */
static inline uint32_t order_renew_word(struct order *order, uint32_t position) {
    const uint64_t place = order_place(order->word, position);
    order->word = order_without(order->word, place) | order->newest * position;
    return order_oldest_word(order);
}

/* The position becomes the newest. */
void order_renew(struct order *order, uint32_t position);

/* The oldest position; of the others than one. There must be one. */
uint32_t order_oldest(const struct order *order);
uint32_t order_oldest_but(const struct order *order, uint32_t position);

/* Asserts the invariants; for tests. */
void order_verify(const struct order *order);

#endif
