/* Strategies as oracles: what they answer to candidates that no scheduler made. */
#include "sim/strategy.h"

#include <stdbool.h>
#include <string.h>

#include "tests/strategy_fixture.h"
#include "tests/suite.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define SEEDS 400
#define AGENTS STRATEGY_FIXTURE_AGENTS
#define FIRST_PRIORITY (UINT64_C(1) << 62) /* all agents are born above, and demoted below */

static const uint32_t *const ready = strategy_fixture_ready;
static uint64_t priority[AGENTS + 1];

/* Candidates of which the agent at `running` runs and may go on. */
static struct candidates staying(uint32_t count, uint32_t running) {
    struct candidates set = strategy_fixture_staying(count, running, 0);
    set.priority = priority;
    return set;
}

/* The same, and what runs yields: production goes on with the one at `oldest`. */
static struct candidates yielding(uint32_t count, uint32_t running, uint32_t oldest) {
    struct candidates set = staying(count, running);
    set.production = oldest;
    set.stays = false;
    return set;
}

static void begin(struct strategy *strategy, enum strategy_kind kind, uint64_t seed) {
    const struct strategy_spec spec = {.kind = kind};
    strategy_begin(strategy, &spec, seed);
}

/* ---- candidates ---- */

START_TEST(alternatives_number_the_positions_and_0_is_production) {
    for (uint32_t count = 2; count <= AGENTS; count++) {
        for (uint32_t production = 0; production < count; production++) {
            const struct candidates set = staying(count, production);
            uint32_t seen = 0;
            for (uint32_t position = 0; position < count; position++) {
                const uint32_t alternative = candidates_alternative(set.production, position);
                ck_assert_uint_lt(alternative, count);
                ck_assert((alternative == 0) == (position == production));
                ck_assert_uint_eq(candidates_place(set.production, alternative), position);
                seen |= 1u << alternative;
            }
            ck_assert_uint_eq(seen, (1u << count) - 1);
        }
    }
}
END_TEST

/* ---- fifo, random, sticky ---- */

START_TEST(fifo_does_what_production_would_do) {
    struct strategy strategy;
    begin(&strategy, STRATEGY_FIFO, 1);

    for (uint32_t at = 0; at < AGENTS; at++) {
        struct candidates set = staying(AGENTS, at);
        ck_assert_uint_eq(strategy_pick(&strategy, &set, false), at);
        set.streak = STRATEGY_SPIN_MAX - 1;
        ck_assert_uint_eq(strategy_pick(&strategy, &set, false), at);
        set = yielding(AGENTS, at, (at + 3) % AGENTS);
        ck_assert_uint_eq(strategy_pick(&strategy, &set, true), (at + 3) % AGENTS);
    }
    ck_assert_uint_eq(strategy_birth(&strategy), 0);
}
END_TEST

START_TEST(under_fifo_who_spins_gives_way_to_the_one_that_is_ready_longest) {
    struct strategy strategy;
    begin(&strategy, STRATEGY_FIFO, 1);

    for (uint32_t at = 0; at < AGENTS; at++) {
        for (uint32_t other = 0; other < AGENTS; other++) {
            struct candidates set = staying(AGENTS, at);
            set.streak = STRATEGY_SPIN_MAX;
            set.longest = other;
            ck_assert_uint_eq(strategy_pick(&strategy, &set, false), other);
        }
    }
}
END_TEST

START_TEST(random_takes_every_candidate_alike) {
    enum { EACH = 10000, COUNT = 5 };
    uint32_t counts[COUNT] = {0};
    struct strategy strategy;
    begin(&strategy, STRATEGY_RANDOM, 3);

    for (unsigned i = 0; i < EACH * COUNT; i++) {
        const struct candidates set = staying(COUNT, i % COUNT);
        counts[strategy_pick(&strategy, &set, i % 2 == 0)]++;
    }

    for (unsigned i = 0; i < COUNT; i++) { /* five standard deviations */
        ck_assert_uint_gt(counts[i], EACH - 450);
        ck_assert_uint_lt(counts[i], EACH + 450);
    }
}
END_TEST

