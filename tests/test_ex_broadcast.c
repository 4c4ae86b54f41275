#include "tests/puppets.h"
#include "tests/short_memory.h"

#include <errno.h>
#include <ex/broadcast.h>
#include <signal.h>

static struct ex_broadcast *broadcast;
static struct ex_broadcast_receiver receivers[PUPPETS_MAX];

static struct ex_frame *receive(struct puppet *self) {
    return ex_broadcast_recv((struct ex_broadcast_recv *)(void *)self->leaf,
                             &receivers[self->id],
                             &self->element);
}

static void start(int count, int kind, size_t capacity) {
    puppets_start(count);
    broadcast = ex_broadcast_create((enum ex_wait_kind)kind, sizeof(int64_t), capacity);
    ck_assert_ptr_nonnull(broadcast);
    for (int id = 0; id < count; id++) {
        ex_broadcast_subscribe(broadcast, &receivers[id]);
    }
}

static void stop(void) {
    puppets_stop();
    for (int id = 0; id < puppets.count; id++) {
        ex_broadcast_unsubscribe(&receivers[id]);
    }
    ex_broadcast_destroy(broadcast);
}

static void send(int64_t element) {
    ck_assert_int_eq(ex_broadcast_send(broadcast, &element), 0);
}

static void expect(int id, int64_t element) {
    int64_t taken = -1;
    ck_assert_int_eq(ex_broadcast_try_recv(&receivers[id], &taken), 0);
    ck_assert_int_eq(taken, element);
}

START_TEST(every_receiver_gets_every_element_from_its_subscription_on) {
    start(2, _i, 4);
    send(1);
    struct ex_broadcast_receiver late;
    ex_broadcast_subscribe(broadcast, &late);
    send(2);

    for (int id = 0; id < 2; id++) {
        expect(id, 1);
        expect(id, 2);
        ck_assert_int_eq(ex_broadcast_try_recv(&receivers[id], &(int64_t){0}), -EAGAIN);
    }
    int64_t taken = 0;
    ck_assert_int_eq(ex_broadcast_try_recv(&late, &taken), 0);

    ck_assert_int_eq(taken, 2);
    ex_broadcast_unsubscribe(&late);
    stop();
}
END_TEST

START_TEST(all_that_wait_go_on_with_the_next_one) {
    start(3, _i, 4);
    for (int id = 2; id >= 0; id--) {
        puppet_do(id, receive);
    }
    puppets_run();
    ck_assert_str_eq(puppets.log, "");

    send(5);
    send(6);
    puppets_run();

    ck_assert_str_eq(puppets.log, "210");
    for (int id = 0; id < 3; id++) {
        ck_assert_int_eq(puppets.all[id]->element, 5);
        expect(id, 6);
    }
    stop();
}
END_TEST

START_TEST(one_that_lags_is_told_how_many_it_missed_and_goes_on_with_the_oldest) {
    start(2, _i, 3);
    for (int64_t element = 0; element < 7; element++) {
        send(element);
    }

    ck_assert_int_eq(ex_broadcast_try_recv(&receivers[0], &(int64_t){0}), 4);
    expect(0, 4);
    send(7); /* 5 is the oldest now, and the next: nothing was missed */
    expect(0, 5);
    puppet_do(1, receive);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), 5);
    puppet_do(1, receive);
    puppets_run();

    ck_assert_int_eq(puppet_result(1), 0);
    ck_assert_int_eq(puppets.all[1]->element, 5);
    stop();
}
END_TEST

START_TEST(one_that_lags_while_it_is_woken_is_told_too) {
    start(1, _i, 2);
    puppet_do(0, receive);
    puppets_run();

    send(0);
    send(1);
    send(2);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 1);
    expect(0, 1);
    expect(0, 2);
    stop();
}
END_TEST

START_TEST(a_cancelled_receive_loses_nothing) {
    start(2, _i, 2);
    puppet_do(0, receive);
    puppet_do(1, receive);
    puppets_run();

    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    send(1);
    puppet_abort(1);
    puppets_run();

    ck_assert_int_eq(puppet_result(1), 0);
    ck_assert_int_eq(puppets.all[1]->element, 1);
    expect(0, 1);
    puppet_do(1, receive);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), -ECANCELED);
    stop();
}
END_TEST

