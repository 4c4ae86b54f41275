#include "sim/once.h"

#include <stddef.h>

#include "sim/causal.h"
#include "sim/object.h"
#include "sim/panic.h"

#define FRESH 0u
#define RUNS 1u /* in the low bits; the record's index stands above them */
#define DONE 2u
#define INDEX_SHIFT 2

struct once {
    struct wait_queue queue;
    uint32_t
        holder; /* display id of the thread that runs the initialiser, 0 = the record is free */
    uint32_t object;
};

uint64_t once_arena_size(void) {
    return (ONCE_MAX + UINT64_C(1)) * sizeof(struct once);
}

void once_init(struct onces *onces, struct arena *arena, struct schedule *schedule) {
    onces->schedule = schedule;
    pool_init(&onces->table, arena, sizeof(struct once), ONCE_MAX);
}

void once_begin(struct onces *onces) {
    pool_reset(&onces->table);
}

static struct once *record_at(const struct onces *onces, uint32_t index) {
    return (struct once *)pool_at(&onces->table, index);
}

/* The record that a word names, NULL when it names none. */
static struct once *record_of(const struct onces *onces, uint32_t word) {
    const uint32_t index = word >> INDEX_SHIFT;
    if ((word & ((1u << INDEX_SHIFT) - 1)) != RUNS || index == 0 || index > onces->table.count ||
        record_at(onces, index)->holder == 0) {
        return NULL;
    }
    return record_at(onces, index);
}

static void announce(const struct onces *onces, uint32_t word, const void *site) {
    const struct once *record = record_of(onces, word);
    const struct point point = {.kind = POINT_ONCE,
                                .write = 1,
                                .object = record == NULL ? 0 : record->object,
                                .site = site};
    schedule_point(onces->schedule, &point);
}

/* False when there is no record left; the verdict is set. */
static bool start(struct onces *onces, uint32_t *control) {
    struct schedule *schedule = onces->schedule;
    const uint32_t index = pool_take(&onces->table);
    if (index == 0) {
        verdict_set(schedule->verdict, VERDICT_LIMIT, "more than %u initialisers run", ONCE_MAX);
        return false;
    }
    *record_at(onces, index) = (struct once){.holder = schedule_running(schedule)->id,
                                             .object = schedule_object(schedule)};
    *control = index << INDEX_SHIFT | RUNS;
    return true;
}

enum once_answer once_enter(struct onces *onces, uint32_t *control, const void *site) {
    struct schedule *schedule = onces->schedule;
    announce(onces, *control, site);
    uint32_t object = 0;
    while (*control != FRESH && *control != DONE) {
        struct once *record = record_of(onces, *control);
        if (record == NULL) {
            return ONCE_WILD;
        }
        object = record->object;
        const struct wait_cause cause = {.kind = POINT_ONCE,
                                         .object = object,
                                         .holder = &record->holder,
                                         .site = site};
        object_wait(schedule, &record->queue, AGENDA_NEVER, &cause);
    }
    if (*control == DONE) { /* whose record is gone */
        causal_learns(schedule);
        schedule_event(schedule, POINT_ONCE, object, ONCE_DONE, site);
        return ONCE_DONE;
    }
    if (!start(onces, control)) {
        schedule_end(schedule);
    }
    object = record_of(onces, *control)->object;
    causal_learns(schedule); /* of who left it early */
    schedule_event(schedule, POINT_ONCE, object, ONCE_RUN, site);
    return ONCE_RUN;
}

void once_leave(struct onces *onces, uint32_t *control, bool done, const void *site) {
    announce(onces, *control, site);
    struct once *record = record_of(onces, *control);
    if (record == NULL) {
        return; /* the program wrote over its own control */
    }
    const uint32_t index = *control >> INDEX_SHIFT;
    causal_tells(onces->schedule);
    *control = done ? DONE : FRESH;
    schedule_event(onces->schedule, POINT_ONCE, record->object, done ? ONCE_DONE : -1, site);
    schedule_wake(onces->schedule, &record->queue, UINT32_MAX);
    record->holder = 0;
    pool_give(&onces->table, index);
}
