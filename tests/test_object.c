/* Synchronisation objects whose memory the program writes over: whatever is there ends in a
 * verdict, never in a panic of ours. */
#include "sim/object.h"

#include <errno.h>
#include <string.h>

#include "sim/barrier.h"
#include "sim/rwlock.h"
#include "sim/semaphore.h"
#include "sim/sync.h"
#include "tests/schedule_fixture.h"
#include "tests/suite.h"

#define SEEDS 4000
#define STEPS 30

/* As programs have them: each in memory of libc's size. */
static struct {
    struct sync_mutex mutex;
    struct sync_cond cond;
    struct rwlock rwlock;
    struct semaphore semaphore;
    struct barrier barrier;
} objects;
#define WORDS (sizeof objects / sizeof(uint32_t))

static struct random dice;

static void open_objects(void) {
    memset(&objects, 0, sizeof objects);
    sync_mutex_init(&objects.mutex, SYNC_NORMAL);
    sync_cond_init(&objects.cond, 0);
    rwlock_init(&objects.rwlock, RWLOCK_PREFERS_READERS);
    ck_assert_int_eq(semaphore_init(&objects.semaphore, 1), 0);
    ck_assert_int_eq(barrier_init(&objects.barrier, 2), 0);
}

/* ---- each object says so by its name ---- */

static void use_mutex(void) {
    sync_mutex_unlock(schedule, &objects.mutex, NULL);
}

static void use_cond(void) {
    sync_cond_signal(schedule, &objects.cond, NULL);
}

static void use_rwlock(void) {
    rwlock_try_read(schedule, &objects.rwlock, NULL);
    rwlock_unlock(schedule, &objects.rwlock, NULL);
}

static void use_semaphore(void) {
    semaphore_post(schedule, &objects.semaphore, NULL);
}

static void use_barrier(void) {
    objects.barrier.count = 1; /* each is the last of its round */
    barrier_wait(schedule, &objects.barrier, NULL);
}

static const struct {
    void (*use)(void);
    uint32_t *object;
    struct wait_queue *queue;
    const char *message;
} wild[] = {
    {use_mutex,
     &objects.mutex.object,
     &objects.mutex.queue,
     "the mutex was overwritten or never initialised"},
    {use_cond,
     &objects.cond.object,
     &objects.cond.queue,
     "the condition variable was overwritten or never initialised"},
    {use_rwlock,
     &objects.rwlock.object,
     &objects.rwlock.write_queue,
     "the read-write lock was overwritten or never initialised"},
    {use_semaphore,
     &objects.semaphore.object,
     &objects.semaphore.queue,
     "the semaphore was overwritten or never initialised"},
    {use_barrier,
     &objects.barrier.object,
     &objects.barrier.queue,
     "the barrier was overwritten or never initialised"},
};
#define WILD (int)(sizeof wild / sizeof wild[0])

static unsigned place; /* of the table */
static struct wait_queue left;
static bool id_is_wild;

static void use_a_wild_one(uint32_t thread) {
    (void)thread;
    wild[place].use();
    if (id_is_wild) {
        *wild[place].object = schedule->objects + 1;
    } else {
        *wild[place].queue = left;
    }
    note(1);
    wild[place].use();
    note(2);
}

START_TEST(a_queue_that_is_not_ours_is_a_finding) {
    /* No such agent, none at one end, and one that runs and waits in no queue. */
    static const struct wait_queue queues_left[] =
        {{99, 99}, {UINT32_MAX, UINT32_MAX}, {1, 0}, {0, 1}, {1, 1}, {0x5a5a5a5a, 0x5a5a5a5a}};
    place = (unsigned)_i;
    id_is_wild = false;
    for (size_t i = 0; i < sizeof queues_left / sizeof queues_left[0]; i++) {
        open_objects();
        left = queues_left[i];

        ck_assert_int_eq(run_fifo(1, use_a_wild_one), VERDICT_CRASH);

        EXPECT_LOG(1);
        ck_assert_str_eq(fixture.verdict.message, wild[_i].message);
        ck_assert_uint_eq(fixture.verdict.thread, 1);
        ck_assert_uint_eq(fixture.verdict.time_ns, schedule_now_ns(schedule));
    }
}
END_TEST

START_TEST(a_display_id_that_was_never_given_out_is_a_finding) {
    open_objects();
    place = (unsigned)_i;
    id_is_wild = true;

    ck_assert_int_eq(run_fifo(1, use_a_wild_one), VERDICT_CRASH);

    EXPECT_LOG(1);
    ck_assert_str_eq(fixture.verdict.message, wild[_i].message);
}
END_TEST

static void copy_while_waited_for(uint32_t thread) {
    if (thread == 1) {
        sync_mutex_lock(schedule, &objects.mutex, AGENDA_NEVER, NULL);
        yield();
        struct sync_mutex moved = objects.mutex; /* its address is another */
        sync_mutex_unlock(schedule, &moved, NULL);
    } else {
        sync_mutex_lock(schedule, &objects.mutex, AGENDA_NEVER, NULL);
    }
    note(thread);
}

START_TEST(a_copy_of_what_is_waited_for_is_a_finding) {
    open_objects();

    ck_assert_int_eq(run_fifo(2, copy_while_waited_for), VERDICT_CRASH);

    ck_assert_uint_eq(log_count, 0);
    ck_assert_str_eq(fixture.verdict.message, wild[0].message);
}
END_TEST

