/* Spin locks against a naive twin: the number of its holder beside each. */
#include "sim/spin.h"

#include <errno.h>

#include "tests/suite.h"
#include "tests/thread_fixture.h"

#define SEEDS 500
#define THREADS 4
#define STEPS 40
#define LOCKS 3

enum operation { OP_LOCK, OP_TRY_LOCK, OP_UNLOCK, OP_DESTROY, OP_SIGNAL, OP_COUNT };

static struct spins spins;
static uint32_t words[LOCKS];
static uint32_t twins[LOCKS];
static struct random dice;
static uint32_t outcomes[OP_COUNT][EBUSY + 1]; /* how often each result came */

static void open_spins(void) {
    thread_fixture_open();
    spins_init(&spins, &fixture.arena, &fixture.schedule);
}

static bool holds_any(uint32_t thread) {
    bool holds = false;
    for (unsigned i = 0; i < LOCKS; i++) {
        holds = holds || twins[i] == thread;
    }
    return holds;
}

static int unlock_step(uint32_t thread, unsigned at) {
    if (twins[at] != thread) {
        return EBUSY;
    }
    spin_unlock(&spins, &words[at], NULL);
    twins[at] = 0;
    return 0;
}

static int destroy_step(unsigned at) {
    const int result = spin_destroy(&spins, &words[at]);
    ck_assert(result == EBUSY || twins[at] == 0);
    if (result == 0) {
        spin_init(&words[at]);
    }
    return result;
}

/* Who holds a lock only tries others, so that no run ends in a deadlock. */
static int lock_step(uint32_t thread, unsigned at, bool tries) {
    int result = 0;
    if (tries || holds_any(thread)) {
        result = spin_try_lock(&spins, &words[at], NULL);
        ck_assert_int_eq(result, twins[at] == 0 ? 0 : EBUSY);
    } else {
        spin_lock(&spins, &words[at], NULL);
    }
    if (result == 0) {
        ck_assert_uint_eq(twins[at], 0);
        twins[at] = thread;
    }
    return result;
}

static void random_steps(uint32_t thread) {
    for (unsigned i = 0; i < STEPS; i++) {
        const unsigned at = (unsigned)random_below(&dice, LOCKS);
        const enum operation op = (enum operation)random_below(&dice, OP_COUNT);
        int result = 0;
        if (op == OP_LOCK || op == OP_TRY_LOCK) {
            result = lock_step(thread, at, op == OP_TRY_LOCK);
        } else if (op == OP_UNLOCK) {
            result = unlock_step(thread, at);
        } else if (op == OP_DESTROY) {
            result = destroy_step(at);
        } else {
            thread_fixture_signal(1 + (uint32_t)random_below(&dice, THREADS));
        }
        outcomes[op][result]++;
    }
    for (unsigned i = 0; i < LOCKS; i++) {
        unlock_step(thread, i);
    }
}

START_TEST(random_calls_behave_as_the_twin) {
    open_spins();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        random_init(&dice, seed);
        spins_begin(&spins);
        for (unsigned i = 0; i < LOCKS; i++) {
            twins[i] = 0;
            spin_init(&words[i]);
        }

        ck_assert_int_eq(thread_fixture_run(seed, THREADS, random_steps), VERDICT_PASS);

        for (unsigned i = 0; i < LOCKS; i++) {
            ck_assert_int_eq(spin_destroy(&spins, &words[i]), 0);
        }
        ck_assert_uint_eq(spins.table.live, 0);
    }
    ck_assert_uint_gt(outcomes[OP_LOCK][0], SEEDS); /* the runs were not idle */
    ck_assert_uint_gt(outcomes[OP_TRY_LOCK][EBUSY], SEEDS);
    ck_assert_uint_gt(outcomes[OP_DESTROY][0], SEEDS);
    ck_assert_uint_gt(outcomes[OP_DESTROY][EBUSY], SEEDS);
}
END_TEST

static void lock_for_ever(uint32_t thread) {
    (void)thread;
    ck_assert_int_eq(spin_try_lock(&spins, &words[0], NULL), words[1] == 0 ? EBUSY : 0);
    spin_lock(&spins, &words[0], NULL);
}

START_TEST(who_holds_it_waits_for_itself) {
    open_spins();
    spin_init(&words[0]);
    words[1] = 1;

    ck_assert_int_eq(thread_fixture_run(1, 1, lock_for_ever), VERDICT_DEADLOCK);

    const struct wait_cause *cause = &schedule_agent(&fixture.schedule, 1)->cause;
    ck_assert_uint_eq(cause->kind, POINT_SPIN_LOCK);
    ck_assert_uint_eq(*cause->holder, 1);
}
END_TEST

START_TEST(one_that_nobody_initialised_is_taken) {
    open_spins();
    words[0] = 0; /* as calloc leaves it, and this processor's glibc finds it taken */
    words[1] = 0;

    ck_assert_int_eq(thread_fixture_run(1, 1, lock_for_ever), VERDICT_DEADLOCK);

    ck_assert_uint_eq(*schedule_agent(&fixture.schedule, 1)->cause.holder, 0);
}
END_TEST

static void unlock_too_many(uint32_t thread) {
    (void)thread;
    for (uint32_t i = 0; i <= SPINS_MAX; i++) {
        words[0] = SPIN_FREE; /* forgets the record, as memory that is freed does */
        schedule_progress(&fixture.schedule);
        spin_unlock(&spins, &words[0], NULL);
    }
}

START_TEST(too_many_end_the_run) {
    open_spins();

    ck_assert_int_eq(thread_fixture_run(1, 1, unlock_too_many), VERDICT_LIMIT);

    ck_assert_str_eq(fixture.verdict.message, "more than 1048576 spin locks");
}
END_TEST

static void lock_and_keep(uint32_t thread) {
    (void)thread;
    for (unsigned i = 0; i < LOCKS; i++) {
        spin_init(&words[i]);
        spin_lock(&spins, &words[i], NULL);
    }
}

/* Words name records: a program that looks at them must see the same in every run. */
START_TEST(a_run_starts_without_the_locks_that_the_last_one_left) {
    uint32_t first[LOCKS];
    open_spins();
    for (unsigned run = 0; run < 3; run++) {
        spins_begin(&spins);
        ck_assert_uint_eq(spins.table.live, 0);

        ck_assert_int_eq(thread_fixture_run(1, 1, lock_and_keep), VERDICT_PASS);

        ck_assert_uint_eq(spins.table.live, LOCKS);
        if (run == 0) {
            memcpy(first, words, sizeof first);
        }
        ck_assert_mem_eq(words, first, sizeof first);
    }
}
END_TEST

SUITE(spin) {
    SUITE_TEST(random_calls_behave_as_the_twin);
    SUITE_TEST(who_holds_it_waits_for_itself);
    SUITE_TEST(one_that_nobody_initialised_is_taken);
    SUITE_TEST(too_many_end_the_run);
    SUITE_TEST(a_run_starts_without_the_locks_that_the_last_one_left);
}
