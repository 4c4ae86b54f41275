/* Futexes by number: a mutex and a condition made of them, and what futex(2) promises.
 *
 * Planted bug (PLANTED): the mutex is given free with a plain store when nobody seemed to wait, and
 * the locker marks it contended only after it looked:
 *   1  locker sees "locked"     2  owner sees no mark, unlocks, wakes nobody
 *   3  locker marks the word and waits for ever
 */
#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define THREADS 3
#define ROUNDS 4

static long futex(uint32_t *word, int operation, uint32_t value) {
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static uint32_t load(uint32_t *word) {
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static bool expect_error(long result, int error) {
    return result == -1 && errno == error;
}

/* ---- a mutex: 0 free, 1 locked, 2 locked and somebody waits ---- */

static uint32_t lock_word;
static uint32_t changed; /* counts signals */
static uint32_t turns;   /* guarded by the mutex */

static void lock(void) {
    uint32_t found = 0;
    if (__atomic_compare_exchange_n(&lock_word, &found, 1, false, 5, 5)) {
        return;
    }
#ifdef PLANTED
    sched_yield(); /* somebody may unlock here */
    store(&lock_word, 2);
    futex(&lock_word, FUTEX_WAIT, 2);
    lock();
#else
    while (__atomic_exchange_n(&lock_word, 2, __ATOMIC_SEQ_CST) != 0) {
        futex(&lock_word, FUTEX_WAIT, 2);
    }
#endif
}

static void unlock(void) {
    if (__atomic_exchange_n(&lock_word, 0, __ATOMIC_SEQ_CST) == 2) {
        futex(&lock_word, FUTEX_WAKE, 1);
    }
}

/* Waits until it is this thread's turn; the signaller moves the others to the mutex's word. */
static void *take_turns(void *argument) {
    const uint32_t self = (uint32_t)(uintptr_t)argument;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        lock();
        while (turns % THREADS != self) {
            const uint32_t before = load(&changed);
            unlock();
            errno = (int)self + 1000;
            const long result = futex(&changed, FUTEX_WAIT, before);
            assert(result == 0 ? errno == (int)self + 1000 : errno == EAGAIN);
            while (__atomic_exchange_n(&lock_word, 2, __ATOMIC_SEQ_CST) != 0) {
                futex(&lock_word, FUTEX_WAIT, 2); /* somebody may have been moved here */
            }
        }
        const uint32_t seen = turns;
        sched_yield();
        assert(turns == seen);
        turns = seen + 1;
        const uint32_t after = __atomic_add_fetch(&changed, 1, __ATOMIC_SEQ_CST);
        const long moved = syscall(SYS_futex,
                                   &changed,
                                   FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG,
                                   1,
                                   (long)INT32_MAX,
                                   &lock_word,
                                   after);
        assert(moved >= 0 && moved < THREADS);
        store(&lock_word, 2); /* those that were moved wait for it */
        unlock();
    }
    return NULL;
}

static void turns_are_taken(void) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, take_turns, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(turns == THREADS * ROUNDS);
}

/* ---- refusals, deadlines, signals ---- */

static uint64_t now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint32_t word;
static char bytes[8];

static void refusals(void) {
    const struct timespec wrong = {0, 1000000000};
    assert(expect_error(futex(&word, FUTEX_WAIT, 1), EAGAIN));
    assert(expect_error(futex((uint32_t *)(void *)(bytes + 1), FUTEX_WAIT, 0), EINVAL));
    assert(expect_error(futex((uint32_t *)(void *)(bytes + 2), FUTEX_WAKE, 1), EINVAL));
    assert(expect_error(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), EINVAL));
    assert(expect_error(syscall(SYS_futex, &word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL));
    assert(expect_error(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &wrong, NULL, 0), EINVAL));
    assert(expect_error(syscall(SYS_futex, &word, FUTEX_REQUEUE, -1, 0L, &word, 0), EINVAL));
    assert(expect_error(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 0, 0L, &word, 1), EAGAIN));
    assert(expect_error(syscall(SYS_futex, &word, 99, 0, NULL, NULL, 0), ENOSYS));
    assert(expect_error(syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1), ENOSYS));
    assert(futex(&word, FUTEX_WAKE, 1) == 0);
    assert(futex(&word, FUTEX_WAKE, INT32_MAX) == 0);
}

/* One in many returns 0 without a wake; then it did not last. */
static void expect_timeout(int operation, const struct timespec *timeout) {
    const uint64_t start = now_ns(CLOCK_MONOTONIC);
    const long result =
        syscall(SYS_futex, &word, operation, 0, timeout, NULL, FUTEX_BITSET_MATCH_ANY);
    const uint64_t lasted = now_ns(CLOCK_MONOTONIC) - start;
    assert(result == 0 || expect_error(result, ETIMEDOUT));
    assert(result == 0 ? lasted < 1000000 : lasted >= 1000000 && lasted < 2000000);
}

static struct timespec at(clockid_t clock, uint64_t ns) {
    const uint64_t due = now_ns(clock) + ns;
    return (struct timespec){(time_t)(due / 1000000000), (long)(due % 1000000000)};
}

