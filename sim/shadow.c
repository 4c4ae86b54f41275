#include "sim/shadow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

#define ORDER_BITS 7 /* above them are hints */
#define WHOLE 0xffu

struct access {
    uint32_t next; /* first: the pool's link */
    uint32_t epoch;
    uint32_t thread; /* display id */
    uint8_t lane, flags, bytes, unused;
    uint64_t site;
    uint64_t step; /* events of the trace before it */
};

uint64_t shadow_arena_size(void) {
    return (SHADOW_ACCESSES_MAX + UINT64_C(1)) * sizeof(struct access) + location_arena_size();
}

void shadow_init(struct shadow *shadow,
                 struct arena *arena,
                 struct causality *causality,
                 struct granules *granules) {
    *shadow = (struct shadow){.schedule = granules->schedule,
                              .causality = causality,
                              .granules = granules};
    pool_init(&shadow->accesses, arena, sizeof(struct access), SHADOW_ACCESSES_MAX);
    locations_init(&shadow->locations, arena, causality);
}

void shadow_begin(struct shadow *shadow, bool races, bool weak) {
    pool_reset(&shadow->accesses);
    locations_begin(&shadow->locations, weak);
    shadow->races = races;
}

static struct access *access_at(const struct shadow *shadow, uint32_t index) {
    return pool_at(&shadow->accesses, index);
}

static uint32_t take(struct shadow *shadow) {
    const uint32_t index = pool_take(&shadow->accesses);
    if (index == 0) {
        verdict_set(shadow->schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %" PRIu32 " accesses to memory are kept: search with --races off",
                    SHADOW_ACCESSES_MAX);
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
    location_clear(&shadow->locations, granule);
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
    const uint32_t index = spare != 0 ? spare : take(shadow);
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
    if (shadow->races && !repeats(shadow, granule, view, bytes, flags)) {
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

/* ---- atomics ---- */

uint64_t shadow_atomic(struct shadow *shadow,
                       const struct shadow_operation *operation,
                       uint64_t before,
                       uint64_t value,
                       const void *site) {
    const struct causality_view *view = causality_view(shadow->causality);
    const uintptr_t end = operation->address + operation->size;
    const uint8_t bytes = bytes_of(operation->address, end);
    const uint32_t flags =
        operation->kind == SHADOW_LOAD ? SHADOW_ATOMIC : SHADOW_ATOMIC | SHADOW_WRITE;
    const struct location_operation at = {.granule = operation->granule,
                                          .bytes = bytes,
                                          .order = operation->order & ORDER_BITS,
                                          .opaque =
                                              operation->opaque || operation->size > GRANULE_BYTES,
                                          .compares = operation->compares,
                                          .expected = operation->expected};
    own(shadow, operation->granule, view);
    access_word(shadow, operation->granule, view, bytes, flags, site);
    if (__builtin_expect(operation->size > GRANULE_BYTES, 0)) {
        const uintptr_t rest = operation->address + GRANULE_BYTES;
        shadow_access(shadow, rest, operation->size - GRANULE_BYTES, flags, site);
    }
    if (operation->kind == SHADOW_LOAD) {
        return location_load(&shadow->locations, &at, before, site);
    }
    location_store(&shadow->locations, &at, operation->kind == SHADOW_UPDATE, before, value);
    return value;
}

void shadow_fence(struct shadow *shadow, int order) {
    location_fence(&shadow->locations, order & ORDER_BITS);
}

/* ---- memory that goes ---- */

struct giver {
    struct shadow *shadow;
    const struct causality_view *view;
    const void *site;
};

static void give(void *context, struct granule *granule) {
    const struct giver *giver = context;
    if (giver->shadow->races && granule->process == giver->view->process) {
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
