/* Threads as C11 has them.
 *
 * Planted bug (PLANTED): the consumer tests with `if` what it has to test with `while`:
 *   1  one signal, and the mutex goes to another consumer first     2  the woken one takes nothing
 */
#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <threads.h>
#include <time.h>

#include "sim/scenario.h"

#define CONSUMERS 3
#define ITEMS 6

static mtx_t mutex;
static cnd_t filled;
static int items;
static int taken;
static bool closed;
static tss_t own;
static int destroyed;
static once_flag flag = ONCE_FLAG_INIT;
static int initialised;

static void initialise(void) {
    thrd_yield();
    initialised++;
}

static void destroy(void *value) {
    destroyed += *(int *)value;
}

static int consume(void *argument) {
    const int self = *(int *)argument;
    int count = 0;
    call_once(&flag, initialise);
    assert(initialised == 1);
    assert(tss_get(own) == NULL && tss_set(own, argument) == thrd_success);
    mtx_lock(&mutex);
    for (;;) {
#ifdef PLANTED
        if (items == 0 && !closed) {
#else
        while (items == 0 && !closed) {
#endif
            assert(cnd_wait(&filled, &mutex) == thrd_success);
        }
        if (items == 0 && closed) {
            break;
        }
        assert(items > 0);
        items--;
        taken++;
        count++;
    }
    mtx_unlock(&mutex);
    assert(*(int *)tss_get(own) == self);
    if (self == 1) {
        thrd_exit(-count); /* as good as a return */
    }
    return -count;
}

static void queue(void) {
    static int numbers[CONSUMERS] = {0, 1, 2};
    thrd_t threads[CONSUMERS];
    int total = 0;
    for (int i = 0; i < CONSUMERS; i++) {
        assert(thrd_create(&threads[i], consume, &numbers[i]) == thrd_success);
    }
    for (int i = 0; i < ITEMS; i++) {
        mtx_lock(&mutex);
        items++;
        cnd_signal(&filled);
        mtx_unlock(&mutex);
    }
    mtx_lock(&mutex);
    closed = true;
    cnd_broadcast(&filled);
    mtx_unlock(&mutex);
    for (int i = 0; i < CONSUMERS; i++) {
        int result = 1;
        assert(thrd_join(threads[i], &result) == thrd_success);
        assert(result <= 0);
        total -= result;
    }
    assert(total == ITEMS && taken == ITEMS && destroyed == 0 + 1 + 2);
}

static struct timespec soon(void) {
    struct timespec due;
    assert(timespec_get(&due, TIME_UTC) == TIME_UTC);
    due.tv_nsec += 5000000;
    if (due.tv_nsec >= 1000000000) {
        due.tv_sec++;
        due.tv_nsec -= 1000000000;
    }
    return due;
}

static mtx_t held;

static int try_it(void *unused) {
    (void)unused;
    const struct timespec due = soon();
    assert(mtx_trylock(&held) == thrd_busy);
    assert(mtx_timedlock(&held, &due) == thrd_timedout);
    return 7;
}

static void refusals(void) {
    thrd_t thread;
    int result;
    mtx_t recursive;
    cnd_t never;
    assert(mtx_init(&recursive, mtx_recursive | mtx_timed) == thrd_success);
    assert(mtx_lock(&recursive) == thrd_success && mtx_trylock(&recursive) == thrd_success);
    assert(mtx_unlock(&recursive) == thrd_success && mtx_unlock(&recursive) == thrd_success);
    assert(mtx_unlock(&recursive) == thrd_error);
    mtx_destroy(&recursive);

    assert(mtx_init(&held, mtx_timed) == thrd_success && mtx_lock(&held) == thrd_success);
    assert(thrd_create(&thread, try_it, NULL) == thrd_success);
    assert(!thrd_equal(thread, thrd_current()) && thrd_equal(thrd_current(), thrd_current()));
    assert(thrd_join(thread, &result) == thrd_success && result == 7);
    assert(cnd_init(&never) == thrd_success);
    const struct timespec due = soon();
    int status;
    while ((status = cnd_timedwait(&never, &held, &due)) == thrd_success) {
    }
    assert(status == thrd_timedout);
    cnd_destroy(&never);
    mtx_unlock(&held);
    mtx_destroy(&held);
    assert(thrd_join(thrd_current(), NULL) == thrd_error);
}

static int nothing(void *unused) {
    (void)unused;
    return 0;
}

static thrd_t first;

static void on_signal(int number) {
    (void)number;
}

static int send(void *unused) {
    (void)unused;
    const struct timespec some = {0, 20000000};
    thrd_sleep(&some, NULL);
    pthread_kill(first, SIGUSR1);
    return 0;
}

static void sleeping(void) {
    thrd_t thread;
    const struct timespec wrong = {0, -1};
    const struct timespec second = {1, 0};
    struct timespec left = {0, 0};
    struct sigaction action = {.sa_handler = on_signal};
    assert(thrd_sleep(&wrong, NULL) == -2);
    assert(thrd_create(&thread, nothing, NULL) == thrd_success);
    assert(thrd_detach(thread) == thrd_success);
    sigaction(SIGUSR1, &action, NULL);
    first = thrd_current();
    thrd_create(&thread, send, NULL);
    assert(thrd_sleep(&second, &left) == -1);
    assert(left.tv_sec == 0 && left.tv_nsec > 100000000);
    thrd_join(thread, NULL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    assert(mtx_init(&mutex, mtx_plain) == thrd_success);
    assert(cnd_init(&filled) == thrd_success);
    assert(tss_create(&own, destroy) == thrd_success);
    queue();
    refusals();
    sleeping();
    tss_delete(own);
    cnd_destroy(&filled);
    mtx_destroy(&mutex);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
