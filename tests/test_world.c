/* The course of a run: nodes and their ends, deadlocks, and one run after another. */
#include "sim/world.h"

#include "sim/sync.h"
#include "tests/suite.h"
#include "tests/world_fixture.h"

/* ---- the ends of nodes ---- */

static void main_ends_first(uint32_t self) {
    if (self <= 2) {
        spawn(main_ends_first);
    } else {
        yield();
        yield();
    }
    note(self);
}

START_TEST(a_node_exits_with_its_last_thread_and_the_run_with_its_last_node) {
    static body_function *const mains[] = {main_ends_first, main_ends_first};
    open_world(2);

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(1, 2, 3, 4);
    ck_assert_str_eq(test.verdict.message, "all programs ended");
    ck_assert(world->nodes[1].exited && world->nodes[2].exited);
    ck_assert_uint_eq(events(POINT_THREAD_END), 4);
    ck_assert_uint_eq(events(POINT_NODE_EXIT), 2);
}
END_TEST

START_TEST(the_run_does_not_wait_for_daemons) {
    static body_function *const mains[] = {wait_for_ever, note_self};
    open_world(2);
    test.description.nodes[1].daemon = true;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(2);
    ck_assert(!world->nodes[1].exited && world->nodes[2].exited);
}
END_TEST

static void exit_with_3(uint32_t self) {
    (void)self;
    yield();
    exit_node(3);
}

START_TEST(another_status_than_0_is_a_finding_of_daemons_too) {
    static body_function *const mains[] = {wait_for_ever, exit_with_3};
    for (unsigned daemon = 0; daemon < 2; daemon++) {
        open_world(2);
        test.description.nodes[2].daemon = daemon == 1;

        ck_assert_int_eq(run_fifo(mains), VERDICT_EXIT);

        ck_assert_str_eq(test.verdict.message, "n2 exited with status 3");
        ck_assert_uint_eq(test.verdict.node, 2);
        ck_assert_uint_eq(test.verdict.thread, 2);
        ck_assert_int_eq(world->nodes[2].status, 3);
    }
}
END_TEST

static struct sync_mutex mutexes[3];

static void wait_for_a_mutex(uint32_t self) {
    sync_mutex_lock(schedule, &mutexes[0], 5000000, NULL);
    note(self);
}

static void sleep_longer(uint32_t self) {
    static const struct wait_cause cause = {.kind = POINT_SLEEP};
    schedule_wait(schedule, NULL, 9000000, &cause);
    note(self);
}

static void exit_beside_others(uint32_t self) {
    (void)self;
    sync_mutex_lock(schedule, &mutexes[0], AGENDA_NEVER, NULL);
    spawn(wait_for_ever);
    spawn(wait_for_a_mutex);
    yield();
    spawn(note_self); /* ready, and never runs */
    exit_node(0);
}

START_TEST(an_exit_removes_the_nodes_other_threads_and_nothing_else) {
    static body_function *const mains[] = {exit_beside_others, sleep_longer};
    open_world(2);
    for (uint64_t seed = 0; seed < 50; seed++) {
        memset(mutexes, 0, sizeof mutexes);
        const enum strategy_kind kind = seed == 0 ? STRATEGY_FIFO : STRATEGY_RANDOM;

        const enum verdict_kind verdict = run(kind, seed, mains);

        ck_assert_int_eq(verdict, VERDICT_PASS);
        ck_assert_uint_eq(events(POINT_NODE_EXIT), 2);
        ck_assert_uint_eq(schedule->agents.pool.live, 1); /* the one that ended the run */
        ck_assert_uint_eq(schedule_now_ns(schedule), 9000000);
        ck_assert_uint_eq(log_entries[log_count - 1], 2);
        if (seed == 0) {
            EXPECT_LOG(1005, 1004, 1003, 2);
        }
    }
}
END_TEST

/* ---- deadlocks ---- */

static uint32_t cycle_length;
static int places[3];

/* Thread 2 + i takes mutex i and wants the next one. */
static void lock_round(uint32_t self) {
    const uint32_t i = self - 2;
    sync_mutex_lock(schedule, &mutexes[i], AGENDA_NEVER, NULL);
    yield();
    sync_mutex_lock(schedule, &mutexes[(i + 1) % cycle_length], AGENDA_NEVER, &places[i]);
}

static void join_the_round(uint32_t self) {
    (void)self;
    for (uint32_t i = 0; i < cycle_length; i++) {
        spawn(lock_round);
    }
    for (uint32_t i = 0; i < cycle_length; i++) {
        join(2 + i);
    }
}

