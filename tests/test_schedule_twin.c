/* Queues against naive twins, and runs against their replays, under many seeds. */
#include "sim/schedule.h"

#include <stdio.h>

#include "tests/schedule_fixture.h"
#include "tests/suite.h"

/* ---- replay ---- */

static void mixed_work(uint32_t thread) {
    for (uint32_t i = 0; i < 20; i++) {
        point();
        schedule_event(schedule, POINT_CALL, thread, i, NULL);
        if (i % 5 == thread) {
            const uint64_t due_ns = schedule_now_ns(schedule) + 300 * thread;
            schedule_wait(schedule, &queues[0], due_ns, &cause);
        } else if (i % 4 == 3) {
            schedule_wake(schedule, &queues[0], 1);
        }
    }
}

START_TEST(a_replay_of_the_choices_gives_the_same_run) {
    static struct choice kept[THREAD_FIXTURE_CHOICES];
    for (uint64_t seed = 0; seed < 100; seed++) {
        ck_assert_int_eq(run_random(seed, THREADS, mixed_work), VERDICT_PASS);
        const struct hash first = trace_end(fixture.trace);
        const uint64_t count = fixture.choices->record_count;
        ck_assert_uint_gt(count, 10);
        memcpy(kept, fixture.record, count * sizeof *kept);

        for (unsigned mode = CHOICES_STRICT; mode <= CHOICES_TOLERANT; mode++) {
            reset();
            fixture.script = kept;
            const enum verdict_kind verdict = thread_fixture_run_as(&fifo,
                                                                    (enum choices_mode)mode,
                                                                    seed,
                                                                    count,
                                                                    THREADS,
                                                                    mixed_work);
            ck_assert_int_eq(verdict, VERDICT_PASS);
            const struct hash again = trace_end(fixture.trace);
            ck_assert_mem_eq(first.bytes, again.bytes, HASH_SIZE);
            ck_assert_uint_eq(fixture.choices->mismatch_at, 0);
            ck_assert_uint_eq(fixture.choices->record_count, count);
            ck_assert_mem_eq(fixture.record, kept, count * sizeof *kept);
        }
    }
}
END_TEST

START_TEST(a_strict_replay_that_does_not_match_ends_the_run) {
    static struct choice kept[THREAD_FIXTURE_CHOICES];
    ck_assert_int_eq(run_random(3, THREADS, mixed_work), VERDICT_PASS);
    const uint64_t count = fixture.choices->record_count;
    memcpy(kept, fixture.record, count * sizeof *kept);
    kept[4].taken = 77; /* an agent that is not there */
    fixture.script = kept;
    reset();

    const enum verdict_kind verdict =
        thread_fixture_run_as(&fifo, CHOICES_STRICT, 3, count, THREADS, mixed_work);

    char message[80];
    snprintf(message,
             sizeof message,
             "choice %" PRIu64 " does not match the recorded one",
             (uint64_t)kept[4].at);
    ck_assert_int_eq(verdict, VERDICT_DIVERGED);
    ck_assert_str_eq(fixture.verdict.message, message);
    ck_assert_uint_eq(fixture.choices->mismatch_at, kept[4].at);
}
END_TEST

/* ---- what is decided quickly, decided slowly ---- */

#define CROWD 20u /* more than are decided quickly at once */

static void crowded_work(uint32_t thread) {
    for (uint32_t i = 0; i < 30; i++) {
        if ((i + thread) % 3 == 0) {
            yield();
        } else {
            point();
        }
        schedule_event(schedule, POINT_CALL, thread, i, NULL);
        if ((i * thread) % 7 == 3) {
            const uint64_t due_ns = schedule_now_ns(schedule) + 400 * thread;
            schedule_wait(schedule, &queues[0], due_ns, &cause);
        } else if (i % 6 == 5) {
            schedule_wake(schedule, &queues[0], 1);
        } else if (i == 10 && thread % 4 == 0) {
            schedule_hold(schedule);
        }
    }
}

