/* The loop that picks: the order of threads, waits, deadlines, timers and holds. */
#include "sim/schedule.h"

#include "tests/schedule_fixture.h"
#include "tests/suite.h"

/* ---- points ---- */

static void five_points(uint32_t thread) {
    for (unsigned i = 0; i < 5; i++) {
        point();
        note(thread);
    }
}

START_TEST(a_point_with_one_candidate_costs_time_and_is_no_choice) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        ck_assert_int_eq(run_random(seed, 1, five_points), VERDICT_PASS);

        ck_assert_uint_eq(fixture.points, 5);
        ck_assert_uint_eq(schedule_now_ns(schedule), 5 * VCLOCK_CALL_NS);
        ck_assert_uint_eq(fixture.choices->at, 0);
        ck_assert_uint_eq(schedule_agent(schedule, 1)->decider.choices, 0);
    }
}
END_TEST

START_TEST(under_fifo_a_thread_goes_on_until_it_waits_or_ends) {
    ck_assert_int_eq(run_fifo(3, five_points), VERDICT_PASS);

    EXPECT_LOG(1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3);
    ck_assert_uint_eq(fixture.choices->record_count, 0);
}
END_TEST

static void three_yields(uint32_t thread) {
    for (unsigned i = 0; i < 3; i++) {
        note(thread);
        yield();
    }
}

START_TEST(under_fifo_who_yields_lets_all_others_go_first) {
    ck_assert_int_eq(run_fifo(3, three_yields), VERDICT_PASS);

    EXPECT_LOG(1, 2, 3, 1, 2, 3, 1, 2, 3);
    ck_assert_uint_eq(fixture.choices->record_count, 0);
}
END_TEST

static void two_points(uint32_t thread) {
    for (unsigned i = 0; i < 2; i++) {
        note(thread);
        point();
    }
}

START_TEST(chance_gives_every_interleaving) {
    bool seen[1u << 4] = {false};
    uint32_t distinct = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        ck_assert_int_eq(run_random(seed, 2, two_points), VERDICT_PASS);
        uint32_t order = 0;
        for (unsigned i = 0; i < 4; i++) {
            order = order * 2 + (log_entries[i] - 1);
        }
        distinct += !seen[order];
        seen[order] = true;
    }

    ck_assert_uint_eq(distinct, 6);
}
END_TEST

static bool third_ran;

static void spin_for_the_third(uint32_t thread) {
    if (thread == 3) {
        third_ran = true;
    }
    while (!third_ran) {
        point();
    }
}

START_TEST(under_fifo_two_that_spin_do_not_keep_a_third_from_its_turn) {
    third_ran = false;

    ck_assert_int_eq(run_fifo(3, spin_for_the_third), VERDICT_PASS);

    ck_assert_uint_le(fixture.points, 3 * STRATEGY_SPIN_MAX);
}
END_TEST

/* ---- waits ---- */

static void wait_and_note(uint32_t thread, uint32_t queue) {
    const enum wake_reason reason = schedule_wait(schedule, &queues[queue], AGENDA_NEVER, &cause);
    ck_assert_int_eq(reason, WAKE_SIGNALLED);
    note(thread);
}

static void wake_two_then_all(uint32_t thread) {
    if (thread < 5) {
        wait_and_note(thread, 0);
        return;
    }
    ck_assert_uint_eq(schedule_wake(schedule, &queues[1], 1), 0);
    ck_assert_uint_eq(schedule_wake(schedule, &queues[0], 0), 0);
    ck_assert_uint_eq(schedule_wake(schedule, &queues[0], 2), 2);
    note(100);
    yield();
    note(101);
    ck_assert_int_eq(state_of(3), AGENT_WAITING);
    ck_assert_uint_eq(schedule_wake(schedule, &queues[0], UINT32_MAX), 2);
    ck_assert_uint_eq(queues[0].first + queues[0].last, 0);
}

START_TEST(waiters_are_woken_in_order_of_arrival) {
    ck_assert_int_eq(run_fifo(5, wake_two_then_all), VERDICT_PASS);

    EXPECT_LOG(100, 1, 2, 101, 3, 4);
}
END_TEST