static const char *const rounds[] = {
    [1] = "nothing can run: thread 2 of n1 waits for mutex #1, which it holds itself",
    [2] =
        "nothing can run: thread 2 of n1 waits for mutex #2, held by thread 3, and thread 3 of n1 "
        "waits for mutex #1",
    [3] = "nothing can run: thread 2 of n1 waits for mutex #2, held by thread 3",
};

START_TEST(a_round_of_locks_is_told_from_one_of_its_threads) {
    static body_function *const mains[] = {join_the_round};
    cycle_length = (uint32_t)_i;
    memset(mutexes, 0, sizeof mutexes);
    open_world(1);

    ck_assert_int_eq(run_fifo(mains), VERDICT_DEADLOCK);

    ck_assert_str_eq(test.verdict.message, rounds[_i]);
    ck_assert_uint_eq(test.verdict.thread, 2);
    ck_assert_uint_eq(test.verdict.node, 1);
    ck_assert_uint_eq(test.verdict.site, (uint64_t)(uintptr_t)&places[0]);
    ck_assert_uint_eq(test.verdict.time_ns, schedule_now_ns(schedule));
    ck_assert_uint_eq(test.verdict.step, test.trace.count);
}
END_TEST

/* Thread 2 waits for a mutex of thread 3, which waits for nothing that anybody holds. */
static void wait_behind(uint32_t self) {
    if (self == 3) {
        sync_mutex_lock(schedule, &mutexes[0], AGENDA_NEVER, NULL);
        wait_for_ever(self);
    }
    yield();
    sync_mutex_lock(schedule, &mutexes[0], AGENDA_NEVER, NULL);
}

static void join_those_behind(uint32_t self) {
    (void)self;
    spawn(wait_behind);
    spawn(wait_behind);
    join(3);
}

START_TEST(who_waits_for_a_holder_is_told_before_who_only_waits) {
    static body_function *const mains[] = {join_those_behind};
    memset(mutexes, 0, sizeof mutexes);
    open_world(1);

    ck_assert_int_eq(run_fifo(mains), VERDICT_DEADLOCK);

    const char *message = "nothing can run: thread 2 of n1 waits for mutex #1, held by thread 3";
    ck_assert_str_eq(test.verdict.message, message);
}
END_TEST

static void join_down(uint32_t self) {
    if (self < 4) {
        join(spawn(join_down));
    } else {
        wait_for_ever(self);
    }
}

START_TEST(a_chain_of_joins_is_told_from_its_end) {
    static body_function *const mains[] = {join_down};
    open_world(1);

    ck_assert_int_eq(run_fifo(mains), VERDICT_DEADLOCK);

    ck_assert_str_eq(test.verdict.message, "nothing can run: thread 4 of n1 waits for a signal");
}
END_TEST

/* Threads 2, 3 and 4 join each other: a cycle that only pairs are refused. */
static void join_round(uint32_t self) {
    yield();
    join(self == 4 ? 2 : self + 1);
}

static void start_a_round_of_joins(uint32_t self) {
    (void)self;
    for (unsigned i = 0; i < 3; i++) {
        spawn(join_round);
    }
}

START_TEST(a_round_of_joins_is_a_deadlock) {
    static body_function *const mains[] = {start_a_round_of_joins};
    open_world(1);

    ck_assert_int_eq(run_fifo(mains), VERDICT_DEADLOCK);

    const char *message = "nothing can run: thread 4 of n1 waits for the end of thread 2";
    ck_assert_str_eq(test.verdict.message, message);
}
END_TEST

static void lock_twice(uint32_t self) {
    (void)self;
    sync_mutex_lock(schedule, &mutexes[0], AGENDA_NEVER, NULL);
    sync_mutex_lock(schedule, &mutexes[0], AGENDA_NEVER, NULL);
}

START_TEST(a_deadlock_is_not_told_from_a_daemon) {
    static body_function *const mains[] = {wait_for_ever, lock_twice};
    memset(mutexes, 0, sizeof mutexes);
    open_world(2);
    test.description.nodes[2].daemon = true;

    ck_assert_int_eq(run(STRATEGY_FIFO, 1, mains), VERDICT_DEADLOCK);

    ck_assert_uint_eq(test.verdict.node, 1);
}
END_TEST

/* ---- runs ---- */

