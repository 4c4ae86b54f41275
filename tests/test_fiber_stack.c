/* Fibers and their stacks: how many, how big, what when there
 * is none, what when one is too small. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fiber_fixture.h"

#define MANY 5000

static int64_t yield_and_count(void *argument) {
    int64_t sum = (int64_t)(intptr_t)argument;
    for (int i = 0; i < 3; i++) {
        volatile int64_t kept = sum;
        ex_fiber_yield();
        sum = kept + 1;
    }
    return sum;
}

START_TEST(thousands_of_fibers_live_at_once_and_their_stacks_are_used_again) {
    static struct ex_task *tasks[MANY];
    start();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            tasks[i] = spawn(yield_and_count, (void *)(intptr_t)i);
        }

        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

        for (int i = 0; i < MANY; i++) {
            ck_assert_int_eq(ex_task_take(tasks[i]), i + 3);
        }
        ck_assert_uint_ge(stacks()->mapped_count, MANY);
        ck_assert_uint_lt(stacks()->mapped_count, MANY + EX_STACK_SLAB_COUNT);
    }
    stop();
}
END_TEST

static int64_t trim(void *keep) {
    return (int64_t)ex_fiber_trim((size_t)(uintptr_t)keep);
}

START_TEST(stacks_that_nobody_uses_go_back_when_they_are_trimmed) {
    start();
    for (int i = 0; i < 3 * (int)EX_STACK_SLAB_COUNT; i++) {
        ex_task_detach(spawn(yield_and_count, NULL));
    }
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(run(trim, (void *)(uintptr_t)10), 3 * EX_STACK_SLAB_COUNT - 11);

    ck_assert_uint_le(stacks()->mapped_count, EX_STACK_SLAB_COUNT);
    ck_assert_int_eq(run(yield_and_count, (void *)(intptr_t)1), 4);
    stop();
}
END_TEST

/* Uses as many bytes of the stack. */
static int64_t use(void *argument) {
    const size_t size = (size_t)(uintptr_t)argument;
    volatile char *room = __builtin_alloca(size);
    for (size_t i = 0; i < size; i += 512) {
        room[size - 1 - i] = 1;
    }
    return room[size - 1];
}

static int64_t nothing(void *argument) {
    return (int64_t)(intptr_t)argument;
}

START_TEST(stacks_are_as_big_as_the_options_say) {
    const struct ex_scheduler_options options = {.fiber_stack_size = 300 * 1024};
    const struct ex_scheduler_options too_big = {.fiber_stack_size = EX_STACK_SIZE_MAX + 1};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &too_big), -EINVAL);
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);

    ck_assert_int_eq(run(use, (void *)(uintptr_t)(295 * 1024)), 1);

    ck_assert_uint_eq(stacks()->size, 300 * 1024);
    stop();
}
END_TEST

START_TEST(without_memory_for_a_stack_the_result_says_so_and_later_there_is_one) {
    start();
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    struct ex_task *task = spawn(nothing, (void *)(intptr_t)5);

    setrlimit(RLIMIT_AS, &none);
    ex_scheduler_poll(scheduler);
    setrlimit(RLIMIT_AS, &limit);

    ck_assert(ex_task_is_done(task));
    ck_assert_int_eq(ex_task_take(task), -ENOMEM);
    ck_assert_int_eq(run(nothing, (void *)(intptr_t)5), 5);
    stop();
}
END_TEST

/* ---- overflow ---- */

/* tests/test_unwind.sh stops here. */
__attribute__((noinline)) static void reach_bottom(void) {
    ex_fiber_yield();
    __asm__ volatile("");
}

__attribute__((noinline)) static int64_t descend(uintptr_t depth) {
    volatile char room[256];
    room[depth % sizeof room] = 1;
    if (depth == 0) {
        reach_bottom();
        return 0;
    }
    const int64_t below = descend(depth - 1);
    return below + room[depth % sizeof room];
}

static int64_t descend_to(void *depth) {
    return descend((uintptr_t)depth);
}

/* Three run and wait; the second is too deep. */
static void overflow_one(void) {
    start();
    spawn(descend_to, (void *)(uintptr_t)10);
    spawn(descend_to, (void *)(uintptr_t)100000);
    spawn(descend_to, (void *)(uintptr_t)10);
    ex_scheduler_run(scheduler);
}

START_TEST(a_fiber_that_overflows_its_stack_says_which_and_how_big_it_was) {
    int ends[2];
    char told[1024] = "";
    ck_assert_int_eq(pipe(ends), 0);

    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        overflow_one();
        _exit(0);
    }
    close(ends[1]);
    ck_assert_int_gt(read(ends[0], told, sizeof told - 1), 0);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);

    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
    ck_assert_ptr_nonnull(strstr(told, "fiber 2 overflowed its stack of 65536 bytes"));
    close(ends[0]);
}
END_TEST

START_TEST(fibers_of_any_depth_below_that_wait_and_return) {
    start();

    ck_assert_int_eq(run(descend_to, (void *)(uintptr_t)50), 50);
    struct ex_task *task = spawn(descend_to, (void *)(uintptr_t)20);
    ck_assert_int_eq(run(descend_to, (void *)(uintptr_t)30), 30);

    ck_assert_int_eq(ex_task_take(task), 20);
    stop();
}
END_TEST

SUITE(fiber_stack) {
    SUITE_TEST(thousands_of_fibers_live_at_once_and_their_stacks_are_used_again);
    SUITE_TEST(stacks_that_nobody_uses_go_back_when_they_are_trimmed);
    SUITE_TEST(stacks_are_as_big_as_the_options_say);
    SUITE_TEST(without_memory_for_a_stack_the_result_says_so_and_later_there_is_one);
    SUITE_TEST(a_fiber_that_overflows_its_stack_says_which_and_how_big_it_was);
    SUITE_TEST(fibers_of_any_depth_below_that_wait_and_return);
}