START_TEST(sticky_stays_in_seven_of_eight_and_else_takes_all_alike) {
    enum { TIMES = 80000, COUNT = 4 };
    uint32_t stayed = 0;
    uint32_t yielded[COUNT] = {0};
    uint32_t others[COUNT] = {0};
    struct strategy strategy;
    begin(&strategy, STRATEGY_STICKY, 3);

    for (unsigned i = 0; i < TIMES; i++) {
        const uint32_t at = i % COUNT;
        const struct candidates set = staying(COUNT, at);
        const uint32_t picked = strategy_pick(&strategy, &set, false);
        stayed += picked == at;
        others[(picked + COUNT - at) % COUNT]++;
        const struct candidates gives_way = yielding(COUNT, at, (at + 1) % COUNT);
        yielded[strategy_pick(&strategy, &gives_way, true)]++;
    }

    /* 7/8, and a quarter of the last eighth; five standard deviations are below 500. */
    const uint32_t expected = TIMES / 32 * 29;
    ck_assert_uint_gt(stayed, expected - 500);
    ck_assert_uint_lt(stayed, expected + 500);
    for (unsigned i = 0; i < COUNT; i++) {
        ck_assert_uint_gt(yielded[i], TIMES / COUNT - 700);
        ck_assert_uint_lt(yielded[i], TIMES / COUNT + 700);
        ck_assert(i == 0 || (others[i] > TIMES / 32 - 270 && others[i] < TIMES / 32 + 270));
    }
}
END_TEST

/* ---- mix ---- */

START_TEST(mix_is_equal_parts_of_the_others_and_depths) {
    enum { TIMES = 30000 };
    const struct strategy_spec mix = {.kind = STRATEGY_MIX, .steps = 50};
    uint32_t kinds[STRATEGY_KIND_COUNT] = {0};
    uint32_t depths[STRATEGY_PCT_DEPTH_MAX + 1] = {0};

    for (uint64_t seed = 0; seed < TIMES; seed++) {
        const struct strategy_spec spec = strategy_resolve(&mix, seed);
        kinds[spec.kind]++;
        depths[spec.depth]++;
        ck_assert_uint_eq(spec.steps, spec.kind == STRATEGY_PCT ? 50 : 0);
        ck_assert((spec.depth != 0) == (spec.kind == STRATEGY_PCT));
    }

    ck_assert_uint_eq(kinds[STRATEGY_FIFO] + kinds[STRATEGY_MIX], 0);
    for (unsigned kind = STRATEGY_RANDOM; kind <= STRATEGY_PCT; kind++) {
        ck_assert_uint_gt(kinds[kind], TIMES / 3 - 410);
        ck_assert_uint_lt(kinds[kind], TIMES / 3 + 410);
    }
    for (unsigned depth = 2; depth <= 5; depth++) {
        ck_assert_uint_gt(depths[depth], TIMES / 12 - 240);
        ck_assert_uint_lt(depths[depth], TIMES / 12 + 240);
    }
    ck_assert_uint_eq(depths[0] + depths[2] + depths[3] + depths[4] + depths[5], TIMES);
}
END_TEST

START_TEST(beginning_resolves_as_asking_does) {
    const struct strategy_spec mix = {.kind = STRATEGY_MIX, .steps = 9};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct strategy strategy;
        strategy_begin(&strategy, &mix, seed);
        const struct strategy_spec resolved = strategy_resolve(&mix, seed);

        ck_assert_uint_eq(strategy.spec.kind, resolved.kind);
        ck_assert_uint_eq(strategy.spec.depth, resolved.depth);
        ck_assert_uint_eq(strategy.spec.steps, resolved.steps);

        const struct strategy_spec again = strategy_resolve(&resolved, seed + 1);
        ck_assert_uint_eq(again.kind, resolved.kind);
        ck_assert_uint_eq(again.depth, resolved.depth);
    }
}
END_TEST

/* ---- pct ---- */

START_TEST(change_points_rise_and_lie_within_the_steps) {
    static uint32_t hits[10];
    uint32_t points = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const uint32_t depth = 1 + (uint32_t)(seed % STRATEGY_PCT_DEPTH_MAX);
        struct random random;
        random_init(&random, seed);
        struct strategy_pct pct;
        memset(&pct, 0xa5, sizeof pct);

        strategy_pct_begin(&pct, depth, COUNT_OF(hits), &random);

        for (uint32_t i = 0; i + 1 < depth; i++) {
            ck_assert_uint_ge(pct.changes.at[i], 1);
            ck_assert_uint_le(pct.changes.at[i], COUNT_OF(hits));
            ck_assert(i == 0 || pct.changes.at[i] >= pct.changes.at[i - 1]);
            hits[pct.changes.at[i] - 1]++;
            points++;
        }
    }
    ck_assert_uint_eq(points, SEEDS / STRATEGY_PCT_DEPTH_MAX * 120);
    for (size_t i = 0; i < COUNT_OF(hits); i++) {
        ck_assert_uint_gt(hits[i], points / COUNT_OF(hits) - 85);
        ck_assert_uint_lt(hits[i], points / COUNT_OF(hits) + 85);
    }
}
END_TEST

