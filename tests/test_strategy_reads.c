/* Reads-from wishes: who waits for whom, and when a wish is given up. */
#include "sim/strategy_reads.h"

#include "sim/strategy.h"
#include "tests/event_fixture.h"
#include "tests/suite.h"

#define WRITES 100u
#define READS 200u
#define OTHER 300u
#define OBJECT 7u

static struct random dice;
static struct strategy_reads reads;

static void wish(bool wished) {
    reads.count = 1;
    reads.wishes[0] = (struct strategy_wish){.pair = {WRITES, READS},
                                             .patience = STRATEGY_READS_PATIENCE,
                                             .wished = wished};
    event_fixture_clear();
}

/* The agent that goes on, of the first two. */
static uint32_t pick(void) {
    return strategy_reads_pick(&reads, event_fixture_set(2), false, &dice) + 1;
}

START_TEST(a_read_waits_for_its_write_and_comes_before_another) {
    for (uint64_t seed = 1; seed <= 100; seed++) {
        random_init(&dice, seed);
        wish(true);
        event_fixture_announce(1, READS, OBJECT, false);
        event_fixture_announce(2, OTHER, 9, true);
        ck_assert_uint_eq(pick(), 2); /* the read waits */
        event_fixture_announce(2, WRITES, OBJECT, true);
        ck_assert_uint_eq(pick(), 2); /* the write comes */
        ck_assert_uint_eq(reads.wishes[0].object, OBJECT);
        event_fixture_announce(2, OTHER, OBJECT, true);
        ck_assert_uint_eq(pick(), 1); /* the read before another write */
        ck_assert_uint_eq(reads.wishes[0].patience, 0);
    }
}
END_TEST

START_TEST(an_unwished_read_lets_another_write_come_first) {
    for (uint64_t seed = 1; seed <= 100; seed++) {
        random_init(&dice, seed);
        wish(false);
        event_fixture_announce(1, READS, OBJECT, false);
        event_fixture_announce(2, WRITES, OBJECT, true);
        while (pick() == 1) { /* nothing is wished yet */
            event_fixture_announce(1, READS, OBJECT, false);
        }
        event_fixture_announce(1, READS, OBJECT, false);
        event_fixture_announce(2, OTHER, OBJECT, true);
        ck_assert_uint_eq(pick(), 2); /* the other write */
        ck_assert_uint_eq(reads.wishes[0].object, 0);
    }
}
END_TEST

/* What is done to another object is no matter of the wish. */
START_TEST(a_write_is_one_to_its_object) {
    wish(true);
    event_fixture_announce(1, WRITES, OBJECT, true);
    event_fixture_announce(2, OTHER, 9, true);
    random_init(&dice, 1);
    ck_assert_uint_eq(pick(), 1);
    event_fixture_announce(1, READS, 8, false); /* of another object */
    unsigned firsts = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        random_init(&dice, seed);
        memset(event_fixture_priority, 0, sizeof event_fixture_priority);
        firsts += pick() == 1;
    }
    ck_assert(firsts > 60 && firsts < 140);
}
END_TEST

/* Else who waits for whom is held would wait for ever. */
START_TEST(patience_ends) {
    wish(true);
    random_init(&dice, 1);
    event_fixture_announce(1, READS, OBJECT, false);
    event_fixture_announce(2, OTHER, 9, true);
    unsigned picks = 1;
    while (pick() == 2) {
        picks++;
    }
    ck_assert_uint_ge(picks, STRATEGY_READS_PATIENCE);
    ck_assert_uint_le(picks, STRATEGY_READS_PATIENCE + 100);
}
END_TEST

START_TEST(wishes_are_drawn_from_the_profile) {
    static struct profile profile = {.id = 1, .count = 4};
    bool wished[4][2] = {{false}};
    unsigned counts[STRATEGY_READS_MAX + 1] = {0};
    for (uint32_t i = 0; i < 4; i++) {
        profile.pairs[i] = (struct profile_pair){i, i + 10};
    }
    random_init(&dice, 5);
    for (int i = 0; i < 300; i++) {
        strategy_reads_begin(&reads, &profile, &dice);
        ck_assert_uint_ge(reads.count, 1);
        ck_assert_uint_le(reads.count, STRATEGY_READS_MAX);
        counts[reads.count]++;
        for (uint32_t j = 0; j < reads.count; j++) {
            const struct strategy_wish *drawn = &reads.wishes[j];
            ck_assert_uint_eq(drawn->pair.reads, drawn->pair.writes + 10);
            wished[drawn->pair.writes][drawn->wished] = true;
        }
    }
    for (int i = 0; i < 4; i++) {
        ck_assert(wished[i][0] && wished[i][1]);
    }
    ck_assert(counts[1] > 60 && counts[2] > 60 && counts[3] > 60);
    strategy_reads_begin(&reads, NULL, &dice);
    ck_assert_uint_eq(reads.count, 0);
}
END_TEST

START_TEST(with_a_profile_half_of_mix_is_reads_from) {
    enum { TIMES = 16000 };
    const struct strategy_spec mix = {.kind = STRATEGY_MIX, .steps = 50, .profile = 7};
    uint32_t kinds[STRATEGY_KIND_COUNT] = {0};
    for (uint64_t seed = 0; seed < TIMES; seed++) {
        const struct strategy_spec spec = strategy_resolve(&mix, seed);
        kinds[spec.kind]++;
        ck_assert_uint_eq(spec.profile, spec.kind == STRATEGY_READS ? 7 : 0);
    }
    ck_assert_uint_gt(kinds[STRATEGY_READS], TIMES / 2 - 250);
    ck_assert_uint_lt(kinds[STRATEGY_READS], TIMES / 2 + 250);
    static const enum strategy_kind others[] = {STRATEGY_RANDOM,
                                                STRATEGY_STICKY,
                                                STRATEGY_PCT,
                                                STRATEGY_POS};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_uint_gt(kinds[others[i]], TIMES / 8 - 170);
        ck_assert_uint_lt(kinds[others[i]], TIMES / 8 + 170);
    }
}
END_TEST

SUITE(strategy_reads) {
    SUITE_TEST(a_read_waits_for_its_write_and_comes_before_another);
    SUITE_TEST(an_unwished_read_lets_another_write_come_first);
    SUITE_TEST(a_write_is_one_to_its_object);
    SUITE_TEST(patience_ends);
    SUITE_TEST(wishes_are_drawn_from_the_profile);
    SUITE_TEST(with_a_profile_half_of_mix_is_reads_from);
}