static void wake_the_second(uint32_t thread) {
    if (thread <= 3) {
        wait_and_note(thread, 0);
    } else {
        schedule_wake_agent(schedule, agent_of(2), WAKE_SIGNALLED);
        schedule_wake(schedule, &queues[0], UINT32_MAX);
    }
}

START_TEST(one_is_woken_from_the_middle_of_a_queue) {
    ck_assert_int_eq(run_fifo(4, wake_the_second), VERDICT_PASS);

    EXPECT_LOG(2, 1, 3);
}
END_TEST

static void wait_for_nobody(uint32_t thread) {
    schedule_wait(schedule, thread == 1 ? &queues[0] : NULL, AGENDA_NEVER, &cause);
    note(thread);
}

START_TEST(when_nothing_can_run_and_nothing_is_due_the_machine_judges) {
    ck_assert_int_eq(run_fifo(2, wait_for_nobody), VERDICT_DEADLOCK);

    ck_assert_uint_eq(log_count, 0);
    ck_assert(schedule->ended);
    ck_assert_str_eq(fixture.verdict.message, "nothing can run");
}
END_TEST

/* ---- deadlines ---- */

static void sleep_until(uint32_t thread, uint64_t due_ns) {
    const uint64_t before_ns = schedule_now_ns(schedule);
    const enum wake_reason reason = schedule_wait(schedule, &queues[0], due_ns, &cause);
    ck_assert_int_eq(reason, WAKE_TIMEOUT);
    ck_assert_uint_eq(schedule_now_ns(schedule), before_ns < due_ns ? due_ns : before_ns);
    note(thread);
}

static void sleep_in_reverse(uint32_t thread) {
    sleep_until(thread, 1000000 * (THREADS - thread));
    sleep_until(thread, 7);
    sleep_until(thread, 0);
}

START_TEST(time_jumps_to_the_next_deadline_and_a_past_one_is_due_at_once) {
    ck_assert_int_eq(run_fifo(3, sleep_in_reverse), VERDICT_PASS);

    EXPECT_LOG(3, 3, 3, 2, 2, 2, 1, 1, 1);
    ck_assert_uint_eq(schedule_now_ns(schedule), 3000000);
    ck_assert_uint_eq(queues[0].first + queues[0].last, 0);
    ck_assert_uint_eq(agenda_count(schedule->agenda), 0);
}
END_TEST

static void sleep_alike(uint32_t thread) {
    sleep_until(thread, 5000);
}

START_TEST(equal_deadlines_come_in_the_order_in_which_they_were_set) {
    ck_assert_int_eq(run_fifo(4, sleep_alike), VERDICT_PASS);

    EXPECT_LOG(1, 2, 3, 4);
}
END_TEST

static void sleep_beside_one_that_works(uint32_t thread) {
    if (thread == 1) {
        const uint64_t due_ns = 10 * VCLOCK_CALL_NS;
        ck_assert_int_eq(schedule_wait(schedule, NULL, due_ns, &cause), WAKE_TIMEOUT);
        note(1);
    } else {
        for (unsigned i = 0; i < 20; i++) {
            note(2);
            yield();
        }
    }
}

