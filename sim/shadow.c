#include "sim/shadow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

#define ORDER_BITS 7 /* above them are hints */
#define WHOLE 0xffu
#define OWNER_MANY UINT32_MAX

struct access {
    uint32_t next; /* first: the pool's link */
    uint32_t epoch;
    uint32_t thread; /* display id */
    uint8_t lane, flags, bytes, unused;
    uint64_t site;
    uint64_t step; /* events of the trace before it */
};

struct location {
    uint32_t next;
    uint32_t vector; /* what who reads it with acquire is handed */
    uint32_t owner;  /* thread that began the release sequence, 0 = none, or OWNER_MANY */
    uint32_t bytes;
};

uint64_t shadow_arena_size(void) {
    return (SHADOW_ACCESSES_MAX + UINT64_C(1)) * sizeof(struct access) +
           (SHADOW_LOCATIONS_MAX + UINT64_C(1)) * sizeof(struct location);
}

void shadow_init(struct shadow *shadow,
                 struct arena *arena,
                 struct causality *causality,
                 struct granules *granules) {
    *shadow = (struct shadow){.schedule = granules->schedule,
                              .causality = causality,
                              .granules = granules};
    pool_init(&shadow->accesses, arena, sizeof(struct access), SHADOW_ACCESSES_MAX);
    pool_init(&shadow->locations, arena, sizeof(struct location), SHADOW_LOCATIONS_MAX);
}

void shadow_begin(struct shadow *shadow) {
    pool_reset(&shadow->accesses);
    pool_reset(&shadow->locations);
}

static struct access *access_at(const struct shadow *shadow, uint32_t index) {
    return pool_at(&shadow->accesses, index);
}

static struct location *location_at(const struct shadow *shadow, uint32_t index) {
    return pool_at(&shadow->locations, index);
}

static uint32_t take(struct shadow *shadow, struct pool *pool, const char *what) {
    const uint32_t index = pool_take(pool);
    if (index == 0) {
        verdict_set(shadow->schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %" PRIu32 " %s are kept to look for data races",
                    pool->capacity,
                    what);
        schedule_end(shadow->schedule);
    }
    return index;
}

/* Nobody is known to have accessed it. */
static void clear(struct shadow *shadow, struct granule *granule) {
    while (granule->accesses != 0) {
        const uint32_t index = granule->accesses;
        granule->accesses = access_at(shadow, index)->next;
        pool_give(&shadow->accesses, index);
    }
    while (granule->locations != 0) {
        const uint32_t index = granule->locations;
        struct location *location = location_at(shadow, index);
        granule->locations = location->next;
        vector_drop(&shadow->causality->vectors, &location->vector);
        pool_give(&shadow->locations, index);
    }
}

/* What another process did there was not to this memory. */
static inline void
own(struct shadow *shadow, struct granule *granule, const struct causality_view *view) {
    if (__builtin_expect(granule->process != view->process, 0)) {
        clear(shadow, granule);
        granule->process = view->process;
    }
}

/* Which bytes of its word an access touches that ends before `end`. */
static uint8_t bytes_of(uintptr_t address, uintptr_t end) {
    const uintptr_t first = address % GRANULE_BYTES;
    const uintptr_t left = end - address;
    const uintptr_t count = left < GRANULE_BYTES - first ? left : GRANULE_BYTES - first;
    return (uint8_t)((WHOLE >> (GRANULE_BYTES - count)) << first);
}

/* ---- races ---- */

static const char *now_does(uint32_t flags) {
    static const char *const words[] = {"reads",
                                        "writes",
                                        "reads (atomically)",
                                        "writes (atomically)"};
    return (flags & SHADOW_FREE) != 0 ? "frees" : words[flags];
}

static const char *had_done(uint32_t flags) {
    static const char *const words[] = {"read",
                                        "written",
                                        "read (atomically)",
                                        "written (atomically)"};
    return words[flags];
}

static _Noreturn void
race(struct shadow *shadow, const struct access *before, uint32_t flags, const void *site) {
    static const char name[] = "nothing orders two accesses";
    struct verdict *verdict = shadow->schedule->verdict;
    char message[VERDICT_MESSAGE_SIZE];
    snprintf(message,
             sizeof message,
             "%s: thread %" PRIu32 " %s what thread %" PRIu32 " has %s",
             name,
             shadow->schedule->self->id,
             now_does(flags),
             before->thread,
             had_done(before->flags));
    verdict->named = sizeof name - 1;
    verdict->other = before->thread;
    verdict->other_site = before->site;
    verdict->other_step = before->step;
    schedule_fail(shadow->schedule, shadow->schedule->running, VERDICT_RACE, site, message);
}

