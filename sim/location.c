#include "sim/location.h"

#include <inttypes.h>
#include <stddef.h>

#include "sim/panic.h"

#define OWNER_MANY UINT32_MAX

struct location {
    uint32_t next;   /* first: the pool's link */
    uint32_t vector; /* what who reads the last store with acquire is handed */
    uint32_t owner;  /* thread that began the release sequence, 0 = none, or OWNER_MANY */
    uint32_t bytes;
    uint32_t past; /* what it held; 0 = that is not known */
};

uint64_t location_arena_size(void) {
    return (LOCATIONS_MAX + UINT64_C(1)) * sizeof(struct location) +
           (PAST_MAX + UINT64_C(1)) * sizeof(struct past);
}

void locations_init(struct locations *locations, struct arena *arena, struct causality *causality) {
    *locations = (struct locations){.schedule = causality->schedule, .causality = causality};
    pool_init(&locations->table, arena, sizeof(struct location), LOCATIONS_MAX);
    pool_init(&locations->pasts, arena, sizeof(struct past), PAST_MAX);
}

void locations_begin(struct locations *locations, bool weak) {
    pool_reset(&locations->table);
    pool_reset(&locations->pasts);
    locations->weak = weak;
    locations->sc_time = 0;
}

static struct location *location_at(const struct locations *locations, uint32_t index) {
    return pool_at(&locations->table, index);
}

static struct past *past_at(const struct locations *locations, uint32_t index) {
    return pool_at(&locations->pasts, index);
}

static uint32_t take(struct locations *locations, struct pool *pool) {
    const uint32_t index = pool_take(pool);
    if (index == 0) {
        verdict_set(locations->schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %" PRIu32 " atomic variables are used",
                    pool->capacity);
        schedule_end(locations->schedule);
    }
    return index;
}

static void past_forget(struct locations *locations, struct location *location) {
    if (location->past != 0) {
        past_end(past_at(locations, location->past), &locations->causality->vectors);
        pool_give(&locations->pasts, location->past);
        location->past = 0;
    }
}

void location_clear(struct locations *locations, struct granule *granule) {
    while (granule->locations != 0) {
        const uint32_t index = granule->locations;
        struct location *location = location_at(locations, index);
        granule->locations = location->next;
        past_forget(locations, location);
        vector_drop(&locations->causality->vectors, &location->vector);
        pool_give(&locations->table, index);
    }
}

/* NULL when these bytes have none. */
static struct location *find(const struct locations *locations,
                             const struct location_operation *operation) {
    uint32_t index = operation->granule->locations;
    while (index != 0 && location_at(locations, index)->bytes != operation->bytes) {
        index = location_at(locations, index)->next;
    }
    return index == 0 ? NULL : location_at(locations, index);
}

static struct location *find_or_make(struct locations *locations,
                                     const struct location_operation *operation) {
    struct location *found = find(locations, operation);
    if (found != NULL) {
        return found;
    }
    const uint32_t index = take(locations, &locations->table);
    struct location *made = location_at(locations, index);
    *made = (struct location){.next = operation->granule->locations, .bytes = operation->bytes};
    operation->granule->locations = index;
    return made;
}

/* ---- orders ---- */

static bool acquires(int order) {
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}

