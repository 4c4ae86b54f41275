#include "sim/order.h"

#include <stddef.h>

#include "sim/panic.h"

_Static_assert(ORDER_WORD_MAX * 4 == 64, "four bits a position fill the word");

void order_init(struct order *order, struct arena *arena, uint32_t positions_max) {
    ASSERT(positions_max > 0 && positions_max < UINT32_MAX);
    *order = (struct order){0};
    order->links = arena_take(arena, sizeof *order->links * ((size_t)positions_max + 1));
}

void order_reset(struct order *order) {
    order->word = 0;
    order->newest = 0;
    order->count = 0;
    order->runs = false;
}

/* ---- the ring: links are positions + 1 ---- */

/* Puts a link in, older than `newer`; 0 = as the newest. */
static void link_before(struct order *order, uint32_t newer, uint32_t link) {
    const uint32_t older = order->links[newer].older;
    order->links[link] = (struct order_link){.older = older, .newer = newer};
    order->links[older].newer = link;
    order->links[newer].older = link;
}

static void unlink_one(struct order *order, uint32_t link) {
    const struct order_link gone = order->links[link];
    order->links[gone.older].newer = gone.newer;
    order->links[gone.newer].older = gone.older;
}

static void rename_one(struct order *order, uint32_t from, uint32_t to) {
    const struct order_link moved = order->links[from];
    order->links[to] = moved;
    order->links[moved.older].newer = to;
    order->links[moved.newer].older = to;
}

static void links_build(struct order *order) {
    order->links[0] = (struct order_link){0};
    for (uint32_t i = 0; i < order->count; i++) {
        link_before(order, 0, order_position_word(order, i) + 1);
    }
}

static void word_build(struct order *order) {
    ASSERT(order->count == ORDER_WORD_MAX);
    order->word = 0;
    for (uint32_t i = 0, link = order->links[0].newer; i < order->count; i++) {
        order->word |= (uint64_t)(link - 1) << (4 * i);
        link = order->links[link].newer;
    }
}

/* ---- the word ---- */

#define EACH UINT64_C(0x1111111111111111) /* a 1 for each position in the word */

/* A 1 in the lowest of the four bits where a position stands in the word. It must be there. */
static uint64_t word_find(uint64_t word, uint32_t position) {
    const uint64_t other = word ^ (EACH * position);
    /* The lowest group of four zeros: only what is above one can be taken for one, by a borrow. */
    const uint64_t zero = (other - EACH) & ~other & (EACH << 3);
    return (zero & (0 - zero)) >> 3;
}

/* What stood at the place and after it moves up. */
static void word_insert(struct order *order, uint32_t place, uint32_t position) {
    const uint64_t after = order->word >> (4 * place) << (4 * place);
    order->word += 15 * after + ((uint64_t)position << (4 * place));
}

/* What is newer moves down, and the last position bears the number of the one that went. */
static void word_remove(struct order *order, uint32_t position, uint32_t last) {
    const uint64_t gone = word_find(order->word, position);
    order->word = (order->word >> 4) ^ ((order->word ^ (order->word >> 4)) & (gone - 1));
    if (position != last) {
        order->word ^= word_find(order->word, last) * (last ^ position);
    }
    order->newest >>= 4;
}

/* ---- either ---- */

void order_add(struct order *order) {
    const uint32_t position = order->count;
    ASSERT(position > 0 || !order->runs);
    if (position < ORDER_WORD_MAX) {
        word_insert(order, position - order->runs, position);
        order->newest = UINT64_C(1) << (4 * position);
    } else {
        if (position == ORDER_WORD_MAX) {
            links_build(order);
        }
        link_before(order, order->runs ? order->links[0].older : 0, position + 1);
    }
    order->count++;
}

void order_remove(struct order *order, uint32_t position) {
    ASSERT(position < order->count);
    if (order_position(order, order_newest(order)) == position) {
        order->runs = false;
    }
    const uint32_t last = --order->count;
    if (last < ORDER_WORD_MAX) {
        word_remove(order, position, last);
        return;
    }
    unlink_one(order, position + 1);
    if (position != last) {
        rename_one(order, last + 1, position + 1);
    }
    if (last == ORDER_WORD_MAX) {
        word_build(order);
    }
}

uint32_t order_position(const struct order *order, uint32_t place) {
    ASSERT(place < order->count);
    return order->count <= ORDER_WORD_MAX ? order_position_word(order, place) : place;
}

void order_run(struct order *order, uint32_t place) {
    ASSERT(place < order->count);
    order->runs = true;
    if (order->count <= ORDER_WORD_MAX) {
        order_run_word(order, place);
        return;
    }
    unlink_one(order, place + 1);
    link_before(order, 0, place + 1);
}

uint32_t order_oldest(const struct order *order) {
    ASSERT(order->count > 0);
    return order->count <= ORDER_WORD_MAX ? 0 : order->links[0].newer - 1;
}

uint32_t order_newest(const struct order *order) {
    ASSERT(order->count > 0);
    return order->count <= ORDER_WORD_MAX ? order->count - 1 : order->links[0].older - 1;
}

void order_verify(const struct order *order) {
    ASSERT(order->count > 0 || !order->runs);
    if (order->count <= ORDER_WORD_MAX) {
        uint32_t seen = 0;
        for (uint32_t i = 0; i < order->count; i++) {
            seen |= 1u << ((order->word >> (4 * i)) & 15);
        }
        ASSERT(seen == (UINT32_C(1) << order->count) - 1);
        ASSERT(order->count == ORDER_WORD_MAX || order->word >> (4 * order->count) == 0);
        return;
    }
    uint32_t listed = 0;
    uint32_t older = 0;
    for (uint32_t link = order->links[0].newer; link != 0; link = order->links[link].newer) {
        ASSERT(link <= order->count);
        ASSERT(order->links[link].older == older);
        older = link;
        listed++;
    }
    ASSERT(listed == order->count);
    ASSERT(order->links[0].older == older);
}
