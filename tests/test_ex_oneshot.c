#include "tests/puppets.h"
#include "tests/short_memory.h"

#include <errno.h>
#include <ex/oneshot.h>
#include <signal.h>

static struct ex_oneshot *oneshot;

static struct ex_frame *receive(struct puppet *self) {
    return ex_oneshot_recv((struct ex_oneshot_recv *)(void *)self->leaf, oneshot, &self->element);
}

static void start(int count, int kind) {
    puppets_start(count);
    oneshot = ex_oneshot_create((enum ex_wait_kind)kind, sizeof(int64_t));
    ck_assert_ptr_nonnull(oneshot);
}

static void stop_receiver(void) {
    puppets_stop();
    ex_oneshot_receiver_drop(oneshot);
}

static int send(int64_t element) {
    return ex_oneshot_send(oneshot, &element);
}

START_TEST(what_is_sent_is_received_whoever_came_first) {
    start(1, _i % 2);
    if (_i < 2) {
        puppet_do(0, receive);
        puppets_run();
        ck_assert_int_eq(puppet_result(0), EX_PENDING);
    }

    ck_assert_int_eq(send(7), 0);
    if (_i >= 2) {
        puppet_do(0, receive);
    }
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(puppets.all[0]->element, 7);
    puppet_do(0, receive); /* there is no second one */
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -EPIPE);
    stop_receiver();
}
END_TEST

START_TEST(a_receiver_is_told_that_nothing_will_come) {
    start(1, _i);
    puppet_do(0, receive);
    puppets_run();
    ck_assert_int_eq(ex_oneshot_try_recv(oneshot, &(int64_t){0}), -EAGAIN);

    ex_oneshot_sender_drop(oneshot);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -EPIPE);
    stop_receiver();
}
END_TEST

START_TEST(a_sender_is_told_that_nobody_will_receive) {
    start(0, _i);
    ck_assert(!ex_oneshot_is_closed(oneshot));
    ex_oneshot_receiver_drop(oneshot);
    ck_assert(ex_oneshot_is_closed(oneshot));

    ck_assert_int_eq(send(7), -EPIPE);

    puppets_stop();
}
END_TEST

START_TEST(what_was_sent_before_the_close_can_be_received) {
    start(0, _i);
    int64_t element = 0;
    ck_assert_int_eq(send(7), 0);
    ex_oneshot_close(oneshot);

    ck_assert_int_eq(ex_oneshot_try_recv(oneshot, &element), 0);

    ck_assert_int_eq(element, 7);
    stop_receiver();
}
END_TEST

START_TEST(a_close_ends_a_receive_that_waits) {
    start(1, _i);
    puppet_do(0, receive);
    puppets_run();

    ex_oneshot_close(oneshot);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -EPIPE);
    ck_assert_int_eq(send(1), -EPIPE);
    stop_receiver();
}
END_TEST

START_TEST(a_cancelled_receive_loses_nothing) {
    start(1, _i % 2);
    puppet_do(0, receive);
    puppets_run();

    const bool is_sent_first = _i >= 2;
    if (is_sent_first) {
        ck_assert_int_eq(send(7), 0);
    }
    puppet_abort(0);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), is_sent_first ? 0 : -ECANCELED);
    if (!is_sent_first) {
        ck_assert_int_eq(send(7), 0);
        puppet_do(0, receive);
        puppets_run();
        ck_assert_int_eq(puppet_result(0), 0);
    }
    ck_assert_int_eq(puppets.all[0]->element, 7);
    stop_receiver();
}
END_TEST

START_TEST(memory_of_the_callers_is_used_and_elements_may_be_big_or_nothing) {
    unsigned char memory[100], in[100], out[100] = {0};
    struct ex_oneshot own;
    memset(in, 42, sizeof in);

    ex_oneshot_init_mem(&own, EX_WAIT_LOCAL, sizeof memory, memory);
    ck_assert_int_eq(ex_oneshot_send(&own, in), 0);
    ck_assert_int_eq(ex_oneshot_try_recv(&own, out), 0);
    ck_assert_mem_eq(in, out, sizeof in);
    ex_oneshot_receiver_drop(&own);
    ex_oneshot_deinit(&own);

    ex_oneshot_init_mem(&own, EX_WAIT_LOCAL, 0, NULL);
    ck_assert_int_eq(ex_oneshot_send(&own, NULL), 0);
    ck_assert_int_eq(ex_oneshot_try_recv(&own, NULL), 0);
    ex_oneshot_deinit(&own);
}
END_TEST

START_TEST(without_memory_there_is_none) {
    WITH_ALLOCATIONS(0, oneshot, ex_oneshot_create(EX_WAIT_LOCAL, 8));
    ck_assert_ptr_null(oneshot);
    ck_assert_ptr_null(ex_oneshot_create(EX_WAIT_LOCAL, SIZE_MAX - 1));
}
END_TEST

/* ---- threads: each pair has its own; who ends last frees it ---------------------------------- */