START_TEST(after_a_close_the_rest_is_received) {
    start(2, _i, 2);
    puppet_do(0, receive);
    puppets_run();
    ex_broadcast_close(broadcast);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -EPIPE);
    ck_assert_int_eq(ex_broadcast_send(broadcast, &(int64_t){1}), -EPIPE);
    stop();

    start(1, _i, 2);
    send(1);
    ex_broadcast_close(broadcast);
    expect(0, 1);
    ck_assert_int_eq(ex_broadcast_try_recv(&receivers[0], &(int64_t){0}), -EPIPE);
    stop();
}
END_TEST

/* Against all that was ever sent. */
START_TEST(it_does_as_its_naive_twin) {
    enum { SENT_MAX = 4000, READERS = 4 };
    static int64_t sent[SENT_MAX];
    uint64_t chance = (uint64_t)_i;
    const unsigned capacity = 1 + puppets_random(&chance, 7);
    unsigned count = 0, next[READERS] = {0};
    start(READERS, _i % 2, capacity);

    while (count < SENT_MAX) {
        const unsigned id = puppets_random(&chance, READERS + 3);
        if (id >= READERS) {
            sent[count] = (int64_t)puppets_random(&chance, 1000000);
            send(sent[count++]);
            continue;
        }
        int64_t element = -1;
        const int64_t value = ex_broadcast_try_recv(&receivers[id], &element);
        if (next[id] == count) {
            ck_assert_int_eq(value, -EAGAIN);
        } else if (count - next[id] > capacity) {
            ck_assert_int_eq(value, count - capacity - next[id]);
            next[id] = count - capacity;
        } else {
            ck_assert_int_eq(value, 0);
            ck_assert_int_eq(element, sent[next[id]++]);
        }
    }

    stop();
}
END_TEST

START_TEST(memory_of_the_callers_is_used) {
    unsigned char memory[3 * 5 + 2];
    struct ex_broadcast own;
    struct ex_broadcast_receiver receiver;
    char word[5];
    ex_broadcast_init_mem(&own, EX_WAIT_LOCAL, 5, memory, sizeof memory);
    ex_broadcast_subscribe(&own, &receiver);

    for (int i = 0; i < 5; i++) {
        memcpy(word, "word0", 5);
        word[4] = (char)('0' + i);
        ck_assert_int_eq(ex_broadcast_send(&own, word), 0);
    }

    ck_assert_int_eq(ex_broadcast_try_recv(&receiver, word), 2);
    ck_assert_int_eq(ex_broadcast_try_recv(&receiver, word), 0);
    ck_assert_mem_eq(word, "word2", 5);
    ex_broadcast_unsubscribe(&receiver);
    ex_broadcast_deinit(&own);
}
END_TEST

