/* Threads of a world: joins, detached ones, ids and identities. */
#include "sim/thread.h"

#include <errno.h>

#include "tests/suite.h"
#include "tests/world_fixture.h"

/* ---- joins ---- */

static void join_a_child_of_three_generations(uint32_t self) {
    uint64_t result = self;
    if (self < 4) {
        result = 10 * join(spawn(join_a_child_of_three_generations)) + self;
    }
    note((uint32_t)result);
    returns(result);
}

START_TEST(results_come_up_a_chain_of_joins) {
    static body_function *const mains[] = {join_a_child_of_three_generations};
    open_world(1);
    for (uint64_t seed = 0; seed < 50; seed++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);

        EXPECT_LOG(4, 43, 432, 4321);
    }
}
END_TEST

static int join_result(uint32_t id, uint64_t deadline_ns) {
    uint64_t result;
    return threads_join(&world->threads, id, deadline_ns, &result, NULL);
}

static void join_main_back(uint32_t self) {
    (void)self;
    ck_assert_int_eq(join_result(3, AGENDA_NEVER), 0);
    ck_assert_int_eq(join_result(1, AGENDA_NEVER), EDEADLK);
}

static void nap(uint32_t self) {
    (void)self;
    static const struct wait_cause cause = {.kind = POINT_SLEEP};
    schedule_wait(schedule, NULL, schedule_now_ns(schedule) + 1000000, &cause);
}

static void join_in_all_ways(uint32_t self) {
    ck_assert_int_eq(join_result(self, AGENDA_NEVER), EDEADLK);
    ck_assert_int_eq(join_result(0, AGENDA_NEVER), ESRCH);
    ck_assert_int_eq(join_result(2, AGENDA_NEVER), ESRCH);
    const uint32_t second = spawn(join_main_back);
    const uint32_t third = spawn(nap);
    const uint32_t detached = start(self, 1, nap, true);
    const uint32_t fourth = spawn(nap);
    ck_assert_int_eq(join_result(fourth, 0), EBUSY);
    ck_assert_int_eq(join_result(fourth, 1), ETIMEDOUT);
    ck_assert_int_eq(join_result(detached, AGENDA_NEVER), EINVAL);
    ck_assert_int_eq(threads_detach(&world->threads, detached), EINVAL);
    ck_assert_int_eq(join_result(third, AGENDA_NEVER), EINVAL); /* the second joins it */
    ck_assert_int_eq(join_result(second, AGENDA_NEVER), 0);
    ck_assert_int_eq(join_result(second, AGENDA_NEVER), ESRCH);
    ck_assert_int_eq(threads_detach(&world->threads, second), ESRCH);
    ck_assert_int_eq(threads_detach(&world->threads, 99), ESRCH);
    ck_assert_int_eq(join_result(fourth, 0), 0);
    note(1);
}

START_TEST(joins_that_cannot_be_are_refused_as_pthreads_does) {
    static body_function *const mains[] = {join_in_all_ways};
    open_world(1);

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(1);
}
END_TEST

static void create_and_join(uint32_t self) {
    (void)self;
    for (uint32_t id = 2; id < 100; id++) {
        ck_assert_uint_eq(spawn(note_self), id);
        log_count = 0;
        join(id);
    }
}

START_TEST(ids_are_never_used_again_and_agents_are) {
    static body_function *const mains[] = {create_and_join};
    open_world(1);

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    ck_assert_uint_eq(world->threads.table.count, 99);
    ck_assert_uint_le(schedule->agents.pool.count, 3);
}
END_TEST

static uint64_t identities[2][8];
static unsigned identity_run;

static void leaf(uint32_t self) {
    (void)self;
}

/* Node 1's children are even in the table, node 2's are odd, whoever came first. */
static void two_children(uint32_t self) {
    const uint32_t node = schedule_running(schedule)->node;
    identities[identity_run][node] = schedule_running(schedule)->decider.identity;
    for (uint32_t nth = 0; nth < 2; nth++) {
        yield();
        const uint32_t id = start(self, node, leaf, true);
        identities[identity_run][2 * (nth + 1) + node] = threads_at(&world->threads, id)->identity;
    }
}

START_TEST(an_identity_is_parent_and_number_under_every_schedule) {
    static body_function *const mains[] = {two_children, two_children};
    open_world(2);
    identity_run = 0;
    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
    identity_run = 1;
    for (uint64_t seed = 0; seed < 50; seed++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);

        ck_assert_mem_eq(identities[0], identities[1], sizeof identities[0]);
    }
    for (unsigned i = 1; i < 7; i++) {
        for (unsigned j = 1; j < i; j++) {
            ck_assert_uint_ne(identities[0][i], identities[0][j]);
        }
    }
}
END_TEST

SUITE(thread) {
    SUITE_TEST(results_come_up_a_chain_of_joins);
    SUITE_TEST(joins_that_cannot_be_are_refused_as_pthreads_does);
    SUITE_TEST(ids_are_never_used_again_and_agents_are);
    SUITE_TEST(an_identity_is_parent_and_number_under_every_schedule);
}