static void overwrite_while_waited_for(uint32_t thread) {
    if (thread == 1) {
        sync_mutex_lock(schedule, &objects.mutex, AGENDA_NEVER, NULL);
        yield();
        memset(&objects.mutex, 0, sizeof objects.mutex);
    } else {
        sync_mutex_lock(schedule, &objects.mutex, 1000000, NULL);
        note(thread);
    }
}

START_TEST(a_wait_that_ends_in_an_overwritten_queue_is_a_finding) {
    open_objects();

    ck_assert_int_eq(run_fifo(2, overwrite_while_waited_for), VERDICT_CRASH);

    ck_assert_uint_eq(log_count, 0);
    const char *message = "thread 2 waits for mutex #1, which was overwritten meanwhile";
    ck_assert_str_eq(fixture.verdict.message, message);
    ck_assert_uint_eq(fixture.verdict.thread, 2);
}
END_TEST

/* ---- any word, at any time ---- */

static uint32_t draw_word(void) {
    switch (random_below(&dice, 4)) {
    case 0:
        return 0;
    case 1:
        return (uint32_t)random_below(&dice, 6); /* as agents, threads and objects are called */
    case 2:
        return UINT32_MAX;
    default:
        return (uint32_t)random_next(&dice);
    }
}

static void overwrite(void) {
    unsigned char *bytes = (unsigned char *)&objects;
    size_t at = (size_t)random_below(&dice, WORDS);
    const size_t count = random_below(&dice, 4) == 0 ? 8 : 1;
    for (size_t i = 0; i < count && at < WORDS; i++, at++) {
        const uint32_t word = draw_word();
        memcpy(bytes + at * sizeof word, &word, sizeof word);
    }
}

/* What a node's exit does to those that wait. */
static void remove_waiters(uint32_t thread) {
    for (uint32_t other = 1; other <= THREADS; other++) {
        if (other != thread && state_of(other) == AGENT_WAITING) {
            schedule_thread_kill(schedule, agent_of(other));
            fixture.alive--;
        }
    }
}

static void step(uint64_t due_ns) {
    switch (random_below(&dice, 11)) {
    case 0:
        sync_mutex_lock(schedule, &objects.mutex, due_ns, NULL);
        break;
    case 1:
        sync_mutex_unlock(schedule, &objects.mutex, NULL);
        break;
    case 2:
        sync_cond_wait(schedule, &objects.cond, &objects.mutex, due_ns, NULL);
        break;
    case 3:
        sync_cond_broadcast(schedule, &objects.cond, NULL);
        break;
    case 4:
        rwlock_read(schedule, &objects.rwlock, due_ns, NULL);
        break;
    case 5:
        rwlock_write(schedule, &objects.rwlock, due_ns, NULL);
        break;
    case 6:
        rwlock_unlock(schedule, &objects.rwlock, NULL);
        break;
    case 7:
        semaphore_wait(schedule, &objects.semaphore, due_ns, NULL);
        break;
    case 8:
        semaphore_post(schedule, &objects.semaphore, NULL);
        break;
    case 9:
        barrier_wait(schedule, &objects.barrier, NULL);
        break;
    default:
        thread_fixture_signal(1 + (uint32_t)random_below(&dice, THREADS));
        break;
    }
}

static void random_steps(uint32_t thread) {
    for (unsigned i = 0; i < STEPS; i++) {
        const uint64_t due_ns = schedule_now_ns(schedule) + random_below(&dice, 5000);
        step(random_below(&dice, 2) == 0 ? due_ns : AGENDA_NEVER);
        if (random_below(&dice, 32) == 0) {
            overwrite();
        }
        schedule_verify(schedule);
    }
    if (random_below(&dice, 2) == 0) {
        remove_waiters(thread);
    }
}

START_TEST(whatever_is_written_over_objects_no_run_ends_in_a_panic) {
    uint32_t verdicts[VERDICT_KIND_COUNT] = {0};
    uint32_t meanwhile = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        random_init(&dice, seed);
        open_objects();

        const enum verdict_kind verdict = run_random(seed, THREADS, random_steps);

        verdicts[verdict]++;
        meanwhile += strstr(fixture.verdict.message, "overwritten meanwhile") != NULL;
    }
    ck_assert_uint_eq(verdicts[VERDICT_CRASH] + verdicts[VERDICT_DEADLOCK] + verdicts[VERDICT_PASS],
                      SEEDS);
    ck_assert_uint_gt(verdicts[VERDICT_CRASH], SEEDS / 4);
    ck_assert_uint_gt(verdicts[VERDICT_PASS], 0);
    ck_assert_uint_gt(meanwhile, SEEDS / 100);
}
END_TEST

SUITE(object) {
    SUITE_LOOP(a_queue_that_is_not_ours_is_a_finding, 0, WILD);
    SUITE_LOOP(a_display_id_that_was_never_given_out_is_a_finding, 0, WILD);
    SUITE_TEST(a_copy_of_what_is_waited_for_is_a_finding);
    SUITE_TEST(a_wait_that_ends_in_an_overwritten_queue_is_a_finding);
    SUITE_TEST(whatever_is_written_over_objects_no_run_ends_in_a_panic);
}
