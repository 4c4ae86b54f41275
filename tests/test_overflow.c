/* What an overflow of a fiber's stack ends with, and that
 * other faults go where they went before. */
#include "executor/overflow.h"

#include <errno.h>
#include <ex/panic.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/context.h"
#include "tests/suite.h"

#define STACK_SIZE 16384u
#define TOLD_SIZE 4096

static struct ex_stack_pool pool;
static struct ex_context home;
static struct ex_context fiber;

/* ---- what the child processes do ---- */

__attribute__((noinline)) static uintptr_t descend(uintptr_t depth) {
    volatile char room[512];
    room[depth % sizeof room] = (char)depth;
    if (depth == 0) {
        return 0;
    }
    const uintptr_t below = descend(depth - 1);
    return below + (uintptr_t)room[depth % sizeof room];
}

static void overflow_it(uintptr_t word) {
    descend(100000);
    ex_context_leave(&fiber, &home, word);
}

static volatile char *target; /* of the fault */

static void touch_target(uintptr_t word) {
    *target = 1;
    ex_context_leave(&fiber, &home, word);
}

static void run_on(const struct ex_stack *stack, ex_context_entry *entry) {
    ex_context_prepare(&fiber, stack->low, stack->top, entry);
    ex_overflow_stack = stack;
    ex_context_switch(&home, &fiber, 0);
    ex_overflow_stack = NULL;
    ex_context_retire(&fiber);
}

/* Two fibers ran before; the third is the one that matters. */
static void run(ex_context_entry *entry) {
    ck_assert_int_eq(ex_overflow_watch(), 0);
    ex_stack_init(&pool, STACK_SIZE, false);
    ex_stack_take(&pool);
    ex_stack_take(&pool);
    run_on(ex_stack_take(&pool), entry);
}

static void overflow_the_stack(void) {
    run(overflow_it);
}

static void *overflow_in_thread(void *argument) {
    run(overflow_it);
    return argument;
}

static void overflow_the_stack_in_a_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, overflow_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void tell_and_exit(const char *file, int line, const char *what) {
    (void)file;
    (void)line;
    fprintf(stderr, "told: %s", what);
    _exit(42);
}

static void overflow_the_stack_with_an_own_panic(void) {
    ex_panic_install(tell_and_exit);
    run(overflow_it);
}

static void fault_elsewhere_on_a_fiber(void) {
    target = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    run(touch_target);
}

static void touch_the_guard_of_another_stack(void) {
    ck_assert_int_eq(ex_overflow_watch(), 0);
    ex_stack_init(&pool, STACK_SIZE, false);
    target = ex_stack_take(&pool)->low - 1;
    run_on(ex_stack_take(&pool), touch_target);
}

static void fault_outside_of_any_fiber(void) {
    run(touch_target);
    target = ex_stack_take(&pool)->low - 1;
    *target = 1;
}

static void fault_outside_of_any_fiber_after_one(void) {
    static char there;
    target = &there;
    fault_outside_of_any_fiber();
}

static void be_sent_the_signal(void) {
    ck_assert_int_eq(ex_overflow_watch(), 0);
    kill(getpid(), SIGSEGV);
    _exit(7); /* it has to have been ignored */
}

static void ignore_and_be_sent_the_signal(void) {
    signal(SIGSEGV, SIG_IGN);
    be_sent_the_signal();
}

static void ignore_and_fault(void) {
    signal(SIGSEGV, SIG_IGN);
    fault_elsewhere_on_a_fiber();
}

static void tell_address(int number, siginfo_t *info, void *context) {
    const int is_same = info->si_addr == (const void *)(uintptr_t)target;
    fprintf(stderr, "handled %d %d %d", number == SIGSEGV, is_same, context != NULL);
    _exit(43);
}

static void fault_with_a_handler(void) {
    struct sigaction action = {.sa_sigaction = tell_address, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    fault_elsewhere_on_a_fiber();
}

static void tell_number(int number) {
    fprintf(stderr, "handled %d", number == SIGSEGV);
    _exit(44);
}

static void fault_with_a_plain_handler(void) {
    signal(SIGSEGV, tell_number);
    fault_elsewhere_on_a_fiber();
}

static sigjmp_buf recovery;

static void recover(int number) {
    (void)number;
    siglongjmp(recovery, 1);
}

/* As garbage collectors and probes do; the signal is not blocked afterwards. */
static void recover_from_faults(void) {
    volatile int count = 0;
    signal(SIGSEGV, recover);
    ck_assert_int_eq(ex_overflow_watch(), 0);
    target = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigsetjmp(recovery, 1);
    if (count < 3) {
        count++;
        *target = 1;
    }
    fprintf(stderr, "recovered %d times", count);
    _exit(45);
}

static const struct {
    void (*body)(void);
    int signal; /* that ends it; 0 = it exits */
    int status;
    const char *told; /* is part of what it wrote */
} children[] = {
    {overflow_the_stack, SIGABRT, 0, "fiber 3 overflowed its stack of 16384 bytes"},
    {overflow_the_stack_in_a_thread, SIGABRT, 0, "fiber 3 overflowed its stack of 16384 bytes"},
    {overflow_the_stack_with_an_own_panic, 0, 42, "told: fiber 3 overflowed its stack of 16384"},
    {fault_elsewhere_on_a_fiber, SIGSEGV, 0, ""},
    {touch_the_guard_of_another_stack, SIGSEGV, 0, ""},
    {fault_outside_of_any_fiber_after_one, SIGSEGV, 0, ""},
    {be_sent_the_signal, SIGSEGV, 0, ""},
    {ignore_and_be_sent_the_signal, 0, 7, ""},
    {ignore_and_fault, SIGSEGV, 0, ""},
    {fault_with_a_handler, 0, 43, "handled 1 1 1"},
    {fault_with_a_plain_handler, 0, 44, "handled 1"},
    {recover_from_faults, 0, 45, "recovered 3 times"},
};

#define CHILD_COUNT ((int)(sizeof children / sizeof *children))

START_TEST(an_overflow_is_told_and_other_faults_go_where_they_went_before) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);

    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); /* a sanitizer has its own */
        children[_i].body();
        _exit(0);
    }
    close(ends[1]);
    char told[TOLD_SIZE] = "";
    size_t length = 0;
    ssize_t count;
    while ((count = read(ends[0], told + length, sizeof told - 1 - length)) > 0) {
        length += (size_t)count;
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);

    if (children[_i].signal != 0) {
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), children[_i].signal);
    } else {
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), children[_i].status);
    }
    ck_assert_ptr_nonnull(strstr(told, children[_i].told));
    ck_assert(children[_i].told[0] != '\0' || length == 0);
    close(ends[0]);
}
END_TEST

