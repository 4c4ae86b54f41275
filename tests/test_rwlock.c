/* Read-write locks against a naive twin: who holds a lock is counted beside it, and each result
 * must be what that count says. */
#include "sim/rwlock.h"

#include <errno.h>

#include "tests/suite.h"
#include "tests/thread_fixture.h"

#define SEEDS 500
#define THREADS 4
#define STEPS 40
#define LOCKS 2

enum operation { OP_READ, OP_WRITE, OP_TRY_READ, OP_TRY_WRITE, OP_UNLOCK, OP_SIGNAL, OP_COUNT };

struct twin {
    uint32_t writer;
    uint32_t readers;
    uint32_t reads[THREADS + 1]; /* by thread */
    bool crowded;                /* more readers than the lock knows by name, since it was free */
};

static struct rwlock locks[LOCKS]; /* the first prefers readers, the second writers */
static struct twin twins[LOCKS];
static struct random dice;
static uint32_t outcomes[OP_COUNT][ETIMEDOUT + 1]; /* how often each result came */

static bool busy(const struct twin *twin, bool writes) {
    return twin->writer != 0 || (writes && twin->readers > 0);
}

static bool holds_any(uint32_t thread) {
    bool holds = false;
    for (unsigned i = 0; i < LOCKS; i++) {
        holds = holds || twins[i].writer == thread || twins[i].reads[thread] > 0;
    }
    return holds;
}

static void take(struct twin *twin, uint32_t thread, bool writes) {
    if (writes) {
        twin->writer = thread;
    } else {
        twin->readers++;
        twin->reads[thread]++;
        twin->crowded = (twin->crowded && twin->readers > 1) || twin->readers > 1 + RWLOCK_OTHERS;
    }
}

/* Who holds something only waits for a while, so that no run ends in a deadlock. */
static int lock_step(uint32_t thread, unsigned at, bool writes) {
    struct twin *twin = &twins[at];
    const bool ends = holds_any(thread) || random_below(&dice, 3) == 0;
    const uint64_t due = thread_fixture_now_ns() + random_below(&dice, 5000);
    const bool own = twin->writer == thread;
    const int result =
        (writes ? rwlock_write
                : rwlock_read)(&fixture.schedule, &locks[at], ends ? due : AGENDA_NEVER, NULL);
    ck_assert_int_eq(result == EDEADLK, own);
    if (result == 0) {
        ck_assert(!busy(twin, writes));
        take(twin, thread, writes);
    } else if (result == ETIMEDOUT) {
        ck_assert(ends && thread_fixture_now_ns() >= due);
        ck_assert(busy(twin, writes) || (!writes && at == 1));
    } else {
        ck_assert_int_eq(result, EDEADLK);
    }
    return result;
}

static int try_step(uint32_t thread, unsigned at, bool writes) {
    struct twin *twin = &twins[at];
    const int result =
        (writes ? rwlock_try_write : rwlock_try_read)(&fixture.schedule, &locks[at], NULL);
    const bool passes = at == 0 || writes;
    ck_assert(result == 0 || busy(twin, writes) || !passes);
    if (result == 0) {
        ck_assert(!busy(twin, writes));
        ck_assert(passes || !thread_fixture_waits(POINT_WRITE_LOCK, locks[at].object));
        take(twin, thread, writes);
    } else {
        ck_assert_int_eq(result, EBUSY);
    }
    return result;
}

static int unlock_step(uint32_t thread, unsigned at) {
    struct twin *twin = &twins[at];
    if (twin->writer != thread && twin->reads[thread] == 0) {
        return ENOLCK;
    }
    const int result = rwlock_unlock(&fixture.schedule, &locks[at], NULL);
    ck_assert_int_eq(result, 0);
    if (twin->writer == thread) {
        twin->writer = 0;
    } else {
        twin->readers--;
        twin->reads[thread]--;
    }
    return result;
}

static void step(uint32_t thread) {
    const unsigned at = (unsigned)random_below(&dice, LOCKS);
    const enum operation op = (enum operation)random_below(&dice, OP_COUNT);
    int result = 0;
    if (op == OP_UNLOCK) {
        result = unlock_step(thread, at);
    } else if (op == OP_SIGNAL) {
        thread_fixture_signal(1 + (uint32_t)random_below(&dice, THREADS));
    } else if (op == OP_READ || op == OP_WRITE) {
        result = lock_step(thread, at, op == OP_WRITE);
    } else {
        result = try_step(thread, at, op == OP_TRY_WRITE);
    }
    outcomes[op][result]++;
    ck_assert_uint_eq(locks[at].writer, twins[at].writer);
    ck_assert_uint_eq(locks[at].readers, twins[at].readers);
    ck_assert(locks[at].holder == 0 || locks[at].holder == twins[at].writer ||
              twins[at].reads[locks[at].holder] > 0);
    ck_assert(twins[at].readers == 0 || twins[at].crowded || locks[at].holder != 0);
}

