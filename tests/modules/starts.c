/* What a thread starts with: the processors and the mask of signals that its attributes ask for, or
 * else its creator's. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "sim/scenario.h"

static volatile sig_atomic_t handled_by; /* gettid() */

static void on_signal(int signal) {
    (void)signal;
    handled_by = gettid();
}

static bool is_blocked(int signal) {
    sigset_t mask;
    assert(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
    return sigismember(&mask, signal) == 1;
}

static void block(int how, int signal) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    assert(pthread_sigmask(how, &mask, NULL) == 0);
}

/* The first processor that the creator may run on. */
static int first_processor(void) {
    cpu_set_t own;
    int first = 0;
    assert(sched_getaffinity(0, sizeof own, &own) == 0);
    while (!CPU_ISSET(first, &own)) {
        first++;
    }
    return first;
}

static void run(const pthread_attr_t *attributes, void *(*program)(void *), void *argument) {
    pthread_t thread;
    void *result;
    assert(pthread_create(&thread, attributes, program, argument) == 0);
    assert(pthread_join(thread, &result) == 0 && result == argument);
}

static void *on_one_processor(void *processor) {
    cpu_set_t own;
    assert(pthread_getaffinity_np(pthread_self(), sizeof own, &own) == 0);
    assert(CPU_COUNT(&own) == 1 && CPU_ISSET(*(int *)processor, &own));
    return processor;
}

static void *whose_child_is_there_too(void *processor) {
    run(NULL, on_one_processor, processor);
    return on_one_processor(processor);
}

static void a_thread_runs_where_its_attributes_say_and_so_do_its_children(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    cpu_set_t before;
    cpu_set_t after;
    cpu_set_t wanted;
    int processor = first_processor();
    assert(sched_getaffinity(0, sizeof before, &before) == 0);
    CPU_ZERO(&wanted);
    pthread_attr_init(&attributes);
    assert(pthread_attr_setaffinity_np(&attributes, sizeof wanted, &wanted) == 0);
    assert(pthread_create(&thread, &attributes, on_one_processor, &processor) == EINVAL);
    CPU_SET(processor, &wanted);
    assert(pthread_attr_setaffinity_np(&attributes, sizeof wanted, &wanted) == 0);
    run(&attributes, whose_child_is_there_too, &processor);
    pthread_attr_destroy(&attributes);
    assert(sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&before, &after));
}

static void *blocks_two_only(void *unused) {
    assert(is_blocked(SIGUSR2) && !is_blocked(SIGUSR1));
    assert(!is_blocked(SIGKILL) && !is_blocked(SIGSTOP));
    return unused;
}

static void *blocks_one_only(void *unused) {
    assert(is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
    return unused;
}

static void *is_told(void *unused) {
    assert(handled_by == gettid()); /* before its first instruction */
    return unused;
}

static void a_thread_blocks_what_its_attributes_say(void) {
    pthread_attr_t attributes;
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigaddset(&mask, SIGKILL);
    sigaddset(&mask, SIGSTOP);
    pthread_attr_init(&attributes);
    block(SIG_BLOCK, SIGUSR1);
    assert(pthread_attr_setsigmask_np(&attributes, &mask) == 0);
    run(&attributes, blocks_two_only, NULL);
    assert(is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
    assert(pthread_attr_setsigmask_np(&attributes, NULL) == 0);
    run(&attributes, blocks_one_only, NULL);
    assert(kill(getpid(), SIGUSR1) == 0 && handled_by == 0);
    assert(pthread_attr_setsigmask_np(&attributes, &mask) == 0);
    run(&attributes, is_told, NULL);
    pthread_attr_destroy(&attributes);
    block(SIG_UNBLOCK, SIGUSR1);
    assert(handled_by != 0 && handled_by != gettid());
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const struct sigaction action = {.sa_handler = on_signal};
    assert(sigaction(SIGUSR1, &action, NULL) == 0);
    a_thread_runs_where_its_attributes_say_and_so_do_its_children();
    a_thread_blocks_what_its_attributes_say();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