/* It comes with the tenth yield, which lets go on whom it wakes. */
START_TEST(a_deadline_comes_while_others_work) {
    ck_assert_int_eq(run_fifo(2, sleep_beside_one_that_works), VERDICT_PASS);

    EXPECT_LOG(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
}
END_TEST

static void woken_before_the_deadline(uint32_t thread) {
    if (thread == 1) {
        const enum wake_reason reason = schedule_wait(schedule, &queues[0], 1000000, &cause);
        ck_assert_int_eq(reason, WAKE_SIGNALLED);
        ck_assert_uint_eq(schedule_agent(schedule, agent_of(1))->deadline, 0);
    } else {
        ck_assert_uint_eq(schedule->next_ns, 1000000);
        schedule_wake(schedule, &queues[0], 1);
        ck_assert_uint_eq(schedule->next_ns, AGENDA_NEVER);
        ck_assert_uint_eq(agenda_count(schedule->agenda), 0);
    }
}

START_TEST(who_is_woken_has_no_deadline_any_more) {
    ck_assert_int_eq(run_fifo(2, woken_before_the_deadline), VERDICT_PASS);

    ck_assert_uint_eq(schedule_now_ns(schedule), 0);
}
END_TEST

/* Thread 1's deadline is due and stands beside thread 2, which wakes thread 1 first. */
static void woken_beside_the_deadline(uint32_t thread) {
    if (thread == 1) {
        note((uint32_t)schedule_wait(schedule, &queues[0], VCLOCK_CALL_NS, &cause));
    } else {
        point();
        const struct agent *waiter = schedule_agent(schedule, agent_of(1));
        if (waiter->state == AGENT_WAITING) {
            ck_assert_uint_ne(waiter->deadline_agent, 0);
            schedule_wake(schedule, &queues[0], 1);
            ck_assert_uint_eq(waiter->deadline_agent, 0);
            schedule_verify(schedule);
        }
    }
}

START_TEST(a_wake_and_a_due_deadline_race_and_chance_decides) {
    uint32_t counts[3] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        ck_assert_int_eq(run_random(seed, 2, woken_beside_the_deadline), VERDICT_PASS);
        ck_assert_uint_eq(log_count, 1);
        counts[log_entries[0]]++;
    }

    ck_assert_uint_gt(counts[WAKE_SIGNALLED], 20);
    ck_assert_uint_gt(counts[WAKE_TIMEOUT], 20);
    ck_assert_uint_eq(counts[WAKE_INTERRUPTED], 0);
}
END_TEST

/* ---- timers ---- */

static void set_timers(uint32_t thread) {
    (void)thread;
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_ne(schedule_timer_start(schedule, 5000, handler, 10 * i, 1), 0);
    }
    schedule_timer_start(schedule, 4000, handler, 100, 0);
    ck_assert_uint_eq(schedule->next_ns, 4000);
    schedule_wait(schedule, NULL, 6000, &cause);
    note(0);
}

START_TEST(timers_fire_by_time_and_equal_ones_by_sequence) {
    open_handler();

    ck_assert_int_eq(run_fifo(1, set_timers), VERDICT_PASS);

    EXPECT_LOG(100, 1, 11, 21, 0);
}
END_TEST

START_TEST(timers_that_are_due_together_fire_in_any_order_under_chance) {
    bool seen[1 << 6] = {false};
    uint32_t distinct = 0;
    open_handler();
    for (uint64_t seed = 0; seed < 200; seed++) {
        ck_assert_int_eq(run_random(seed, 1, set_timers), VERDICT_PASS);
        ck_assert_uint_eq(log_count, 5);
        ck_assert_uint_eq(log_entries[0], 100);
        uint32_t order = 0;
        for (unsigned i = 1; i <= 3; i++) {
            order = order * 4 + log_entries[i] / 10;
        }
        distinct += !seen[order];
        seen[order] = true;
    }

    ck_assert_uint_eq(distinct, 6);
}
END_TEST

static void cancel_timers(uint32_t thread) {
    (void)thread;
    const uint64_t early = schedule_timer_start(schedule, 1, handler, 1, 0);
    const uint64_t late = schedule_timer_start(schedule, 900000, handler, 2, 0);
    const uint64_t fires = schedule_timer_start(schedule, 1, handler, 3, 0);
    ck_assert(schedule_timer_cancel(schedule, late));
    ck_assert(!schedule_timer_cancel(schedule, late));
    ck_assert_uint_eq(schedule->next_ns, 1);
    point(); /* both are due now, and under fifo the thread goes on */
    ck_assert_uint_eq(schedule->agents.order.count, 3);
    ck_assert(schedule_timer_cancel(schedule, early));
    ck_assert(!schedule_timer_cancel(schedule, early));
    schedule_verify(schedule);
    yield();
    ck_assert(!schedule_timer_cancel(schedule, fires));
    ck_assert(!schedule_timer_cancel(schedule, 0));
}

START_TEST(a_timer_is_cancelled_until_it_fires) {
    open_handler();

    ck_assert_int_eq(run_fifo(1, cancel_timers), VERDICT_PASS);

    EXPECT_LOG(3);
}
END_TEST