static void random_steps(uint32_t thread) {
    for (unsigned i = 0; i < STEPS; i++) {
        step(thread);
    }
    for (unsigned i = 0; i < LOCKS; i++) {
        while (unlock_step(thread, i) == 0) {
        }
    }
}

START_TEST(random_calls_behave_as_the_twin) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        random_init(&dice, seed);
        memset(twins, 0, sizeof twins);
        rwlock_init(&locks[0], RWLOCK_PREFERS_READERS);
        rwlock_init(&locks[1], RWLOCK_PREFERS_WRITERS);

        ck_assert_int_eq(thread_fixture_run(seed, THREADS, random_steps), VERDICT_PASS);

        for (unsigned i = 0; i < LOCKS; i++) {
            ck_assert_uint_eq(locks[i].readers + locks[i].writer + locks[i].writers_waiting, 0);
            ck_assert_uint_eq(locks[i].read_queue.first + locks[i].write_queue.first, 0);
            ck_assert_int_eq(rwlock_destroy(&locks[i]), 0);
        }
    }
    for (unsigned op = OP_READ; op <= OP_WRITE; op++) { /* the runs were not idle */
        ck_assert_uint_gt(outcomes[op][0], SEEDS);
        ck_assert_uint_gt(outcomes[op][EDEADLK], SEEDS);
        ck_assert_uint_gt(outcomes[op][ETIMEDOUT], SEEDS);
        ck_assert_uint_gt(outcomes[OP_TRY_READ + op][EBUSY], SEEDS);
    }
}
END_TEST

static void upgrade(uint32_t thread) {
    (void)thread;
    rwlock_read(&fixture.schedule, &locks[0], AGENDA_NEVER, NULL);
    rwlock_write(&fixture.schedule, &locks[0], AGENDA_NEVER, NULL);
}

START_TEST(a_reader_that_asks_to_write_waits_for_itself) {
    rwlock_init(&locks[0], RWLOCK_PREFERS_READERS);

    ck_assert_int_eq(thread_fixture_run(1, 1, upgrade), VERDICT_DEADLOCK);

    const struct wait_cause *cause = &schedule_agent(&fixture.schedule, 1)->cause;
    ck_assert_uint_eq(cause->kind, POINT_WRITE_LOCK);
    ck_assert_uint_eq(*cause->holder, 1);
    ck_assert_int_eq(rwlock_destroy(&locks[0]), EBUSY);
}
END_TEST

static void misuse(uint32_t thread) {
    struct rwlock *lock = &locks[0];
    if (thread == 1) {
        ck_assert_int_eq(rwlock_unlock(&fixture.schedule, lock, NULL), EPERM);
        ck_assert_int_eq(rwlock_write(&fixture.schedule, lock, AGENDA_NEVER, NULL), 0);
        return;
    }
    while (lock->writer == 0) {
        const struct point point = {.kind = POINT_YIELD};
        schedule_yield(&fixture.schedule, &point);
    }
    ck_assert_int_eq(rwlock_unlock(&fixture.schedule, lock, NULL), EPERM);
    lock->writer = 0;
    lock->readers = RWLOCK_READERS_MAX;
    ck_assert_int_eq(rwlock_try_read(&fixture.schedule, lock, NULL), EAGAIN);
    ck_assert_int_eq(rwlock_read(&fixture.schedule, lock, AGENDA_NEVER, NULL), EAGAIN);
}

START_TEST(who_does_not_hold_it_cannot_unlock_it) {
    rwlock_init(&locks[0], RWLOCK_PREFERS_READERS);

    ck_assert_int_eq(thread_fixture_run(1, 2, misuse), VERDICT_PASS);
}
END_TEST

static void write_at_once(uint32_t thread) {
    (void)thread;
    ck_assert_int_eq(rwlock_try_write(&fixture.schedule, &locks[0], NULL), 0);
    ck_assert_int_eq(rwlock_unlock(&fixture.schedule, &locks[0], NULL), 0);
}

START_TEST(what_a_constructor_left_is_no_holder) {
    locks[0] = (struct rwlock){.writer = 1, .writers_waiting = 1, .kind = RWLOCK_PREFERS_WRITERS};

    ck_assert_int_eq(thread_fixture_run(1, 1, write_at_once), VERDICT_PASS);

    ck_assert_uint_eq(locks[0].kind, RWLOCK_PREFERS_WRITERS);
}
END_TEST

SUITE(rwlock) {
    SUITE_TEST(random_calls_behave_as_the_twin);
    SUITE_TEST(a_reader_that_asks_to_write_waits_for_itself);
    SUITE_TEST(who_does_not_hold_it_cannot_unlock_it);
    SUITE_TEST(what_a_constructor_left_is_no_holder);
}
