/* Partial order sampling: whose priorities last, and that orders come up alike. */
#include "sim/strategy_pos.h"

#include "tests/event_fixture.h"
#include "tests/suite.h"

#define SAMPLES 6000

static struct random dice;
static struct strategy_pos pos;

START_TEST(rivals_of_what_goes_first_are_drawn_anew_and_others_are_not) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t before[EVENT_FIXTURE_AGENTS + 1];
        random_init(&dice, seed);
        pos.picks = 0;
        event_fixture_clear();
        event_fixture_announce(1, 100, 7, true);
        event_fixture_announce(2, 200, 7, false);
        event_fixture_announce(3, 300, 7, false);
        event_fixture_announce(4, 400, 9, true);
        const struct candidates *set = event_fixture_set(4);
        strategy_pos_draw(&pos, set, &dice);
        memcpy(before, event_fixture_priority, sizeof before);
        const uint32_t first = strategy_pos_pick(&pos, set, false, &dice) + 1;
        for (uint32_t agent = 1; agent <= 4; agent++) {
            ck_assert_uint_le(before[agent], before[first]);
            const bool both_read = first >= 2 && first <= 3 && agent >= 2 && agent <= 3;
            const bool rival = first != 4 && agent != 4 && !both_read;
            ck_assert_uint_eq(event_fixture_priority[agent],
                              agent == first || rival ? 0 : before[agent]);
        }
    }
}
END_TEST

START_TEST(who_is_about_to_do_nothing_known_has_no_rivals) {
    random_init(&dice, 3);
    event_fixture_clear();
    event_fixture_announce(1, 100, 0, true);
    event_fixture_announce(2, 200, 0, true);
    event_fixture_agents[3].kind = AGENT_ENTRY;
    event_fixture_agents[3].pending = event_fixture_agents[1].pending;
    const uint32_t first = strategy_pos_pick(&pos, event_fixture_set(3), false, &dice) + 1;
    for (uint32_t agent = 1; agent <= 3; agent++) {
        ck_assert((event_fixture_priority[agent] == 0) == (agent == first));
    }
}
END_TEST

/* Of three writes that race each comes first as often as the others. */
START_TEST(each_order_of_rivals_comes_up_alike) {
    uint32_t firsts[3] = {0};
    random_init(&dice, 9);
    event_fixture_clear();
    for (uint32_t agent = 1; agent <= 3; agent++) {
        event_fixture_announce(agent, 100 * agent, 7, true);
    }
    for (int i = 0; i < SAMPLES; i++) {
        firsts[strategy_pos_pick(&pos, event_fixture_set(3), false, &dice)]++;
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_gt(firsts[i], SAMPLES / 3 - SAMPLES / 20);
    }
}
END_TEST

/* Else it waited until both others draw a lower one at a time. */
START_TEST(nobody_waits_for_ever) {
    random_init(&dice, 4);
    event_fixture_clear();
    for (uint32_t agent = 1; agent <= 3; agent++) {
        event_fixture_announce(agent, 100 * agent, agent, true);
    }
    event_fixture_priority[3] = 1;
    uint32_t picks = 1;
    while (strategy_pos_pick(&pos, event_fixture_set(3), false, &dice) != 2) {
        picks++;
    }
    ck_assert_uint_lt(picks, 3 * STRATEGY_POS_PICKS);
}
END_TEST

SUITE(strategy_pos) {
    SUITE_TEST(rivals_of_what_goes_first_are_drawn_anew_and_others_are_not);
    SUITE_TEST(who_is_about_to_do_nothing_known_has_no_rivals);
    SUITE_TEST(nobody_waits_for_ever);
    SUITE_TEST(each_order_of_rivals_comes_up_alike);
}