static void find_in_a_timer(void *context, const struct agenda_item *item) {
    (void)context;
    (void)item;
    verdict_set(&fixture.verdict, VERDICT_PROPERTY, "found by a timer");
}

static void sleep_over_it(uint32_t thread) {
    schedule_timer_start(schedule, 100, handler, 0, 0);
    schedule_wait(schedule, NULL, 200, &cause);
    note(thread);
}

START_TEST(a_finding_of_a_timer_ends_the_run) {
    thread_fixture_open();
    handler = schedule_handler_add(schedule, find_in_a_timer, NULL);

    ck_assert_int_eq(run_fifo(1, sleep_over_it), VERDICT_PROPERTY);

    ck_assert_uint_eq(log_count, 0);
    ck_assert_uint_eq(schedule_now_ns(schedule), 100);
}
END_TEST

/* ---- holding ---- */

static void hold_the_first_two(uint32_t thread) {
    if (thread <= 2) {
        schedule_hold(schedule);
        note(thread);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        note(thread);
        yield();
    }
}

START_TEST(who_is_held_goes_on_when_no_other_can_first_held_first) {
    for (uint64_t seed = 0; seed < 50; seed++) {
        ck_assert_int_eq(run_fifo(4, hold_the_first_two), VERDICT_PASS);

        EXPECT_LOG(3, 4, 3, 4, 3, 4, 1, 2);
    }
}
END_TEST

static void hold_beside_a_sleeper(uint32_t thread) {
    if (thread == 1) {
        schedule_hold(schedule);
        ck_assert_uint_eq(schedule_now_ns(schedule), 0); /* before time jumps */
    } else {
        schedule_wait(schedule, NULL, 1000000, &cause);
    }
    note(thread);
}

START_TEST(who_is_held_goes_on_before_time_jumps) {
    ck_assert_int_eq(run_fifo(2, hold_beside_a_sleeper), VERDICT_PASS);

    EXPECT_LOG(1, 2);
}
END_TEST

static void hold_beside_one_without_end(uint32_t thread) {
    if (thread == 1) {
        schedule_hold(schedule);
        note((uint32_t)fixture.points);
    }
    while (log_count == 0) {
        yield();
    }
}

START_TEST(who_is_held_goes_on_after_so_many_points_at_the_latest) {
    ck_assert_int_eq(run_fifo(2, hold_beside_one_without_end), VERDICT_PASS);

    EXPECT_LOG(SCHEDULE_HOLD_POINTS_MAX + 1);
}
END_TEST

SUITE(schedule) {
    SUITE_TEST(a_point_with_one_candidate_costs_time_and_is_no_choice);
    SUITE_TEST(under_fifo_a_thread_goes_on_until_it_waits_or_ends);
    SUITE_TEST(under_fifo_who_yields_lets_all_others_go_first);
    SUITE_TEST(chance_gives_every_interleaving);
    SUITE_TEST(under_fifo_two_that_spin_do_not_keep_a_third_from_its_turn);
    SUITE_TEST(waiters_are_woken_in_order_of_arrival);
    SUITE_TEST(one_is_woken_from_the_middle_of_a_queue);
    SUITE_TEST(when_nothing_can_run_and_nothing_is_due_the_machine_judges);
    SUITE_TEST(time_jumps_to_the_next_deadline_and_a_past_one_is_due_at_once);
    SUITE_TEST(equal_deadlines_come_in_the_order_in_which_they_were_set);
    SUITE_TEST(a_deadline_comes_while_others_work);
    SUITE_TEST(who_is_woken_has_no_deadline_any_more);
    SUITE_TEST(a_wake_and_a_due_deadline_race_and_chance_decides);
    SUITE_TEST(timers_fire_by_time_and_equal_ones_by_sequence);
    SUITE_TEST(timers_that_are_due_together_fire_in_any_order_under_chance);
    SUITE_TEST(a_timer_is_cancelled_until_it_fires);
    SUITE_TEST(a_finding_of_a_timer_ends_the_run);
    SUITE_TEST(who_is_held_goes_on_when_no_other_can_first_held_first);
    SUITE_TEST(who_is_held_goes_on_before_time_jumps);
    SUITE_TEST(who_is_held_goes_on_after_so_many_points_at_the_latest);
}
