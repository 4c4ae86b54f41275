/* What a thread is created with and what it can be asked: detached state, stacks, names,
 * scheduling; joins with a deadline, joins that cannot be, errno of each thread. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "sim/scenario.h"

static void *sleep_long(void *unused) {
    const struct timespec some = {0, 20000000};
    nanosleep(&some, NULL);
    return unused;
}

static void *nothing(void *argument) {
    return argument;
}

static void *look_at_stack(void *unused) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    int detached;
    const char here = 0;
    assert(pthread_getattr_np(pthread_self(), &attributes) == 0);
    assert(pthread_attr_getstack(&attributes, &low, &size) == 0);
    assert(&here >= (char *)low && &here < (char *)low + size);
    assert(pthread_attr_getdetachstate(&attributes, &detached) == 0);
    assert(detached == PTHREAD_CREATE_JOINABLE);
    assert(pthread_attr_destroy(&attributes) == 0);
    sim_count("stack", (int64_t)size);
    return unused;
}

static void stacks(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    size_t size;
    assert(pthread_attr_init(&attributes) == 0);
    assert(pthread_attr_getstacksize(&attributes, &size) == 0 && size == 8 << 20);
    assert(pthread_attr_setstacksize(&attributes, 100) == EINVAL);
    assert(pthread_attr_setstacksize(&attributes, 2 << 20) == 0);
    assert(pthread_attr_setguardsize(&attributes, 0) == 0);
    assert(pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED) == 0);
    assert(pthread_create(&thread, &attributes, look_at_stack, NULL) == 0);
    assert(pthread_join(thread, NULL) == 0);
    assert(pthread_attr_destroy(&attributes) == 0);
    look_at_stack(NULL);
}

static void detached(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    assert(pthread_create(&thread, &attributes, sleep_long, NULL) == 0);
    assert(pthread_join(thread, NULL) == EINVAL);
    assert(pthread_detach(thread) == EINVAL);
    pthread_attr_destroy(&attributes);
}

static void joins(void) {
    pthread_t thread;
    void *result;
    struct timespec due;
    const struct timespec wrong = {0, -1};
    assert(pthread_join(pthread_self(), NULL) == EDEADLK);
    pthread_create(&thread, NULL, sleep_long, &due);
    assert(pthread_tryjoin_np(thread, &result) == EBUSY);
    clock_gettime(CLOCK_REALTIME, &due);
    assert(pthread_timedjoin_np(thread, &result, &due) == ETIMEDOUT);
    clock_gettime(CLOCK_MONOTONIC, &due);
    assert(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &due) == ETIMEDOUT);
    assert(pthread_clockjoin_np(thread, &result, CLOCK_BOOTTIME, &due) == EINVAL);
    const struct timespec long_ago = {0, 5};
    assert(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &long_ago) == ETIMEDOUT);
    due.tv_sec += 10;
    assert(pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &due) == 0);
    assert(result == &due);
    pthread_create(&thread, NULL, sleep_long, &due);
    assert(pthread_timedjoin_np(thread, &result, &wrong) == 0 && result == &due);
    pthread_create(&thread, NULL, nothing, (void *)3);
    sleep_long(NULL);
    assert(pthread_kill(thread, SIGUSR1) == 0); /* it has ended, and is not joined */
    assert(pthread_timedjoin_np(thread, &result, &wrong) == 0 && result == (void *)3);
}

static int handled;

static void on_signal(int number) {
    (void)number;
    handled++;
}

static void *send(void *target) {
    sleep_long(NULL);
    pthread_kill(*(pthread_t *)target, SIGUSR1);
    sleep_long(NULL);
    return NULL;
}

/* A join goes on after a signal; its handler ran while it waited. */
static void join_and_signal(void) {
    pthread_t thread;
    pthread_t self = pthread_self();
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, send, &self);
    assert(pthread_join(thread, NULL) == 0);
    assert(handled == 1);
}

static void *look_at_name(void *expected) {
    char name[16];
    assert(pthread_getname_np(pthread_self(), name, sizeof name) == 0);
    assert(strcmp(name, expected) == 0);
    assert(pthread_setname_np(pthread_self(), "own") == 0);
    sched_yield();
    assert(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "own") == 0);
    return NULL;
}

static void names(void) {
    char name[16];
    pthread_t threads[2];
    assert(pthread_setname_np(pthread_self(), "sixteen letters.") == ERANGE);
    assert(pthread_getname_np(pthread_self(), name, 15) == ERANGE);
    assert(prctl(PR_SET_NAME, "this one is cut at fifteen") == 0);
    assert(pthread_getname_np(pthread_self(), name, sizeof name) == 0);
    assert(strcmp(name, "this one is cut") == 0);
    for (int i = 0; i < 2; i++) { /* its creator's, until it takes another */
        pthread_create(&threads[i], NULL, look_at_name, "this one is cut");
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_getname_np(pthread_self(), name, sizeof name);
    assert(strcmp(name, "this one is cut") == 0);
}

static void scheduling(void) {
    int policy = -1;
    struct sched_param parameter = {.sched_priority = 9};
    clockid_t clock;
    struct timespec used;
    assert(pthread_getschedparam(pthread_self(), &policy, &parameter) == 0);
    assert(policy == SCHED_OTHER && parameter.sched_priority == 0);
    assert(pthread_setschedparam(pthread_self(), SCHED_OTHER, &parameter) == 0);
    assert(pthread_setschedprio(pthread_self(), 0) == 0);
    assert(pthread_setschedprio(pthread_self(), 5) == EINVAL);
    parameter.sched_priority = 3;
    assert(pthread_setschedparam(pthread_self(), SCHED_OTHER, &parameter) == EINVAL);
    assert(pthread_getcpuclockid(pthread_self(), &clock) == 0);
    assert(clock_gettime(clock, &used) == 0);
    assert(pthread_getconcurrency() == 0 && pthread_setconcurrency(4) == 0);
    assert(pthread_getconcurrency() == 4 && pthread_setconcurrency(-1) == EINVAL);
    assert(pthread_atfork(NULL, NULL, NULL) == 0); /* fork() itself is refused */
}

static void *keep_errno(void *argument) {
    const int own = (int)(intptr_t)argument;
    for (int i = 0; i < 20; i++) {
        errno = own;
        sched_yield();
        assert(errno == own);
        errno = own + 1;
        pthread_setname_np(pthread_self(), "worker");
        assert(errno == own + 1);
    }
    return NULL;
}

static void errors_are_per_thread(void) {
    pthread_t threads[3];
    for (intptr_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, keep_errno, (void *)(1000 + 10 * i));
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    stacks();
    detached();
    joins();
    join_and_signal();
    names();
    scheduling();
    errors_are_per_thread();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