static bool conflict(uint32_t one, uint32_t other) {
    return ((one | other) & SHADOW_WRITE) != 0 && (one & other & SHADOW_ATOMIC) == 0;
}

/* Whether all that would race with `old` would race with `new`. */
static bool covers(uint32_t new_flags, uint32_t old_flags) {
    const uint32_t lost = old_flags & ~new_flags & SHADOW_WRITE;
    const uint32_t weaker = new_flags & ~old_flags & SHADOW_ATOMIC;
    return (lost | weaker) == 0;
}

static void drop(struct shadow *shadow, uint32_t access) {
    if (access != 0) {
        pool_give(&shadow->accesses, access);
    }
}

/* Looks at all accesses of these bytes, and forgets those that the new one covers. Returns a record
 * of one of them, to be used again or given back; 0 = none. */
static uint32_t compare(struct shadow *shadow,
                        struct granule *granule,
                        const struct causality_view *view,
                        uint8_t bytes,
                        uint32_t flags,
                        const void *site) {
    uint32_t *link = &granule->accesses;
    uint32_t spare = 0;
    while (*link != 0) {
        const uint32_t index = *link;
        struct access *before = access_at(shadow, index);
        const bool touches = (before->bytes & bytes) != 0;
        const bool ordered = before->epoch <= view->clock.at[before->lane];
        if (touches && !ordered && conflict(before->flags, flags)) {
            race(shadow, before, flags, site);
        }
        if (touches && ordered && (before->bytes & ~bytes) == 0 && covers(flags, before->flags)) {
            *link = before->next;
            drop(shadow, spare);
            spare = index;
        } else {
            link = &before->next;
        }
    }
    return spare;
}

static void note(struct shadow *shadow,
                 struct granule *granule,
                 const struct causality_view *view,
                 uint8_t bytes,
                 uint32_t flags,
                 uint32_t spare,
                 const void *site) {
    const uint32_t index =
        spare != 0 ? spare : take(shadow, &shadow->accesses, "accesses to memory");
    struct access *access = access_at(shadow, index);
    access->next = granule->accesses; /* field by field, as in schedule_announce */
    access->epoch = view->clock.at[view->lane];
    access->thread = shadow->schedule->self->id;
    access->lane = (uint8_t)view->lane;
    access->flags = (uint8_t)flags;
    access->bytes = bytes;
    access->site = (uint64_t)(uintptr_t)site;
    access->step = shadow->schedule->trace->count;
    granule->accesses = index;
}

/* Whether the last access was the same, of the same epoch. */
static inline bool repeats(const struct shadow *shadow,
                           const struct granule *granule,
                           const struct causality_view *view,
                           uint8_t bytes,
                           uint32_t flags) {
    const struct access *last = access_at(shadow, granule->accesses);
    return granule->accesses != 0 && last->lane == view->lane && last->bytes == bytes &&
           last->flags == flags && last->epoch == view->clock.at[view->lane];
}

static inline void access_word(struct shadow *shadow,
                               struct granule *granule,
                               const struct causality_view *view,
                               uint8_t bytes,
                               uint32_t flags,
                               const void *site) {
    if (!repeats(shadow, granule, view, bytes, flags)) {
        const uint32_t spare = compare(shadow, granule, view, bytes, flags, site);
        note(shadow, granule, view, bytes, flags, spare, site);
    }
}

void shadow_access(struct shadow *shadow,
                   uintptr_t address,
                   uint64_t size,
                   uint32_t flags,
                   const void *site) {
    const struct causality_view *view = causality_view(shadow->causality);
    const uintptr_t end = address + size;
    while (address < end) {
        struct granule *granule = granule_at(shadow->granules, address);
        own(shadow, granule, view);
        access_word(shadow, granule, view, bytes_of(address, end), flags, site);
        address = (address | (GRANULE_BYTES - 1)) + 1;
    }
}

/* ---- what atomics hand over ---- */

static bool acquires(int order) {
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}