START_TEST(without_memory_there_is_none) {
    WITH_ALLOCATIONS(0, broadcast, ex_broadcast_create(EX_WAIT_LOCAL, 8, 1));
    ck_assert_ptr_null(broadcast);
    ck_assert_ptr_null(ex_broadcast_create(EX_WAIT_LOCAL, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(ex_broadcast_create(EX_WAIT_LOCAL, SIZE_MAX - 1, 1));
}
END_TEST

/* ---- threads: what each receives and misses adds up ------------------------------------------ */

enum { THREADS = 4, TASKS = 3, COUNT = 20000 };

static int subscribed; /* atomic */

/* Elements count up; how many were missed says which is next. */
static void check(int64_t *expected, int64_t value, int64_t element) {
    if (value > 0) {
        *expected += value;
        return;
    }
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(element, (*expected)++);
}

struct listener {
    struct ex_frame frame;
    int64_t element, expected;
    struct ex_broadcast_receiver receiver;
    struct ex_broadcast_recv recv;
};

EX_RESUME(listener) {
    EX_BEGIN(listener);
    ex_broadcast_subscribe(broadcast, &self->receiver);
    __atomic_add_fetch(&subscribed, 1, __ATOMIC_RELEASE);
    for (;;) {
        EX_AWAIT(ex_broadcast_recv(&self->recv, &self->receiver, &self->element));
        if (value == -EPIPE) {
            ck_assert_int_eq(self->expected, COUNT);
            ex_broadcast_unsubscribe(&self->receiver);
            EX_RETURN(0);
        }
        check(&self->expected, value, self->element);
    }
    EX_END();
}

static struct ex_frame *make_listener(void *frame, int number) {
    struct listener *self = frame;
    (void)number;
    self->expected = 0;
    return EX_FRAME(self, listener);
}

static void listen_blocking(void) {
    struct ex_broadcast_receiver receiver;
    int64_t element, value, expected = 0;

    ex_broadcast_subscribe(broadcast, &receiver);
    __atomic_add_fetch(&subscribed, 1, __ATOMIC_RELEASE);
    while ((value = ex_broadcast_recv_blocking(&receiver, &element)) != -EPIPE) {
        check(&expected, value, element);
    }
    ck_assert_int_eq(expected, COUNT);
    ex_broadcast_unsubscribe(&receiver);
}

static void *take_part(void *number) {
    const int role = *(int *)number;

    if (role == 3) {
        while (__atomic_load_n(&subscribed, __ATOMIC_ACQUIRE) < 2 * TASKS + 1) {
            sched_yield();
        }
        for (int64_t element = 0; element < COUNT; element++) {
            send(element);
        }
        ex_broadcast_close(broadcast);
    } else if (role == 2) {
        listen_blocking();
    } else {
        puppets_crowd(role, TASKS, sizeof(struct listener), make_listener);
    }
    return NULL;
}

START_TEST(what_each_receives_and_misses_is_all_there_was) {
    broadcast = ex_broadcast_create(EX_WAIT_SHARED, sizeof(int64_t), 64);

    puppets_threads(THREADS, take_part);

    ck_assert_int_eq(subscribed, 2 * TASKS + 1);
    ex_broadcast_destroy(broadcast);
}
END_TEST

/* ---- wrong use ---- */

START_TEST(one_with_receivers_is_not_destroyed) {
    start(1, _i, 1);
    ex_broadcast_destroy(broadcast);
}
END_TEST

START_TEST(a_receiver_that_waits_is_not_unsubscribed) {
    start(1, _i, 1);
    puppet_do(0, receive);
    puppets_run();
    ex_broadcast_unsubscribe(&receivers[0]);
}
END_TEST

START_TEST(an_unsubscribed_receiver_panics) {
    start(1, _i, 1);
    ex_broadcast_unsubscribe(&receivers[0]);
    ex_broadcast_try_recv(&receivers[0], &(int64_t){0});
}
END_TEST

START_TEST(one_without_room_panics) {
    ex_broadcast_create(EX_WAIT_LOCAL, 8, 0);
}
END_TEST

SUITE(ex_broadcast) {
    SUITE_LOOP(every_receiver_gets_every_element_from_its_subscription_on, 0, 2);
    SUITE_LOOP(all_that_wait_go_on_with_the_next_one, 0, 2);
    SUITE_LOOP(one_that_lags_is_told_how_many_it_missed_and_goes_on_with_the_oldest, 0, 2);
    SUITE_LOOP(one_that_lags_while_it_is_woken_is_told_too, 0, 2);
    SUITE_LOOP(a_cancelled_receive_loses_nothing, 0, 2);
    SUITE_LOOP(after_a_close_the_rest_is_received, 0, 2);
    SUITE_LOOP(it_does_as_its_naive_twin, 0, 10);
    SUITE_TEST(memory_of_the_callers_is_used);
    SUITE_TEST(without_memory_there_is_none);
    SUITE_TEST(what_each_receives_and_misses_is_all_there_was);
    tcase_add_loop_test_raise_signal(tcase, one_with_receivers_is_not_destroyed, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase,
                                     a_receiver_that_waits_is_not_unsubscribed,
                                     SIGABRT,
                                     0,
                                     2);
    tcase_add_loop_test_raise_signal(tcase, an_unsubscribed_receiver_panics, SIGABRT, 0, 2);
    tcase_add_test_raise_signal(tcase, one_without_room_panics, SIGABRT);
}