START_TEST(main_is_held_back_in_every_other_run_and_never_without_chance) {
    static body_function *const mains[] = {note_self};
    uint32_t held = 0;
    open_world(1);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        run(STRATEGY_RANDOM, seed, mains);
        held += world->holds_main;
        ck_assert_uint_eq(world->choices.record_count, world->holds_main);
        ck_assert(!world->holds_main || test.record[0].kind == CHOICE_HOLD_MAIN);
        run(STRATEGY_FIFO, seed, mains);
        ck_assert(!world->holds_main);
    }

    ck_assert_uint_gt(held, 500 - 80);
    ck_assert_uint_lt(held, 500 + 80);
}
END_TEST

static void leaf(uint32_t self) {
    (void)self;
}

static uint32_t spin_word;
static uint32_t once_word;

static void use_everything(uint32_t self) {
    spin_word = SPIN_FREE;
    once_word = 0;
    mutexes[0] = (struct sync_mutex){0};
    spin_lock(&world->spins, &spin_word, NULL); /* and is never destroyed */
    once_enter(&world->onces, &once_word, NULL);
    sync_mutex_lock(schedule, &mutexes[0], AGENDA_NEVER, NULL);
    property_count(&world->property, 1, "runs", 1, 0);
    spawn(leaf);
    schedule_timer_start(schedule, 1000000, 0, 0, 0);
    note(self);
    note(spin_word);
    note(once_word);
    note(mutexes[0].object);
    note((uint32_t)property_value(&world->property, 0, "runs"));
}

START_TEST(a_run_finds_nothing_of_the_one_before) {
    static body_function *const mains[] = {use_everything};
    uint32_t first[LOG_MAX];
    open_world(1);
    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
    const struct hash fingerprint = trace_end(&test.trace);
    memcpy(first, log_entries, sizeof first);

    for (unsigned i = 0; i < 5; i++) {
        ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

        const struct hash again = trace_end(&test.trace);
        ck_assert_mem_eq(fingerprint.bytes, again.bytes, HASH_SIZE);
        ck_assert_uint_eq(log_count, 5);
        ck_assert_mem_eq(log_entries, first, sizeof *first * log_count);
        ck_assert_uint_eq(world->spins.table.live, 1);
        ck_assert_uint_eq(agenda_count(schedule->agenda), 1);
    }
}
END_TEST

static void fail_twice(uint32_t self) {
    yield();
    verdict_set(world->verdict, VERDICT_NONE + (self == 1 ? VERDICT_PROPERTY : 0), "the first");
    world_fail(world, VERDICT_ASSERTION, &places[1], "the %s", "second");
}

static void fail_once(uint32_t self) {
    (void)self;
    yield();
    world_fail(world, VERDICT_ASSERTION, &places[1], "the %s of %d", "finding", 7);
}

START_TEST(a_finding_says_where_it_is_and_the_first_one_wins) {
    static body_function *const fails_once[] = {fail_once};
    static body_function *const fails_twice[] = {fail_twice};
    open_world(1);

    ck_assert_int_eq(run_fifo(fails_once), VERDICT_ASSERTION);
    ck_assert_str_eq(test.verdict.message, "the finding of 7");
    ck_assert_uint_eq(test.verdict.site, (uint64_t)(uintptr_t)&places[1]);
    ck_assert_uint_eq(test.verdict.thread, 1);
    ck_assert_uint_eq(test.verdict.node, 1);
    ck_assert_uint_eq(test.verdict.time_ns, VCLOCK_CALL_NS);

    ck_assert_int_eq(run_fifo(fails_twice), VERDICT_PROPERTY);
    ck_assert_str_eq(test.verdict.message, "the first");
    ck_assert_uint_eq(test.verdict.site, 0);
}
END_TEST

SUITE(world) {
    SUITE_TEST(a_node_exits_with_its_last_thread_and_the_run_with_its_last_node);
    SUITE_TEST(the_run_does_not_wait_for_daemons);
    SUITE_TEST(another_status_than_0_is_a_finding_of_daemons_too);
    SUITE_TEST(an_exit_removes_the_nodes_other_threads_and_nothing_else);
    SUITE_LOOP(a_round_of_locks_is_told_from_one_of_its_threads, 1, 4);
    SUITE_TEST(who_waits_for_a_holder_is_told_before_who_only_waits);
    SUITE_TEST(a_chain_of_joins_is_told_from_its_end);
    SUITE_TEST(a_round_of_joins_is_a_deadlock);
    SUITE_TEST(a_deadlock_is_not_told_from_a_daemon);
    SUITE_TEST(main_is_held_back_in_every_other_run_and_never_without_chance);
    SUITE_TEST(a_run_finds_nothing_of_the_one_before);
    SUITE_TEST(a_finding_says_where_it_is_and_the_first_one_wins);
}