static bool releases(int order) {
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/* What those locations hand over that have a byte in common. */
static void location_read(struct shadow *shadow,
                          const struct granule *granule,
                          struct causality_view *view,
                          uint32_t bytes,
                          bool acquired) {
    struct vectors *vectors = &shadow->causality->vectors;
    for (uint32_t index = granule->locations; index != 0;) {
        const struct location *location = location_at(shadow, index);
        if ((location->bytes & bytes) != 0 && location->vector != 0) {
            if (acquired) {
                vector_read(vectors, location->vector, &view->clock);
            } else {
                vector_merge(vectors, &view->pending, location->vector);
            }
        }
        index = location->next;
    }
}

/* The location of these bytes, made when it is needed. Others of the same bytes keep what they
 * have: too much order hides a race, too little would make one up. */
static struct location *
location_find(struct shadow *shadow, struct granule *granule, uint32_t bytes) {
    uint32_t index = granule->locations;
    while (index != 0 && location_at(shadow, index)->bytes != bytes) {
        index = location_at(shadow, index)->next;
    }
    if (index == 0) {
        index = take(shadow, &shadow->locations, "atomic variables");
        *location_at(shadow, index) = (struct location){.next = granule->locations, .bytes = bytes};
        granule->locations = index;
    }
    return location_at(shadow, index);
}

static void location_store(struct shadow *shadow,
                           struct location *location,
                           struct causality_view *view,
                           bool released) {
    struct vectors *vectors = &shadow->causality->vectors;
    const uint32_t self = shadow->schedule->self->id;
    if (released) {
        vector_set(vectors, &location->vector, &view->clock);
        causality_advance(view);
        location->owner = self;
    } else if (location->owner != self && location->owner != OWNER_MANY) {
        vector_copy(vectors, &location->vector, view->released);
        location->owner = 0;
    } else {
        vector_merge(vectors, &location->vector, view->released);
    }
}

static void location_update(struct shadow *shadow,
                            struct location *location,
                            struct causality_view *view,
                            bool released) {
    struct vectors *vectors = &shadow->causality->vectors;
    const uint32_t self = shadow->schedule->self->id;
    if (released) {
        vector_join(vectors, &location->vector, &view->clock);
        causality_advance(view);
        location->owner = location->owner == 0 || location->owner == self ? self : OWNER_MANY;
    } else {
        vector_merge(vectors, &location->vector, view->released);
    }
}

void shadow_atomic(struct shadow *shadow,
                   struct granule *granule,
                   uintptr_t address,
                   uint32_t size,
                   enum shadow_operation operation,
                   int order,
                   const void *site) {
    struct causality_view *view = causality_view(shadow->causality);
    const uint32_t flags = operation == SHADOW_LOAD ? SHADOW_ATOMIC : SHADOW_ATOMIC | SHADOW_WRITE;
    const uint8_t bytes = bytes_of(address, address + size);
    own(shadow, granule, view);
    access_word(shadow, granule, view, bytes, flags, site);
    if (__builtin_expect(size > GRANULE_BYTES, 0)) {
        const uintptr_t rest = address + GRANULE_BYTES;
        shadow_access(shadow, rest, size - GRANULE_BYTES, flags, site);
    }
    order &= ORDER_BITS;
    if (operation != SHADOW_STORE) {
        location_read(shadow, granule, view, bytes, acquires(order));
    }
    if (operation == SHADOW_STORE) {
        location_store(shadow, location_find(shadow, granule, bytes), view, releases(order));
    } else if (operation == SHADOW_UPDATE) {
        location_update(shadow, location_find(shadow, granule, bytes), view, releases(order));
    }
}

void shadow_fence(struct shadow *shadow, int order) {
    order &= ORDER_BITS;
    causality_fence(shadow->causality, acquires(order), releases(order));
}

/* ---- memory that goes ---- */

struct giver {
    struct shadow *shadow;
    const struct causality_view *view;
    const void *site;
};

static void give(void *context, struct granule *granule) {
    const struct giver *giver = context;
    if (granule->process == giver->view->process) {
        const uint32_t flags = SHADOW_WRITE | SHADOW_FREE;
        drop(giver->shadow,
             compare(giver->shadow, granule, giver->view, WHOLE, flags, giver->site));
    }
    clear(giver->shadow, granule);
}

void shadow_free(struct shadow *shadow, const void *block, uint64_t size, const void *site) {
    struct giver giver = {shadow, causality_view(shadow->causality), site};
    granule_each(shadow->granules, block, size, give, &giver);
}

static void forget(void *context, struct granule *granule) {
    clear(context, granule);
}

void shadow_forget(struct shadow *shadow, const void *block, uint64_t size) {
    granule_each(shadow->granules, block, size, forget, shadow);
}
