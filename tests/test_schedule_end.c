/* What ends a wait, a thread or a run from outside: signals, removal, limits. */
#include "sim/schedule.h"

#include "tests/schedule_fixture.h"
#include "tests/suite.h"

/* ---- interruptions ---- */

static void interrupt_waits(uint32_t thread) {
    if (thread == 1) {
        note(10 + (uint32_t)schedule_wait(schedule, &queues[0], 1000000, &cause));
        ck_assert_uint_eq(agenda_count(schedule->agenda), 0);
        ck_assert_uint_eq(schedule_running(schedule)->interrupts, 1); /* the caller's to handle */
        note(20 + (uint32_t)schedule_wait(schedule, &queues[0], 0, &cause));
        ck_assert_uint_eq(schedule_running(schedule)->interrupts, 1);
        point();
        ck_assert_uint_eq(schedule_running(schedule)->interrupts, 0);
        return;
    }
    ck_assert_uint_eq(state_of(1), AGENT_WAITING);
    thread_fixture_signal(1);
    ck_assert_uint_eq(state_of(1), AGENT_READY);
}

START_TEST(a_signal_ends_a_wait_and_is_handled_at_the_next_point_at_the_latest) {
    ck_assert_int_eq(run_fifo(2, interrupt_waits), VERDICT_PASS);

    EXPECT_LOG(10 + WAKE_INTERRUPTED, 20 + WAKE_INTERRUPTED);
}
END_TEST

/* ---- killing ---- */

static uint64_t ended_threads;

static void remove_thread(uint32_t thread) {
    schedule_thread_kill(schedule, agent_of(thread));
    fixture.alive--;
    schedule_verify(schedule);
}

/* 1 waits with a deadline, 2 behind it, 3 is held, 4 waits for a deadline that is due, 5 has not
 * started; 6 removes them all but the second. */
static void kill_in_every_state(uint32_t thread) {
    switch (thread) {
    case 1:
        schedule_wait(schedule, &queues[0], 1000000, &cause);
        break;
    case 2:
        schedule_wait(schedule, &queues[0], AGENDA_NEVER, &cause);
        ended_threads++;
        return;
    case 3:
        schedule_hold(schedule);
        break;
    case 4:
        schedule_wait(schedule, &queues[0], VCLOCK_CALL_NS, &cause);
        break;
    case 5:
        yield();
        break;
    default:
        point();
        ck_assert_uint_ne(schedule_agent(schedule, agent_of(4))->deadline_agent, 0);
        ck_assert_uint_eq(state_of(3), AGENT_HELD);
        remove_thread(1);
        remove_thread(3);
        remove_thread(4);
        remove_thread(5);
        ck_assert_uint_eq(schedule->held.first + schedule->held.last, 0);
        ck_assert_uint_eq(agenda_count(schedule->agenda), 0);
        ck_assert_uint_eq(queues[0].first, agent_of(2));
        ck_assert_uint_eq(queues[0].last, agent_of(2));
        ck_assert_uint_eq(schedule->agents.pool.live, 2);
        schedule_wake(schedule, &queues[0], UINT32_MAX);
        ended_threads++;
        return;
    }
    ck_abort_msg("thread %" PRIu32 " came back", thread);
}

START_TEST(a_thread_is_removed_whatever_it_does) {
    ended_threads = 0;

    ck_assert_int_eq(run_fifo(6, kill_in_every_state), VERDICT_PASS);

    ck_assert_uint_eq(ended_threads, 2);
}
END_TEST

/* ---- limits ---- */

static void yield_for_ever(uint32_t thread) {
    (void)thread;
    for (;;) {
        yield();
    }
}

START_TEST(points_without_progress_end_the_run) {
    ck_assert_int_eq(run_fifo(2, yield_for_ever), VERDICT_NO_PROGRESS);

    ck_assert_str_eq(fixture.verdict.message, "1000000 points passed and nothing moved");
    ck_assert_uint_gt(fixture.points, SCHEDULE_NO_PROGRESS_POINTS);
    ck_assert_uint_le(fixture.points, SCHEDULE_NO_PROGRESS_POINTS + 64);
}
END_TEST

static void progress_now_and_then(uint32_t thread) {
    (void)thread;
    for (uint32_t i = 1; i <= 5 * SCHEDULE_NO_PROGRESS_POINTS / 2; i++) {
        point();
        if (i % (SCHEDULE_NO_PROGRESS_POINTS - 100) == 0) {
            schedule_progress(schedule);
        }
    }
}