static void deadlines(void) {
    const struct timespec relative = {0, 1000500};
    expect_timeout(FUTEX_WAIT_PRIVATE, &relative);
    assert(expect_error(syscall(SYS_futex, &word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &relative),
                        ENOSYS));
    const struct timespec monotonic = at(CLOCK_MONOTONIC, 1001000);
    expect_timeout(FUTEX_WAIT_BITSET_PRIVATE, &monotonic);
    const struct timespec wall = at(CLOCK_REALTIME, 1001000);
    expect_timeout(FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, &wall);
    const struct timespec past = {0, 0};
    const uint64_t start = now_ns(CLOCK_MONOTONIC);
    const long result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &past, NULL, 0);
    assert(result == 0 || expect_error(result, ETIMEDOUT));
    assert(now_ns(CLOCK_MONOTONIC) - start < 10000);
}

static uint32_t handled;

static void on_signal(int number) {
    (void)number;
    handled++;
    const struct timespec little = {0, 100};
    syscall(SYS_futex, &handled, FUTEX_WAIT, handled, &little, NULL, 0); /* waits inside a wait */
}

static void *interrupt(void *target) {
    const struct timespec second = {1, 0};
    nanosleep(&second, NULL); /* the other one waits by then */
    pthread_kill(*(pthread_t *)target, SIGUSR1);
    return NULL;
}

static void signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    pthread_t self = pthread_self();
    pthread_t other;
    pthread_create(&other, NULL, interrupt, &self);
    long result;
    while ((result = futex(&word, FUTEX_WAIT, 0)) == 0) {
    }
    assert(expect_error(result, EINTR));
    assert(handled == 1);
    pthread_join(other, NULL);
    assert(futex(&word, FUTEX_WAKE, 1) == 0);
}

/* ---- who is woken ---- */

static uint32_t gate;
static uint32_t second_gate;
static uint32_t arrived;
static uint32_t woken_mask;

/* Says how it arrived and waits with a bit of its own until it is let through. */
static void *wait_with_bit(void *argument) {
    const uint32_t bit = (uint32_t)(uintptr_t)argument;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while ((load(&woken_mask) & bit) == 0) {
        syscall(SYS_futex, &gate, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, bit);
    }
    return NULL;
}

static void settle(void) {
    const struct timespec second = {1, 0};
    nanosleep(&second, NULL);
}

static void bits_choose(void) {
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, wait_with_bit, (void *)((uintptr_t)1 << i));
    }
    settle();
    store(&woken_mask, 2);
    assert(syscall(SYS_futex, &gate, FUTEX_WAKE_BITSET, INT32_MAX, NULL, NULL, 2) == 0);
    assert(
        syscall(SYS_futex, &gate, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, INT32_MAX, 0L, 0L, 2) ==
        1); /* and the shared word above was another one */
    pthread_join(threads[1], NULL);
    store(&woken_mask, 7);
    assert(syscall(SYS_futex, &gate, FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 5L, &second_gate, 0) ==
           2);
    assert(futex(&gate, FUTEX_WAKE, 5) == 0);
    assert(futex(&second_gate, FUTEX_WAKE, 5) == 1);
    pthread_join(threads[0], NULL);
    pthread_join(threads[2], NULL);
}

static void operations(void) {
    uint32_t other = 5;
    pthread_t thread;
    store(&woken_mask, 0);
    pthread_create(&thread, NULL, wait_with_bit, (void *)1);
    settle();
    store(&woken_mask, 1);
    const long woken = syscall(SYS_futex,
                               &other,
                               FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG,
                               1,
                               1L,
                               &gate,
                               FUTEX_OP(FUTEX_OP_ADD, -1, FUTEX_OP_CMP_EQ, 0));
    assert(woken == 1 && gate == UINT32_MAX);
    pthread_join(thread, NULL);
    assert(
        syscall(SYS_futex, &other, FUTEX_WAKE_OP, 1, 1L, &gate, FUTEX_OP(FUTEX_OP_OR, 0, 9, 0)) ==
        -1);
    assert(errno == ENOSYS);
}

static void *wait_in_order(void *argument) {
    const uint32_t self = (uint32_t)(uintptr_t)argument;
    do {
        futex(&gate, FUTEX_WAIT, 7);
    } while (load(&arrived) == 0); /* nobody has woken it yet */
    assert(__atomic_fetch_add(&turns, 1, __ATOMIC_SEQ_CST) == self);
    return NULL;
}

static void first_come_first(void) {
    pthread_t threads[THREADS];
    store(&gate, 7);
    store(&arrived, 0);
    store(&turns, 0);
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, wait_in_order, (void *)i);
        settle();
    }
    store(&arrived, 1);
    for (uint32_t i = 0; i < THREADS; i++) {
        assert(futex(&gate, FUTEX_WAKE, 1) == 1);
        settle();
        assert(load(&turns) == i + 1);
        pthread_join(threads[i], NULL);
    }
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    turns_are_taken();
    refusals();
    deadlines();
    signals();
    bits_choose();
    operations();
    first_come_first();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