/* The paper's algorithm, told to the letter: priorities in a list, highest first. */
struct twin {
    uint32_t order[AGENTS]; /* agents, the highest priority first */
    uint64_t points[STRATEGY_PCT_DEPTH_MAX];
    uint32_t depth, changes;
    uint64_t step;
};

static void twin_lower(struct twin *twin, uint32_t agent) {
    uint32_t at = 0;
    while (twin->order[at] != agent) {
        at++;
    }
    for (; at + 1 < AGENTS; at++) {
        twin->order[at] = twin->order[at + 1];
    }
    twin->order[AGENTS - 1] = agent;
}

static uint32_t twin_first(const struct twin *twin, const struct candidates *set) {
    for (uint32_t i = 0; i < AGENTS; i++) {
        for (uint32_t position = 0; position < set->count; position++) {
            if (set->ready[position] == twin->order[i]) {
                return position;
            }
        }
    }
    return UINT32_MAX;
}

static uint32_t twin_pick(struct twin *twin, const struct candidates *set, bool lowers) {
    if (lowers) {
        twin_lower(twin, set->running);
    }
    twin->step++;
    for (uint32_t i = 0; i + 1 < twin->depth; i++) {
        if (twin->points[i] == twin->step) {
            twin_lower(twin, set->ready[twin_first(twin, set)]);
            twin->changes++;
        }
    }
    return twin_first(twin, set);
}

static void twin_begin(struct twin *twin, const struct strategy *strategy) {
    *twin = (struct twin){.depth = strategy->spec.depth};
    memcpy(twin->points, strategy->pct.changes.at, sizeof twin->points);
    for (uint32_t agent = 1; agent <= AGENTS; agent++) { /* sorted by insertion */
        uint32_t at = agent - 1;
        while (at > 0 && priority[twin->order[at - 1]] < priority[agent]) {
            twin->order[at] = twin->order[at - 1];
            at--;
        }
        twin->order[at] = agent;
    }
}

START_TEST(pct_picks_as_its_twin_under_every_seed) {
    enum { STEPS = 300 };
    struct random dice;
    random_init(&dice, 4);
    uint32_t changes = 0;
    uint32_t lowered = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const struct strategy_spec spec = {.kind = STRATEGY_PCT,
                                           .depth = 1 + (uint32_t)(seed % 16),
                                           .steps = STEPS};
        struct strategy strategy;
        struct twin twin;
        strategy_begin(&strategy, &spec, seed);
        for (uint32_t agent = 1; agent <= AGENTS; agent++) {
            priority[agent] = strategy_birth(&strategy);
            ck_assert_uint_ge(priority[agent], FIRST_PRIORITY);
        }
        twin_begin(&twin, &strategy);

        for (unsigned step = 0; step < STEPS; step++) {
            const uint32_t count = 2 + (uint32_t)random_below(&dice, AGENTS - 1);
            const bool yields = random_below(&dice, 8) == 0;
            struct candidates set = staying(count, (uint32_t)random_below(&dice, count));
            set.stays = !yields;
            set.streak = random_below(&dice, 16) == 0 ? STRATEGY_SPIN_MAX : 0;
            set.running = random_below(&dice, 4) == 0 ? 0 : set.running;
            const bool lowers = set.running != 0 && (yields || set.streak != 0);
            const uint32_t expected = twin_pick(&twin, &set, lowers);
            lowered += lowers;

            ck_assert_uint_eq(strategy_pick(&strategy, &set, yields), expected);
        }
        ck_assert_uint_eq(twin.changes, spec.depth - 1); /* all lay within the steps */
        changes += twin.changes;
    }
    ck_assert_uint_gt(changes, SEEDS);
    ck_assert_uint_gt(lowered, SEEDS);
}
END_TEST