START_TEST(who_makes_progress_goes_on) {
    ck_assert_int_eq(run_fifo(1, progress_now_and_then), VERDICT_PASS);
}
END_TEST

static void ten_points_at_most(uint32_t thread) {
    schedule->points_max = 10;
    for (;;) {
        note(thread);
        point();
    }
}

START_TEST(the_limit_of_points_ends_the_run_at_once) {
    ck_assert_int_eq(run_fifo(1, ten_points_at_most), VERDICT_LIMIT);

    ck_assert_uint_eq(log_count, 11);
    ck_assert_str_eq(fixture.verdict.message, "the limit of 10 points was reached");
}
END_TEST

static void a_second_at_most(uint32_t thread) {
    schedule->time_max_ns = 1000000000;
    if (thread == 1) {
        schedule_wait(schedule, NULL, 1000000000, &cause);
        note(1);
        schedule_wait(schedule, NULL, 1000000001, &cause);
        note(2);
    }
}

START_TEST(the_limit_of_time_ends_the_run_in_a_jump) {
    ck_assert_int_eq(run_fifo(2, a_second_at_most), VERDICT_LIMIT);

    EXPECT_LOG(1);
    const char *message = "the limit of 1000000000 ns of virtual time was reached";
    ck_assert_str_eq(fixture.verdict.message, message);
}
END_TEST

static void time_in_small_steps(uint32_t thread) {
    schedule->time_max_ns = 10 * VCLOCK_CALL_NS;
    for (;;) {
        note(thread);
        point();
    }
}

START_TEST(the_limit_of_time_ends_the_run_at_a_point) {
    ck_assert_int_eq(run_fifo(1, time_in_small_steps), VERDICT_LIMIT);

    ck_assert_uint_eq(log_count, 11);
}
END_TEST

static void too_many_timers(uint32_t thread) {
    (void)thread;
    for (;;) {
        ck_assert_uint_ne(schedule_timer_start(schedule, 1000, handler, 0, 0), 0);
        note(1);
    }
}

START_TEST(too_many_timers_end_the_run) {
    open_handler();

    ck_assert_int_eq(run_fifo(1, too_many_timers), VERDICT_LIMIT);

    ck_assert_uint_eq(log_count, THREAD_FIXTURE_ENTRIES);
    ck_assert_str_eq(fixture.verdict.message, "too many timers and messages are pending");
}
END_TEST

static void too_many_due(uint32_t thread) {
    (void)thread;
    for (uint32_t i = 0; i < THREAD_FIXTURE_AGENTS; i++) {
        schedule_timer_start(schedule, 1000, handler, 0, 0);
    }
    schedule_wait(schedule, NULL, AGENDA_NEVER, &cause);
}

START_TEST(too_many_due_at_once_end_the_run) {
    open_handler();

    ck_assert_int_eq(run_fifo(1, too_many_due), VERDICT_LIMIT);

    const char *message = "more than 64 threads and due events at once";
    ck_assert_str_eq(fixture.verdict.message, message);
}
END_TEST

START_TEST(a_full_record_of_choices_ends_the_run) {
    thread_fixture_open();
    fixture.choices->record_capacity = 100;

    ck_assert_int_eq(run_random(1, 2, yield_for_ever), VERDICT_LIMIT);

    ck_assert_str_eq(fixture.verdict.message, "more than 100 choices");
    ck_assert_uint_eq(fixture.choices->record_count, 100);
}
END_TEST

SUITE(schedule_end) {
    SUITE_TEST(a_signal_ends_a_wait_and_is_handled_at_the_next_point_at_the_latest);
    SUITE_TEST(a_thread_is_removed_whatever_it_does);
    SUITE_TEST(points_without_progress_end_the_run);
    SUITE_TEST(who_makes_progress_goes_on);
    SUITE_TEST(the_limit_of_points_ends_the_run_at_once);
    SUITE_TEST(the_limit_of_time_ends_the_run_in_a_jump);
    SUITE_TEST(the_limit_of_time_ends_the_run_at_a_point);
    SUITE_TEST(too_many_timers_end_the_run);
    SUITE_TEST(too_many_due_at_once_end_the_run);
    SUITE_TEST(a_full_record_of_choices_ends_the_run);
}