static void compare(enum strategy_kind kind, uint64_t seed, uint32_t threads) {
    static struct choice kept[THREAD_FIXTURE_CHOICES];
    const struct strategy_spec spec = {.kind = kind};
    fixture.slowly = true;
    reset();
    const enum verdict_kind verdict =
        thread_fixture_run_as(&spec, CHOICES_DRAW, seed, 0, threads, crowded_work);
    const struct hash slow = trace_end(fixture.trace);
    const uint64_t count = fixture.choices->record_count;
    const uint64_t asked = fixture.choices->at;
    memcpy(kept, fixture.record, count * sizeof *kept);
    ck_assert_uint_eq(schedule->quick_max, 0);

    fixture.slowly = false;
    reset();
    ck_assert_int_eq(thread_fixture_run_as(&spec, CHOICES_DRAW, seed, 0, threads, crowded_work),
                     verdict);

    ck_assert_uint_gt(schedule->quick_max, 2);
    const struct hash quick = trace_end(fixture.trace);
    ck_assert_mem_eq(quick.bytes, slow.bytes, HASH_SIZE);
    ck_assert_uint_eq(fixture.choices->at, asked);
    ck_assert_uint_eq(fixture.choices->record_count, count);
    ck_assert_mem_eq(fixture.record, kept, count * sizeof *kept);
}

START_TEST(what_is_decided_quickly_is_what_would_be_decided_slowly) {
    static const uint32_t threads[] = {2, 3, 5, 16, CROWD};
    for (uint64_t seed = 0; seed < 200; seed++) {
        const uint32_t count = threads[seed % (sizeof threads / sizeof threads[0])];
        compare(STRATEGY_RANDOM, seed, count);
        ck_assert_int_eq(fixture.verdict.kind, VERDICT_PASS);
        compare(STRATEGY_STICKY, seed, count);
        ck_assert_int_eq(fixture.verdict.kind, VERDICT_PASS);
    }
}
END_TEST

START_TEST(a_record_that_is_full_ends_a_quick_run_where_it_ends_a_slow_one) {
    for (uint64_t capacity = 1; capacity < 30; capacity++) {
        compare(STRATEGY_RANDOM, capacity, 4); /* opens the fixture, the first time */
        const uint64_t before = fixture.choices->record_capacity;
        fixture.choices->record_capacity = capacity;
        compare(STRATEGY_RANDOM, capacity, 4);
        ck_assert_int_eq(fixture.verdict.kind, VERDICT_LIMIT);
        ck_assert_uint_eq(fixture.choices->record_count, capacity);
        fixture.choices->record_capacity = before;
    }
}
END_TEST

/* ---- a naive twin of the queues, under every seed ---- */

static uint32_t twin[2][THREADS + 1]; /* threads in order of arrival */
static uint32_t twin_count[2];
static struct random dice;
static bool waits[THREADS + 1];
static uint32_t waits_in[THREADS + 1]; /* which of the two, while it waits */
static uint32_t outcomes[3];
static uint32_t working;

static void twin_enter(uint32_t queue, uint32_t thread) {
    twin[queue][twin_count[queue]++] = thread;
    waits_in[thread] = queue;
    waits[thread] = true;
    working--;
}

static void twin_leave(uint32_t thread) {
    const uint32_t queue = waits_in[thread];
    uint32_t at = 0;
    waits[thread] = false;
    working++;
    while (twin[queue][at] != thread) {
        at++;
        ck_assert_uint_lt(at, twin_count[queue]);
    }
    twin_count[queue]--;
    for (; at < twin_count[queue]; at++) {
        twin[queue][at] = twin[queue][at + 1];
    }
}

/* Takes those out whose deadline has come; nobody is told before they run. */
static void twin_settle(void) {
    for (uint32_t thread = 1; thread <= THREADS; thread++) {
        const struct agent *agent = schedule_agent(schedule, agent_of(thread));
        if (waits[thread] && agent->state == AGENT_READY && agent->reason == WAKE_TIMEOUT) {
            twin_leave(thread);
        }
    }
}