START_TEST(who_yields_or_spins_under_pct_goes_below_all_others) {
    const struct strategy_spec spec = {.kind = STRATEGY_PCT, .depth = 1};
    struct strategy strategy;
    strategy_begin(&strategy, &spec, 1);
    for (uint32_t agent = 1; agent <= AGENTS; agent++) {
        priority[agent] = FIRST_PRIORITY + agent;
    }
    uint64_t lowest = FIRST_PRIORITY;

    for (uint32_t round = 0; round < 3 * AGENTS; round++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < AGENTS; i++) {
            best = priority[ready[i]] > priority[ready[best]] ? i : best;
        }
        struct candidates set = staying(AGENTS, best);
        ck_assert_uint_eq(strategy_pick(&strategy, &set, false), best);
        set.streak = round % 2 == 0 ? STRATEGY_SPIN_MAX : 0;
        ck_assert_uint_ne(strategy_pick(&strategy, &set, round % 2 == 1), best);

        ck_assert_uint_lt(priority[ready[best]], lowest);
        lowest = priority[ready[best]];
    }
}
END_TEST

START_TEST(a_strategy_is_a_function_of_spec_seed_and_candidates) {
    for (unsigned kind = STRATEGY_FIFO; kind < STRATEGY_KIND_COUNT; kind++) {
        struct strategy first;
        struct strategy second;
        begin(&first, (enum strategy_kind)kind, 8);
        begin(&second, (enum strategy_kind)kind, 8);
        for (uint32_t i = 0; i < 200; i++) {
            priority[1 + i % AGENTS] = strategy_birth(&first);
            ck_assert_uint_eq(strategy_birth(&second), priority[1 + i % AGENTS]);
            const struct candidates set = staying(2 + i % (AGENTS - 1), i % 2);
            uint64_t before[AGENTS + 1];
            memcpy(before, priority, sizeof before);
            const uint32_t picked = strategy_pick(&first, &set, i % 3 == 0);
            memcpy(priority, before, sizeof before);
            ck_assert_uint_eq(strategy_pick(&second, &set, i % 3 == 0), picked);
            ck_assert_uint_lt(picked, set.count);
        }
    }
}
END_TEST

/* ---- text ---- */

