#include "sim/past.h"

#include <string.h>

#include "sim/panic.h"

void past_begin(struct past *past, uint64_t value) {
    past->count = 1;
    past->stores[0] = (struct past_store){.value = value}; /* of epoch 0, before all */
}

static void drop(struct past_store *store, struct vectors *vectors) {
    vector_drop(vectors, &store->vector);
    vector_drop(vectors, &store->readers);
}

void past_end(struct past *past, struct vectors *vectors) {
    for (uint32_t i = 0; i < past->count; i++) {
        drop(&past->stores[i], vectors);
    }
    past->count = 0;
}

void past_push(struct past *past,
               struct vectors *vectors,
               const struct causality_view *view,
               uint64_t value,
               uint32_t vector,
               uint64_t sc_time) {
    ASSERT(past->count >= 1);
    if (past->count == PAST_STORES) {
        drop(&past->stores[0], vectors);
        memmove(&past->stores[0], &past->stores[1], (PAST_STORES - 1) * sizeof past->stores[0]);
        past->count--;
    }
    struct past_store *store = &past->stores[past->count++];
    *store = (struct past_store){.value = value,
                                 .sc_time = sc_time,
                                 .lane = view->lane,
                                 .epoch = view->clock.at[view->lane]};
    vector_copy(vectors, &store->vector, vector);
}

/* Whether a clock knows of the store, or of somebody who read it. */
static bool known(const struct past_store *store,
                  const struct vectors *vectors,
                  const struct vector_clock *clock) {
    return store->epoch <= clock->at[store->lane] ||
           vector_meets(vectors, store->readers, clock->at, clock->count);
}

/* The same of what a vector knows. */
static bool seen(const struct past_store *store, const struct vectors *vectors, uint32_t vector) {
    return store->epoch <= vector_at(vectors, vector, store->lane) ||
           vector_meets_vector(vectors, store->readers, vector);
}

uint32_t past_floor(const struct past *past,
                    const struct vectors *vectors,
                    const struct causality_view *view,
                    bool sc,
                    uint32_t fences) {
    for (uint32_t i = past->count - 1; i > 0; i--) {
        const struct past_store *store = &past->stores[i];
        const bool fenced = store->sc_time != 0 && (sc || store->sc_time <= view->fence_time);
        if (fenced || known(store, vectors, &view->clock) || seen(store, vectors, view->fenced) ||
            (sc && seen(store, vectors, fences))) {
            return i;
        }
    }
    return 0;
}

void past_read(struct past *past,
               struct vectors *vectors,
               const struct causality_view *view,
               uint32_t which) {
    vector_first(vectors, &past->stores[which].readers, view->lane, view->clock.at[view->lane]);
}