/* ---- alternate stacks ---- */

static stack_t alternate(void) {
    stack_t stack;
    ck_assert_int_eq(sigaltstack(NULL, &stack), 0);
    return stack;
}

static void *given; /* kept to look at it when its thread has ended */

static void *watch_without(void *argument) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);

    ck_assert_int_eq(ex_overflow_watch(), 0);
    ck_assert_int_eq(ex_overflow_watch(), 0);

    ck_assert_int_eq(alternate().ss_flags, 0);
    ck_assert_uint_eq(alternate().ss_size, EX_OVERFLOW_STACK_SIZE);
    given = alternate().ss_sp;
    memset(given, 1, EX_OVERFLOW_STACK_SIZE);
    return argument;
}

static char own_memory[65536];

static void *watch_with(void *argument) {
    const stack_t own = {.ss_sp = own_memory, .ss_size = sizeof own_memory};
    const stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&own, NULL);

    ck_assert_int_eq(ex_overflow_watch(), 0);

    ck_assert_ptr_eq(alternate().ss_sp, own_memory);
    sigaltstack(&none, NULL);
    return argument;
}

static pthread_key_t own_key;

/* Runs after the alternate stack was taken back: keys are
 * destroyed in the order of their creation. */
static void expect_own_stack(void *argument) {
    (void)argument;
    const stack_t none = {.ss_flags = SS_DISABLE};
    ck_assert_ptr_eq(alternate().ss_sp, own_memory);
    sigaltstack(&none, NULL);
    given = own_memory;
}

static void *watch_and_replace(void *argument) {
    const stack_t own = {.ss_sp = own_memory, .ss_size = sizeof own_memory};
    const stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    ck_assert_int_eq(ex_overflow_watch(), 0);

    sigaltstack(&own, NULL);
    pthread_setspecific(own_key, own_memory);
    return argument;
}

static bool is_mapped(void *memory) {
    return msync(memory, 4096, MS_ASYNC) == 0;
}

static void in_thread(void *(*body)(void *argument)) {
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, body, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

START_TEST(a_thread_without_an_alternate_stack_is_given_one_until_it_ends) {
    in_thread(watch_without);

    ck_assert_ptr_nonnull(given);
    ck_assert(!is_mapped(given));
}
END_TEST

START_TEST(a_thread_with_an_alternate_stack_keeps_it) {
    in_thread(watch_with);
}
END_TEST

START_TEST(an_alternate_stack_that_replaced_the_one_given_outlives_it) {
    ck_assert_int_eq(ex_overflow_watch(), 0); /* creates its key before ours */
    ck_assert_int_eq(pthread_key_create(&own_key, expect_own_stack), 0);

    in_thread(watch_and_replace);

    ck_assert_ptr_eq(given, own_memory);
}
END_TEST

START_TEST(without_memory_for_an_alternate_stack_a_thread_may_try_again) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    struct rlimit limit;
    sigaltstack(&none, NULL);
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    const struct rlimit no_memory = {.rlim_cur = 0, .rlim_max = limit.rlim_max};

    setrlimit(RLIMIT_AS, &no_memory);
    const int refused = ex_overflow_watch();
    setrlimit(RLIMIT_AS, &limit);

    ck_assert_int_eq(refused, -ENOMEM);
    ck_assert_int_eq(alternate().ss_flags, SS_DISABLE);
    ck_assert_int_eq(ex_overflow_watch(), 0);
    ck_assert_int_eq(alternate().ss_flags, 0);
}
END_TEST

SUITE(overflow) {
    SUITE_LOOP(an_overflow_is_told_and_other_faults_go_where_they_went_before, 0, CHILD_COUNT);
    SUITE_TEST(a_thread_without_an_alternate_stack_is_given_one_until_it_ends);
    SUITE_TEST(a_thread_with_an_alternate_stack_keeps_it);
    SUITE_TEST(an_alternate_stack_that_replaced_the_one_given_outlives_it);
    SUITE_TEST(without_memory_for_an_alternate_stack_a_thread_may_try_again);
}
