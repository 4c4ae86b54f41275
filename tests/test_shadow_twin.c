/* Data races, beside a twin that remembers every access and, for each thread, all that it knows of:
 * where the one sees a race, so does the other. */
#include "sim/shadow.h"

#include "sim/causal.h"
#include "sim/random.h"
#include "tests/schedule_fixture.h"
#include "tests/suite.h"

#define TWIN_THREADS 4u
#define OPERATIONS 60u
#define EVENTS_MAX (TWIN_THREADS * OPERATIONS)
#define VARIABLES 3u /* of two halves each */
#define LOCKS 2u
#define SEEDS 20000u

static struct causality causality;
static struct granules granules;
static struct shadow shadow;
static uint64_t memory[VARIABLES];

/* ---- the twin ---- */

struct knowledge {
    bool of[EVENTS_MAX];
};

struct twin_access {
    uint32_t thread, first, size, flags;
};

struct twin_location { /* of four or eight bytes at a place */
    struct knowledge given;
    uint32_t owner; /* who began the release sequence */
    bool many;
};

static struct {
    struct twin_access events[EVENTS_MAX];
    uint32_t count;
    struct knowledge known[TWIN_THREADS + 1], fenced[TWIN_THREADS + 1], pending[TWIN_THREADS + 1];
    struct knowledge locks[LOCKS], readers[LOCKS], kernel;
    struct twin_location locations[VARIABLES][3]; /* lower half, upper half, all */
    bool races;                                   /* the last access did */
    bool with[TWIN_THREADS + 1];                  /* against one of this thread */
} twin;

static void learn(struct knowledge *to, const struct knowledge *from) {
    for (uint32_t i = 0; i < twin.count; i++) {
        to->of[i] |= from->of[i];
    }
}

static void twin_look(uint32_t self, uint32_t first, uint32_t size, uint32_t flags) {
    for (uint32_t i = 0; i < twin.count; i++) {
        const struct twin_access *before = &twin.events[i];
        const bool touch = before->first < first + size && first < before->first + before->size;
        const bool writes = ((before->flags | flags) & SHADOW_WRITE) != 0;
        const bool atomic = (before->flags & flags & SHADOW_ATOMIC) != 0;
        if (touch && writes && !atomic && !twin.known[self].of[i]) {
            twin.races = true;
            twin.with[before->thread] = true;
        }
    }
    twin.known[self].of[twin.count] = true;
    twin.events[twin.count++] = (struct twin_access){self, first, size, flags};
}

static bool overlap(uint32_t part, uint32_t other) {
    return part == other || part == 2 || other == 2;
}

static void twin_atomic(uint32_t self,
                        uint32_t variable,
                        uint32_t part,
                        enum shadow_kind operation,
                        bool acquired,
                        bool released) {
    struct twin_location *location = &twin.locations[variable][part];
    struct knowledge *known = &twin.known[self];
    for (uint32_t other = 0; other < 3 && operation != SHADOW_STORE; other++) {
        if (overlap(part, other)) {
            learn(acquired ? known : &twin.pending[self], &twin.locations[variable][other].given);
        }
    }
    if (operation == SHADOW_LOAD) {
        return;
    }
    const bool own = location->owner == self || location->many;
    if (operation == SHADOW_STORE && (released || !own)) {
        location->given = (struct knowledge){0};
        location->owner = released ? self : 0;
        location->many = false;
    } else if (operation == SHADOW_UPDATE && released) {
        location->many |= location->owner != 0 && location->owner != self;
        location->owner = self;
    }
    learn(&location->given, released ? known : &twin.fenced[self]);
}

/* ---- operations on both ---- */

static const int orders[] = {__ATOMIC_RELAXED,
                             __ATOMIC_ACQUIRE,
                             __ATOMIC_RELEASE,
                             __ATOMIC_ACQ_REL,
                             __ATOMIC_SEQ_CST};

static bool is_acquire(int order) {
    return order == __ATOMIC_ACQUIRE || order >= __ATOMIC_ACQ_REL;
}

static void plain(uint32_t self, struct random *dice) {
    const uint32_t first = (uint32_t)random_below(dice, VARIABLES * 8);
    const uint32_t room = VARIABLES * 8 - first;
    const uint32_t size = 1 + (uint32_t)random_below(dice, room < 12 ? room : 12);
    const uint32_t flags = random_below(dice, 3) == 0 ? SHADOW_WRITE : 0;
    twin_look(self, first, size, flags);
    shadow_access(&shadow, (uintptr_t)memory + first, size, flags, NULL);
}