static const struct {
    const char *text;
    struct strategy_spec spec;
} texts[] = {
    {"fifo", {STRATEGY_FIFO, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"random", {STRATEGY_RANDOM, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"sticky", {STRATEGY_STICKY, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"mix", {STRATEGY_MIX, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"pct", {STRATEGY_PCT, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"pct:steps=7", {STRATEGY_PCT, 0, 7, LEVEL_DEFAULT, 0, 0, 0}},
    {"pct:depth=3,steps=0", {STRATEGY_PCT, 3, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"pct:depth=16,steps=118", {STRATEGY_PCT, 16, 118, LEVEL_DEFAULT, 0, 0, 0}},
    {"pct:depth=1,steps=18446744073709551615",
     {STRATEGY_PCT, 1, UINT64_MAX, LEVEL_DEFAULT, 0, 0, 0}},
    {"delay", {STRATEGY_DELAY, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"delay:depth=3,steps=118", {STRATEGY_DELAY, 3, 118, LEVEL_DEFAULT, 0, 0, 0}},
    {"starve:steps=118", {STRATEGY_STARVE, 0, 118, LEVEL_DEFAULT, 0, 0, 0}},
    {"random@atomics", {STRATEGY_RANDOM, 0, 0, LEVEL_ATOMICS, 0, 0, 0}},
    {"mix@calls", {STRATEGY_MIX, 0, 0, LEVEL_CALLS, 0, 0, 0}},
    {"pct:depth=3,steps=5@accesses", {STRATEGY_PCT, 3, 5, LEVEL_ACCESSES, 0, 0, 0}},
    {"pos", {STRATEGY_POS, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"reads-from", {STRATEGY_READS, 0, 0, LEVEL_DEFAULT, 0, 0, 0}},
    {"reads-from:profile=4294967295@atomics-races",
     {STRATEGY_READS, 0, 0, LEVEL_ATOMICS, LEVEL_RACES_IGNORED, 0, UINT32_MAX}},
    {"mix@accesses+races~c11",
     {STRATEGY_MIX, 0, 0, LEVEL_ACCESSES, LEVEL_RACES_FOUND, LEVEL_MEMORY_C11, 0}},
    {"pos~sc", {STRATEGY_POS, 0, 0, LEVEL_DEFAULT, 0, LEVEL_MEMORY_SC, 0}},
    {"random-races", {STRATEGY_RANDOM, 0, 0, LEVEL_DEFAULT, LEVEL_RACES_IGNORED, 0, 0}},
    {"mix@atomics+races", {STRATEGY_MIX, 0, 0, LEVEL_ATOMICS, LEVEL_RACES_FOUND, 0, 0}},
};
#define TEXTS (int)COUNT_OF(texts)

START_TEST(what_is_printed_is_read_back) {
    char text[80];
    struct strategy_spec spec;
    strategy_print(&texts[_i].spec, text, sizeof text);
    ck_assert_str_eq(text, texts[_i].text);

    ck_assert_int_eq(strategy_parse(&spec, text), STATUS_OK);

    ck_assert_uint_eq(spec.kind, texts[_i].spec.kind);
    ck_assert_uint_eq(spec.depth, texts[_i].spec.depth);
    ck_assert_uint_eq(spec.steps, texts[_i].spec.steps);
    ck_assert_uint_eq(spec.level, texts[_i].spec.level);
    ck_assert_uint_eq(spec.races, texts[_i].spec.races);
    ck_assert_uint_eq(spec.memory, texts[_i].spec.memory);
    ck_assert_uint_eq(spec.profile, texts[_i].spec.profile);
}
END_TEST

START_TEST(parameters_come_alone_and_in_any_order) {
    struct strategy_spec spec;
    ck_assert_int_eq(strategy_parse(&spec, "pct:depth=3"), STATUS_OK);
    ck_assert(spec.kind == STRATEGY_PCT && spec.depth == 3 && spec.steps == 0);

    ck_assert_int_eq(strategy_parse(&spec, "pct:steps=9,depth=2"), STATUS_OK);
    ck_assert(spec.kind == STRATEGY_PCT && spec.depth == 2 && spec.steps == 9);
}
END_TEST

static const char *const malformed[] = {
    "",
    "fif",
    "fifo ",
    "fifo:",
    "FIFO",
    "random:depth=2",
    "random-",
    "random-race",
    "random~c12",
    "random~",
    "random~c11+races",
    "reads-from:profile=0",
    "reads-from:profile=4294967296",
    "reads-from:steps=3",
    "reads",
    "pos:profile=3",
    "random+races+races",
    "random+races@atomics",
    "random@atomics-racesx",
    "starve:depth=2",
    "mix:steps=2",
    "pct:",
    "pct,depth=2",
    "pct:depth",
    "pct:depth=",
    "pct:depth=0",
    "pct:depth=17",
    "pct:depth=-1",
    "pct:depth=+2",
    "pct:depth= 2",
    "pct:depth=2,",
    "pct:depth=2 ,steps=3",
    "pct:depth=2;steps=3",
    "pct:steps=-1",
    "pct:steps= 1",
    "pct:steps=0x10",
    "pct:steps=18446744073709551616",
    "pct:steps=99999999999999999999999",
    "pct:speed=1",
    "random@",
    "random@call",
    "random@atomics@atomics",
    "pct@atomics:depth=2",
    "@atomics",
};
#define MALFORMED (int)COUNT_OF(malformed)

START_TEST(what_is_malformed_is_refused) {
    struct strategy_spec spec;

    ck_assert_msg(strategy_parse(&spec, malformed[_i]) == STATUS_FORMAT, "%s", malformed[_i]);
}
END_TEST

SUITE(strategy) {
    SUITE_TEST(alternatives_number_the_positions_and_0_is_production);
    SUITE_TEST(fifo_does_what_production_would_do);
    SUITE_TEST(under_fifo_who_spins_gives_way_to_the_one_that_is_ready_longest);
    SUITE_TEST(random_takes_every_candidate_alike);
    SUITE_TEST(sticky_stays_in_seven_of_eight_and_else_takes_all_alike);
    SUITE_TEST(mix_is_equal_parts_of_the_others_and_depths);
    SUITE_TEST(beginning_resolves_as_asking_does);
    SUITE_TEST(change_points_rise_and_lie_within_the_steps);
    SUITE_TEST(pct_picks_as_its_twin_under_every_seed);
    SUITE_TEST(who_yields_or_spins_under_pct_goes_below_all_others);
    SUITE_TEST(a_strategy_is_a_function_of_spec_seed_and_candidates);
    SUITE_LOOP(what_is_printed_is_read_back, 0, TEXTS);
    SUITE_TEST(parameters_come_alone_and_in_any_order);
    SUITE_LOOP(what_is_malformed_is_refused, 0, MALFORMED);
}