static void twin_check(void) {
    schedule_verify(schedule);
    for (uint32_t queue = 0; queue < 2; queue++) {
        uint32_t agent = queues[queue].first;
        for (uint32_t i = 0; i < twin_count[queue]; i++) {
            ck_assert_uint_eq(fixture.threads[agent], twin[queue][i]);
            agent = schedule_agent(schedule, agent)->wait_next;
        }
        ck_assert_uint_eq(agent, 0);
    }
}

static void wait_step(uint32_t thread) {
    const uint32_t queue = (uint32_t)random_below(&dice, 2);
    const uint64_t due_ns = schedule_now_ns(schedule) + random_below(&dice, 3000);
    const bool ends = working == 1 || random_below(&dice, 2) == 0;
    twin_enter(queue, thread);
    const enum wake_reason reason =
        schedule_wait(schedule, &queues[queue], ends ? due_ns : AGENDA_NEVER, &cause);
    outcomes[reason]++;
    if (reason == WAKE_INTERRUPTED) {
        schedule_interrupt(schedule);
    }
    twin_settle();
    ck_assert(!waits[thread]);
    ck_assert(reason != WAKE_TIMEOUT || (ends && schedule_now_ns(schedule) >= due_ns));
}

static void wake_step(void) {
    const uint32_t queue = (uint32_t)random_below(&dice, 2);
    const uint32_t count = (uint32_t)random_below(&dice, 3);
    const uint32_t expected = count < twin_count[queue] ? count : twin_count[queue];
    uint32_t woken[THREADS];
    for (uint32_t i = 0; i < expected; i++) {
        woken[i] = twin[queue][0];
        twin_leave(woken[i]);
    }
    ck_assert_uint_eq(schedule_wake(schedule, &queues[queue], count), expected);
    for (uint32_t i = 0; i < expected; i++) {
        ck_assert_uint_eq(state_of(woken[i]), AGENT_READY);
    }
}

static void signal_step(void) {
    const uint32_t thread = 1 + (uint32_t)random_below(&dice, THREADS);
    if (waits[thread]) {
        twin_leave(thread);
        thread_fixture_signal(thread);
    }
}

static void random_steps(uint32_t thread) {
    uint64_t last_ns = schedule_now_ns(schedule);
    for (unsigned i = 0; i < 50; i++) {
        twin_settle();
        switch (random_below(&dice, 5)) {
        case 0:
            wait_step(thread);
            break;
        case 1:
            wake_step();
            break;
        case 2:
            signal_step();
            break;
        case 3:
            yield();
            break;
        default:
            point();
            break;
        }
        twin_settle();
        twin_check();
        ck_assert_uint_ge(schedule_now_ns(schedule), last_ns);
        last_ns = schedule_now_ns(schedule);
    }
    twin_settle();
    while (working == 1 && twin_count[0] + twin_count[1] > 0) {
        wake_step();
    }
    working--;
}

START_TEST(queues_behave_as_their_twins_under_every_seed) {
    for (uint64_t seed = 0; seed < 500; seed++) {
        random_init(&dice, seed);
        memset(twin_count, 0, sizeof twin_count);
        working = THREADS;

        ck_assert_int_eq(run_random(seed, THREADS, random_steps), VERDICT_PASS);

        ck_assert_uint_eq(twin_count[0] + twin_count[1], 0);
    }
    ck_assert_uint_gt(outcomes[WAKE_SIGNALLED], 500);
    ck_assert_uint_gt(outcomes[WAKE_TIMEOUT], 500);
    ck_assert_uint_gt(outcomes[WAKE_INTERRUPTED], 500);
}
END_TEST

SUITE(schedule_twin) {
    SUITE_TEST(a_replay_of_the_choices_gives_the_same_run);
    SUITE_TEST(a_strict_replay_that_does_not_match_ends_the_run);
    SUITE_TEST(what_is_decided_quickly_is_what_would_be_decided_slowly);
    SUITE_TEST(a_record_that_is_full_ends_a_quick_run_where_it_ends_a_slow_one);
    SUITE_TEST(queues_behave_as_their_twins_under_every_seed);
}
