#include "sim/order.h"

#include <stddef.h>

#include "sim/panic.h"

_Static_assert(ORDER_WORD_MAX * 4 == 64, "four bits a position fill the word");

static void links_build(struct order *order);
static void word_build(struct order *order);

void order_init(struct order *order, struct arena *arena, uint32_t positions_max) {
    ASSERT(positions_max > 0 && positions_max < UINT32_MAX);
    *order = (struct order){0};
    order->links = arena_take(arena, sizeof *order->links * ((size_t)positions_max + 1));
}

void order_reset(struct order *order) {
    order->word = 0;
    order->newest = 0;
    order->count = 0;
}

/* ---- the ring: links are positions + 1 ---- */

static void link_last(struct order *order, uint32_t link) {
    const uint32_t newest = order->links[0].older;
    order->links[link] = (struct order_link){.older = newest, .newer = 0};
    order->links[newest].newer = link;
    order->links[0].older = link;
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
        link_last(order, ((uint32_t)(order->word >> (4 * i)) & 15) + 1);
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

/* ---- either ---- */

void order_add(struct order *order) {
    const uint32_t position = order->count;
    if (position < ORDER_WORD_MAX) {
        order->newest = UINT64_C(1) << (4 * position);
        order->word |= order->newest * position;
    } else {
        if (position == ORDER_WORD_MAX) {
            links_build(order);
        }
        link_last(order, position + 1);
    }
    order->count++;
}

void order_remove(struct order *order, uint32_t position) {
    ASSERT(position < order->count);
    const uint32_t last = --order->count;
    if (last < ORDER_WORD_MAX) {
        order->word = order_without(order->word, order_place(order->word, position));
        if (position != last) {
            order->word ^= order_place(order->word, last) * (last ^ position);
        }
        order->newest >>= 4;
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

void order_renew(struct order *order, uint32_t position) {
    ASSERT(position < order->count);
    if (order->count <= ORDER_WORD_MAX) {
        order_renew_word(order, position);
    } else if (order->links[0].older != position + 1) {
        unlink_one(order, position + 1);
        link_last(order, position + 1);
    }
}

uint32_t order_oldest(const struct order *order) {
    ASSERT(order->count > 0);
    return order->count <= ORDER_WORD_MAX ? order_oldest_word(order) : order->links[0].newer - 1;
}

uint32_t order_oldest_but(const struct order *order, uint32_t position) {
    ASSERT(order->count > 1);
    const uint32_t oldest = order_oldest(order);
    if (oldest != position) {
        return oldest;
    }
    return order->count <= ORDER_WORD_MAX ? (uint32_t)(order->word >> 4) & 15
                                          : order->links[oldest + 1].newer - 1;
}

void order_verify(const struct order *order) {
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