enum { THREADS = 4, TASKS = 4, ROUNDS = 500, COUNT = THREADS / 2 * TASKS * ROUNDS };

static struct ex_oneshot *all[COUNT];
static int received, missed, left, refused; /* atomics */
static int next_number;

static void count(int *which) {
    __atomic_add_fetch(which, 1, __ATOMIC_RELAXED);
}

static void check(int number, int64_t status, int64_t element) {
    if (status == 0) {
        ck_assert_int_eq(element, number);
        count(&received);
    } else {
        ck_assert_int_eq(status, -EPIPE);
        count(&missed);
    }
    ex_oneshot_receiver_drop(all[number]);
}

struct asker {
    struct ex_frame frame;
    int number;
    int left;
    int64_t element;
    struct ex_oneshot_recv recv;
};

EX_RESUME(asker) {
    EX_BEGIN(asker);
    for (; self->left > 0; self->left--, self->number++) {
        EX_AWAIT(ex_oneshot_recv(&self->recv, all[self->number], &self->element));
        check(self->number, value, self->element);
    }
    EX_END();
}

static struct ex_frame *make_asker(void *frame, int number) {
    struct asker *self = frame;
    (void)number;
    self->number = __atomic_fetch_add(&next_number, ROUNDS, __ATOMIC_RELAXED);
    self->left = ROUNDS;
    return EX_FRAME(self, asker);
}

static void answer(int number) {
    const int64_t element = number;

    if (number % 5 == 0) {
        ex_oneshot_sender_drop(all[number]);
    } else if (ex_oneshot_send(all[number], &element) != 0) {
        count(&refused);
    }
}

/* Thread 0 runs tasks that ask, 1 blocks; 2 and 3 answer half each. Every seventh asker of thread 1
 * leaves without waiting. */
static void *ask_or_answer(void *argument) {
    const int role = *(int *)argument;

    if (role == 0) {
        puppets_crowd(role, TASKS, sizeof(struct asker), make_asker);
    }
    for (int i = 0; role == 1 && i < TASKS; i++) {
        const int begin = __atomic_fetch_add(&next_number, ROUNDS, __ATOMIC_RELAXED);
        for (int number = begin; number < begin + ROUNDS; number++) {
            int64_t element;
            if (number % 7 == 0) {
                count(&left);
                ex_oneshot_receiver_drop(all[number]);
            } else {
                const int status = ex_oneshot_recv_blocking(all[number], &element);
                check(number, status, element);
            }
        }
    }
    for (int number = 0; role >= 2 && number < COUNT; number++) {
        if (number % 2 == role % 2) {
            answer(number);
        }
    }
    return NULL;
}

START_TEST(each_answer_reaches_its_asker_and_the_last_one_frees) {
    for (int i = 0; i < COUNT; i++) {
        all[i] = ex_oneshot_create(EX_WAIT_SHARED, sizeof(int64_t));
    }

    puppets_threads(THREADS, ask_or_answer);

    ck_assert_int_eq(received + missed + left, COUNT);
    ck_assert_int_le(refused, left);
    ck_assert_int_gt(received, COUNT / 2);
}
END_TEST

/* ---- wrong use ---- */

START_TEST(a_second_send_panics) {
    start(0, _i);
    send(1);
    send(2);
}
END_TEST

START_TEST(a_second_receiver_panics) {
    start(2, _i);
    puppet_do(0, receive);
    puppet_do(1, receive);
    puppets_run();
}
END_TEST

START_TEST(a_receiver_that_waits_is_not_dropped) {
    start(1, _i);
    puppet_do(0, receive);
    puppets_run();
    ex_oneshot_receiver_drop(oneshot);
}
END_TEST

START_TEST(one_that_frees_itself_is_not_destroyed) {
    start(0, _i);
    ex_oneshot_deinit(oneshot);
}
END_TEST

SUITE(ex_oneshot) {
    SUITE_LOOP(what_is_sent_is_received_whoever_came_first, 0, 4);
    SUITE_LOOP(a_receiver_is_told_that_nothing_will_come, 0, 2);
    SUITE_LOOP(a_sender_is_told_that_nobody_will_receive, 0, 2);
    SUITE_LOOP(what_was_sent_before_the_close_can_be_received, 0, 2);
    SUITE_LOOP(a_close_ends_a_receive_that_waits, 0, 2);
    SUITE_LOOP(a_cancelled_receive_loses_nothing, 0, 4);
    SUITE_TEST(memory_of_the_callers_is_used_and_elements_may_be_big_or_nothing);
    SUITE_TEST(without_memory_there_is_none);
    SUITE_TEST(each_answer_reaches_its_asker_and_the_last_one_frees);
    tcase_add_loop_test_raise_signal(tcase, a_second_send_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, a_second_receiver_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, a_receiver_that_waits_is_not_dropped, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, one_that_frees_itself_is_not_destroyed, SIGABRT, 0, 2);
}