static bool releases(int order) {
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

void location_fence(struct locations *locations, int order) {
    const bool sc = order == __ATOMIC_SEQ_CST;
    locations->sc_time += sc;
    causality_fence(locations->causality,
                    acquires(order),
                    releases(order),
                    sc ? locations->sc_time : 0);
}

void location_fence_all(struct locations *locations) {
    causality_fence_all(locations->causality, ++locations->sc_time);
}

/* ---- loads ---- */

static void
hand(struct locations *locations, struct causality_view *view, uint32_t vector, int order) {
    struct vectors *vectors = &locations->causality->vectors;
    if (vector == 0) {
        return;
    }
    if (acquires(order)) {
        vector_read(vectors, vector, &view->clock);
    } else {
        vector_merge(vectors, &view->pending, vector);
    }
}

/* What the last stores of these bytes hand over. Of several that overlap all do: too much order
 * hides a race, too little would make one up. */
static void load_newest(struct locations *locations,
                        struct causality_view *view,
                        const struct location_operation *operation) {
    for (uint32_t index = operation->granule->locations; index != 0;) {
        const struct location *location = location_at(locations, index);
        if ((location->bytes & operation->bytes) != 0) {
            hand(locations, view, location->vector, operation->order);
        }
        index = location->next;
    }
}

/* What the variable held, begun anew where something else than a store of ours has changed it. */
static struct past *
past_of(struct locations *locations, struct location *location, uint64_t newest) {
    if (location->past != 0) {
        struct past *past = past_at(locations, location->past);
        if (past->stores[past->count - 1].value == newest) {
            return past;
        }
        past_forget(locations, location);
    }
    location->past = take(locations, &locations->pasts);
    struct past *past = past_at(locations, location->past);
    past_begin(past, newest);
    return past;
}

/* Which store the running thread sees: alternative 0 is the newest. */
static uint32_t choose(struct locations *locations,
                       struct causality_view *view,
                       const struct past *past,
                       const struct location_operation *operation,
                       const void *site) {
    struct causality *causality = locations->causality;
    struct agent *self = schedule_running(locations->schedule);
    const uint32_t fences = causality->homes[view->node].fences;
    const bool sc = operation->order == __ATOMIC_SEQ_CST;
    const uint32_t floor = past_floor(past, &causality->vectors, view, sc, fences);
    const uint32_t newest = past->count - 1;
    uint32_t which = newest;
    if (floor != newest && view->stale < LOCATION_STALE_MAX) {
        which -= (uint32_t)choices_draw(locations->schedule->choices,
                                        CHOICE_STALE,
                                        self->node,
                                        &self->decider,
                                        site,
                                        newest - floor + 1);
    }
    if (operation->compares && past->stores[which].value == operation->expected) {
        which = newest;
    }
    view->stale = which == newest ? 0 : view->stale + 1;
    return which;
}

uint64_t location_load(struct locations *locations,
                       const struct location_operation *operation,
                       uint64_t newest,
                       const void *site) {
    struct causality_view *view = causality_view(locations->causality);
    const bool weak = locations->weak && !operation->opaque;
    struct location *location = weak ? find(locations, operation) : NULL;
    if (location == NULL) {
        load_newest(locations, view, operation);
        return newest;
    }
    struct past *past = past_of(locations, location, newest);
    const uint32_t which = choose(locations, view, past, operation, site);
    past_read(past, &locations->causality->vectors, view, which);
    if (which == past->count - 1) {
        load_newest(locations, view, operation);
    } else {
        hand(locations, view, past->stores[which].vector, operation->order);
    }
    return past->stores[which].value;
}

/* ---- stores ---- */

static void begin_sequence(struct locations *locations,
                           struct location *location,
                           const struct causality_view *view,
                           bool released) {
    struct vectors *vectors = &locations->causality->vectors;
    const uint32_t self = locations->schedule->self->id;
    if (released) {
        vector_set(vectors, &location->vector, &view->clock);
        location->owner = self;
    } else if (location->owner != self && location->owner != OWNER_MANY) {
        vector_copy(vectors, &location->vector, view->released);
        location->owner = 0;
    } else {
        vector_merge(vectors, &location->vector, view->released);
    }
}

static void go_on_with_sequence(struct locations *locations,
                                struct location *location,
                                const struct causality_view *view,
                                bool released) {
    struct vectors *vectors = &locations->causality->vectors;
    const uint32_t self = locations->schedule->self->id;
    if (released) {
        vector_join(vectors, &location->vector, &view->clock);
        location->owner = location->owner == 0 || location->owner == self ? self : OWNER_MANY;
    } else {
        vector_merge(vectors, &location->vector, view->released);
    }
}

void location_store(struct locations *locations,
                    const struct location_operation *operation,
                    bool updates,
                    uint64_t before,
                    uint64_t value) {
    struct causality_view *view = causality_view(locations->causality);
    struct location *location = find_or_make(locations, operation);
    struct past *past = NULL;
    if (operation->opaque) {
        past_forget(locations, location);
    } else if (locations->weak) {
        past = past_of(locations, location, before);
    }
    const bool released = releases(operation->order);
    if (updates) {
        load_newest(locations, view, operation);
        go_on_with_sequence(locations, location, view, released);
    } else {
        begin_sequence(locations, location, view, released);
    }
    if (past != NULL) {
        const bool sc = operation->order == __ATOMIC_SEQ_CST;
        struct vectors *vectors = &locations->causality->vectors;
        locations->sc_time += sc;
        if (updates) {
            past_read(past, vectors, view, past->count - 1);
        }
        past_push(past, vectors, view, value, location->vector, sc ? locations->sc_time : 0);
    }
    if (released) {
        causality_advance(view);
    }
}
