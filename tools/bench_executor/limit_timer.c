#include <stdlib.h>

#include "tools/bench_executor/deadline.h"
#include "tools/bench_executor/limit.h"
#include "tools/bench_executor/row.h"

#define LEVELS 6
#define SLOT_BITS 6
#define SLOTS 64

struct timer {
    struct timer *next;
    struct timer *previous;
    uint64_t due_ms;
    void (*fire)(struct timer *timer);
};

/*   level 0: one slot a millisecond | level 1: one for 64 of them | level 2: one for 4096 | …
 *
 * A timer is in the level of the highest bit in which its time differs from now. A slot is a ring
 * with itself as the end, so that a timer leaves it without knowing it; `occupied` may then say too
 * much, and is corrected when the slot is visited. */
static struct {
    uint64_t now_ms;
    uint64_t occupied[LEVELS];
    struct timer slots[LEVELS][SLOTS];
} wheel;

static struct timer *timers;
static uint64_t fired;

static void wheel_init(void) {
    wheel.now_ms = 0;
    for (unsigned level = 0; level < LEVELS; level++) {
        wheel.occupied[level] = 0;
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            struct timer *ring = &wheel.slots[level][slot];
            ring->next = ring->previous = ring;
        }
    }
}

static void wheel_insert(struct timer *timer) {
    const uint64_t differing = timer->due_ms ^ wheel.now_ms;
    const unsigned level = (63 - (unsigned)__builtin_clzll(differing | 1)) / SLOT_BITS;
    const unsigned slot = timer->due_ms >> (level * SLOT_BITS) & (SLOTS - 1);
    struct timer *ring = &wheel.slots[level][slot];
    timer->next = ring;
    timer->previous = ring->previous;
    ring->previous->next = timer;
    ring->previous = timer;
    wheel.occupied[level] |= UINT64_C(1) << slot;
}

static void wheel_cancel(struct timer *timer) {
    timer->next->previous = timer->previous;
    timer->previous->next = timer->next;
}

/* Empties the slot that comes next: fires what is due there,
 * or spreads it over the levels below. */
static void wheel_turn(void) {
    unsigned level = 0;
    uint64_t later = 0;
    for (; level < LEVELS; level++) {
        const unsigned at = wheel.now_ms >> (level * SLOT_BITS) & (SLOTS - 1);
        later = wheel.occupied[level] & ~(UINT64_MAX >> (SLOTS - 1 - at));
        if (later != 0) {
            break;
        }
    }
    row_expect(level < LEVELS, "there is a timer that is not due yet");
    const unsigned slot = (unsigned)__builtin_ctzll(later);
    const unsigned shift = level * SLOT_BITS;
    wheel.occupied[level] &= ~(UINT64_C(1) << slot);
    wheel.now_ms = (wheel.now_ms >> shift >> SLOT_BITS << SLOT_BITS | slot) << shift;
    struct timer *ring = &wheel.slots[level][slot];
    struct timer *timer = ring->next;
    ring->next = ring->previous = ring;
    while (timer != ring) {
        struct timer *next = timer->next;
        if (timer->due_ms == wheel.now_ms) {
            timer->fire(timer);
        } else {
            wheel_insert(timer);
        }
        timer = next;
    }
}

static void count_fired(struct timer *timer) {
    fired++;
    timer->next = NULL;
}

static void prepare(void) {
    timers = malloc(DEADLINE_TIMERS * sizeof *timers);
    row_expect(timers != NULL, "there is memory for the timers");
    uint64_t state = 1;
    for (uint32_t i = 0; i < DEADLINE_TIMERS; i++) {
        timers[i] = (struct timer){.due_ms = deadline_ms(&state), .fire = count_fired};
    }
    wheel_init();
    fired = 0;
}

static void insert(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        wheel_insert(&timers[i]);
    }
}

uint64_t limit_timer_insert(uint64_t count) {
    prepare();
    const uint64_t before = row_cpu_ns();
    insert(count);
    const uint64_t spent = row_cpu_ns() - before;
    free(timers);
    return spent;
}

uint64_t limit_timer_cancel(uint64_t count) {
    prepare();
    insert(DEADLINE_TIMERS);
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        wheel_cancel(&timers[i]);
    }
    const uint64_t spent = row_cpu_ns() - before;
    free(timers);
    return spent;
}

uint64_t limit_timer_fire(uint64_t count) {
    prepare();
    insert(DEADLINE_TIMERS);
    const uint64_t before = row_cpu_ns();
    while (fired < count) {
        wheel_turn();
    }
    const uint64_t spent = row_cpu_ns() - before;
    free(timers);
    return spent;
}