static void atomic(uint32_t self, struct random *dice) {
    const uint32_t variable = (uint32_t)random_below(dice, VARIABLES);
    const uint32_t part = (uint32_t)random_below(dice, 3);
    const enum shadow_kind operation = (enum shadow_kind)random_below(dice, 3);
    const int order = orders[random_below(dice, sizeof orders / sizeof orders[0])];
    const uint32_t first = variable * 8 + (part == 1 ? 4 : 0);
    const uint32_t size = part == 2 ? 8 : 4;
    const uint32_t flags = operation == SHADOW_LOAD ? SHADOW_ATOMIC : SHADOW_ATOMIC | SHADOW_WRITE;
    twin_look(self, first, size, flags);
    if (!twin.races) {
        twin_atomic(self, variable, part, operation, is_acquire(order), order >= __ATOMIC_RELEASE);
    }
    const uintptr_t address = (uintptr_t)memory + first;
    const struct shadow_operation what = {.granule = granule_at(&granules, address),
                                          .address = address,
                                          .size = size,
                                          .kind = operation,
                                          .order = order};
    shadow_atomic(&shadow, &what, 0, 0, NULL);
}

static void fence(uint32_t self, struct random *dice) {
    const int order = orders[1 + random_below(dice, 4)];
    if (is_acquire(order)) {
        learn(&twin.known[self], &twin.pending[self]);
    }
    if (order >= __ATOMIC_RELEASE) {
        twin.fenced[self] = twin.known[self];
    }
    shadow_fence(&shadow, order);
}

static void lock(uint32_t self, struct random *dice) {
    const uint32_t which = (uint32_t)random_below(dice, LOCKS);
    switch (random_below(dice, 6)) {
    case 0:
        learn(&twin.locks[which], &twin.known[self]);
        causal_gives(schedule, which + 1);
        break;
    case 1:
        learn(&twin.readers[which], &twin.known[self]);
        causal_gives_as_reader(schedule, which + 1);
        break;
    case 2:
        learn(&twin.known[self], &twin.locks[which]);
        causal_gets(schedule, which + 1);
        break;
    case 3:
        learn(&twin.known[self], &twin.readers[which]);
        causal_gets_after_readers(schedule, which + 1);
        break;
    case 4:
        learn(&twin.kernel, &twin.known[self]);
        causal_tells(schedule);
        break;
    default:
        learn(&twin.known[self], &twin.kernel);
        causal_learns(schedule);
        break;
    }
}

static uint64_t dice_seed;

static void operate(uint32_t self) {
    struct random dice;
    random_init(&dice, dice_seed + self);
    const uint64_t plains = random_below(&dice, 4); /* few, or the first ones race in each run */
    const uint64_t kinds = dice_seed % 8 == 0 ? 20 : 200;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        const uint64_t kind = random_below(&dice, 20);
        point();
        if (random_below(&dice, kinds) < plains) {
            plain(self, &dice);
        } else if (kind < 10) {
            atomic(self, &dice);
        } else if (kind < 12) {
            fence(self, &dice);
        } else {
            lock(self, &dice);
        }
        ck_assert_msg(!twin.races, "the twin alone sees a race");
    }
}

/* ---- runs ---- */

static void begin(void) {
    memset(&twin, 0, sizeof twin);
    granules_begin(&granules);
    causality_begin(&causality, 1);
    shadow_begin(&shadow, true, false);
    schedule->causality = &causality;
    for (uint32_t id = 1; id <= TWIN_THREADS; id++) {
        causality_birth(&causality, id == 1 ? 0 : 1, id, 1);
    }
}

static void open_shadow(void) {
    static struct arena arena;
    const size_t size =
        granule_arena_size() + causality_arena_size(TWIN_THREADS) + shadow_arena_size() + 65536;
    void *block = mmap(NULL,
                       size,
                       PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                       -1,
                       0);
    ck_assert_ptr_ne(block, MAP_FAILED);
    open_handler();
    arena_init(&arena, block, size);
    granules_init(&granules, &arena, schedule);
    causality_init(&causality, &arena, schedule, TWIN_THREADS);
    shadow_init(&shadow, &arena, &causality, &granules);
    fixture.begin = begin;
}

START_TEST(races_are_those_of_the_twin) {
    uint32_t found = 0;
    uint32_t clean = 0;
    open_shadow();
    for (uint64_t seed = 1; seed <= SUITE_SHARE(SEEDS); seed++) {
        dice_seed = seed * TWIN_THREADS;
        const enum verdict_kind kind = run_random(seed, TWIN_THREADS, operate);
        const struct verdict *verdict = &fixture.verdict;
        ck_assert_msg((kind == VERDICT_RACE) == twin.races, "seed %" PRIu64, seed);
        ck_assert_msg(kind == VERDICT_RACE || kind == VERDICT_PASS, "%s", verdict->message);
        if (kind == VERDICT_RACE) {
            ck_assert_uint_ne(verdict->other, verdict->thread);
            ck_assert(twin.with[verdict->other]);
            found++;
        } else {
            clean++;
        }
    }
    ck_assert_uint_gt(found, SUITE_SHARE(SEEDS) / 10);
    ck_assert_uint_gt(clean, SUITE_SHARE(SEEDS) / 10);
}
END_TEST

SUITE(shadow_twin) {
    SUITE_TEST(races_are_those_of_the_twin);
}
