#include "tests/channel_puppets.h"
#include "tests/short_memory.h"

#include <errno.h>
#include <signal.h>

static void expect_inside(int64_t element) {
    int64_t taken = 0;
    ck_assert_int_eq(ex_channel_try_recv(channel, &taken), 0);
    ck_assert_int_eq(taken, element);
}

START_TEST(elements_come_out_as_they_went_in_and_senders_wait_in_order) {
    start(4, _i, 2);
    for (int id = 0; id < 4; id++) {
        puppet_do_with(id, send, 10 + id);
    }
    puppets_run();
    ck_assert_str_eq(puppets.log, "01");
    ck_assert_uint_eq(ex_channel_count(channel), 2);

    expect_inside(10);
    ck_assert_uint_eq(ex_channel_count(channel), 2); /* 2's is in before 2 runs */
    puppets_run();
    ck_assert_str_eq(puppets.log, "012");
    expect_inside(11);
    expect_inside(12);
    expect_inside(13);
    puppets_run();

    ck_assert_str_eq(puppets.log, "0123");
    ck_assert_int_eq(ex_channel_try_recv(channel, &(int64_t){0}), -EAGAIN);
    stop();
}
END_TEST

START_TEST(nobody_sends_past_those_that_wait) {
    start(1, _i, 1);
    const int64_t other = 99;
    ck_assert_int_eq(ex_channel_try_send(channel, &(int64_t){1}), 0);
    puppet_do_with(0, send, 2);
    puppets_run();

    expect_inside(1);

    ck_assert_int_eq(ex_channel_try_send(channel, &other), -EAGAIN);
    expect_inside(2);
    ck_assert_int_eq(ex_channel_try_send(channel, &other), 0);
    expect_inside(99);
    stop();
}
END_TEST

START_TEST(a_receiver_waits_for_the_next_element) {
    start(2, _i, 1);
    puppet_do(0, receive);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);

    puppet_do_with(1, send, 5);
    puppets_run();

    ck_assert_str_eq(puppets.log, "10");
    ck_assert_int_eq(element_of(0), 5);
    stop();
}
END_TEST

START_TEST(a_cancelled_receive_takes_nothing) {
    start(2, _i, 4);
    puppet_do(0, receive);
    puppets_run();
    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);

    ck_assert_int_eq(ex_channel_try_send(channel, &(int64_t){1}), 0);
    puppet_abort(0);
    puppet_do(0, receive); /* told before it looks */
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    puppet_do(0, receive);
    puppets_run();

    ck_assert_int_eq(element_of(0), 1);
    stop();
}
END_TEST

START_TEST(a_receive_that_is_cancelled_when_something_came_returns_it) {
    start(1, _i, 4);
    puppet_do(0, receive);
    puppets_run();

    ck_assert_int_eq(ex_channel_try_send(channel, &(int64_t){1}), 0);
    puppet_abort(0);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(element_of(0), 1);
    puppet_do(0, receive);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    stop();
}
END_TEST

START_TEST(a_cancelled_send_is_in_or_out_as_it_says) {
    start(3, _i, 1);
    for (int id = 0; id < 3; id++) {
        puppet_do_with(id, send, id);
    }
    puppets_run();

    puppet_abort(1);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), -ECANCELED);
    expect_inside(0);
    puppet_abort(2); /* its element is in */
    puppets_run();

    ck_assert_int_eq(puppet_result(2), 0);
    expect_inside(2);
    stop();
}
END_TEST

START_TEST(after_a_close_the_rest_is_received_and_nothing_sent) {
    start(4, _i, 2);
    for (int id = 0; id < 3; id++) {
        puppet_do_with(id, send, id);
    }
    puppets_run();

    ex_channel_close(channel);
    puppet_do_with(3, send, 3);
    puppets_run();

    ck_assert_int_eq(puppet_result(2), -EPIPE);
    ck_assert_int_eq(puppet_result(3), -EPIPE);
    ck_assert_int_eq(ex_channel_try_send(channel, &(int64_t){1}), -EPIPE);
    expect_inside(0);
    puppet_do(0, receive);
    puppets_run();
    ck_assert_int_eq(element_of(0), 1);
    puppet_do(0, receive);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -EPIPE);
    ck_assert_int_eq(ex_channel_try_recv(channel, &(int64_t){0}), -EPIPE);
    stop();
}
END_TEST

START_TEST(a_receiver_that_waits_is_told_of_the_last_sender) {
    start(1, _i, 2);
    ex_channel_sender_add(channel);
    puppet_do(0, receive);
    puppets_run();

    ex_channel_sender_drop(channel);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    ex_channel_sender_drop(channel);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -EPIPE);
    puppets_stop();
    ex_channel_receiver_drop(channel);
}
END_TEST

START_TEST(senders_that_wait_are_told_that_the_receiver_is_gone) {
    start(2, _i, 1);
    puppet_do_with(0, send, 0);
    puppet_do_with(1, send, 1);
    puppets_run();

    ex_channel_receiver_drop(channel);
    puppets_run();

    ck_assert_int_eq(puppet_result(1), -EPIPE);
    puppets_stop();
    ex_channel_sender_drop(channel);
}
END_TEST

/* ---- elements of all sizes ---- */

static const size_t sizes[] = {1, 3, 8, 24, 100};

static void fill(unsigned char *element, size_t size, unsigned number) {
    for (size_t i = 0; i < size; i++) {
        element[i] = (unsigned char)(number * 7 + i);
    }
}

/* Fill levels go up and down, so that both ends wrap at every distance. */
static void push_and_pull(struct ex_channel *of, size_t size, unsigned most) {
    unsigned char in[100], out[100];
    unsigned sent = 0, received = 0;
    uint64_t chance = size;

    while (received < 3000) {
        const unsigned level = puppets_random(&chance, most + 1);
        while (sent - received < level) {
            fill(in, size, sent++);
            ck_assert_int_eq(ex_channel_try_send(of, in), 0);
        }
        while (sent - received > level / 2) {
            fill(in, size, received++);
            ck_assert_int_eq(ex_channel_try_recv(of, out), 0);
            ck_assert_mem_eq(in, out, size);
        }
        ck_assert_uint_eq(ex_channel_count(of), sent - received);
    }
}

START_TEST(elements_of_any_size_pass_through_rings) {
    const size_t size = sizes[_i];
    for (unsigned capacity = 1; capacity <= 9; capacity++) {
        unsigned char memory[9 * 100 + 7];
        struct ex_channel ring;
        ex_channel_init_mem(&ring, EX_WAIT_LOCAL, size, memory + 1, capacity * size);
        push_and_pull(&ring, size, capacity);
        ex_channel_deinit(&ring);
    }
}
END_TEST

START_TEST(elements_of_any_size_pass_through_blocks) {
    const unsigned levels[] = {1, 31, 32, 33, 500};
    for (int i = 0; i < 5; i++) {
        channel = ex_channel_create(EX_WAIT_LOCAL, sizes[_i], EX_CHANNEL_UNBOUNDED);
        push_and_pull(channel, sizes[_i], levels[i]);
        ex_channel_sender_drop(channel);
        ex_channel_receiver_drop(channel);
    }
}
END_TEST

/* ---- out of memory ---- */

static struct ex_channel *create_with(int allocations, size_t element_size, size_t capacity) {
    struct ex_channel *created;
    WITH_ALLOCATIONS(allocations,
                     created,
                     ex_channel_create(EX_WAIT_LOCAL, element_size, capacity));
    return created;
}

static int send_without_memory(int64_t element) {
    int status;
    WITH_ALLOCATIONS(0, status, ex_channel_try_send(channel, &element));
    return status;
}

START_TEST(without_memory_there_is_no_channel) {
    ck_assert_ptr_null(create_with(0, 8, EX_CHANNEL_UNBOUNDED));
    ck_assert_ptr_null(create_with(1, 8, EX_CHANNEL_UNBOUNDED));
    ck_assert_ptr_null(create_with(0, 8, 8));
    ck_assert_ptr_null(create_with(-1, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(create_with(-1, SIZE_MAX - 8, 1));
    ck_assert_ptr_null(create_with(-1, SIZE_MAX / 8, EX_CHANNEL_UNBOUNDED));
}
END_TEST

START_TEST(a_send_without_memory_leaves_the_element_out_and_the_channel_whole) {
    start(1, _i, EX_CHANNEL_UNBOUNDED);
    int64_t sent = 0;
    while (send_without_memory(sent) == 0) {
        sent++;
    }
    ck_assert_int_eq(sent, 32); /* a block */
    puppet_do_with(0, send, 1000);
    allocations_left = 0;
    puppets_run();
    allocations_left = -1;
    ck_assert_int_eq(puppet_result(0), -ENOMEM);
    for (; sent < 64; sent++) {
        ck_assert_int_eq(ex_channel_try_send(channel, &sent), 0);
    }

    for (int64_t i = 0; i < 32; i++) {
        expect_inside(i);
    }
    ck_assert_int_eq(send_without_memory(sent), -ENOMEM); /* the first block was not left behind */
    expect_inside(32);
    ck_assert_int_eq(send_without_memory(sent), 0); /* it is kept for this */
    for (int64_t i = 33; i <= 64; i++) {
        expect_inside(i);
    }

    stop();
}
END_TEST

/* ---- wrong use ---- */

START_TEST(a_second_receiver_panics) {
    start(2, _i, 1);
    puppet_do(0, receive);
    puppet_do(1, receive);
    puppets_run();
}
END_TEST

START_TEST(a_receiver_that_waits_is_not_dropped) {
    start(1, _i, 1);
    puppet_do(0, receive);
    puppets_run();
    ex_channel_close(channel);
    ex_channel_receiver_drop(channel); /* it was woken, and has not returned */
}
END_TEST

START_TEST(the_last_sender_is_not_dropped_while_it_waits) {
    start(2, _i, 1);
    puppet_do(0, send);
    puppet_do(1, send);
    puppets_run();
    ex_channel_sender_drop(channel);
}
END_TEST

START_TEST(a_side_that_is_dropped_twice_panics) {
    start(0, EX_WAIT_LOCAL, 1);
    if (_i == 0) {
        ex_channel_sender_drop(channel);
        ex_channel_sender_drop(channel);
    } else {
        ex_channel_receiver_drop(channel);
        ex_channel_receiver_drop(channel);
    }
}
END_TEST

START_TEST(a_channel_without_room_panics) {
    struct ex_channel none;
    ex_channel_init_mem(&none, EX_WAIT_LOCAL, 8, &none, 7);
}
END_TEST

START_TEST(elements_of_no_bytes_panic) {
    ex_channel_create(EX_WAIT_LOCAL, 0, 1);
}
END_TEST

SUITE(ex_channel) {
    SUITE_LOOP(elements_come_out_as_they_went_in_and_senders_wait_in_order, 0, 2);
    SUITE_LOOP(nobody_sends_past_those_that_wait, 0, 2);
    SUITE_LOOP(a_receiver_waits_for_the_next_element, 0, 2);
    SUITE_LOOP(a_cancelled_receive_takes_nothing, 0, 2);
    SUITE_LOOP(a_receive_that_is_cancelled_when_something_came_returns_it, 0, 2);
    SUITE_LOOP(a_cancelled_send_is_in_or_out_as_it_says, 0, 2);
    SUITE_LOOP(after_a_close_the_rest_is_received_and_nothing_sent, 0, 2);
    SUITE_LOOP(a_receiver_that_waits_is_told_of_the_last_sender, 0, 2);
    SUITE_LOOP(senders_that_wait_are_told_that_the_receiver_is_gone, 0, 2);
    SUITE_LOOP(elements_of_any_size_pass_through_rings, 0, 5);
    SUITE_LOOP(elements_of_any_size_pass_through_blocks, 0, 5);
    SUITE_TEST(without_memory_there_is_no_channel);
    SUITE_LOOP(a_send_without_memory_leaves_the_element_out_and_the_channel_whole, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, a_second_receiver_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase, a_receiver_that_waits_is_not_dropped, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase,
                                     the_last_sender_is_not_dropped_while_it_waits,
                                     SIGABRT,
                                     0,
                                     2);
    tcase_add_loop_test_raise_signal(tcase, a_side_that_is_dropped_twice_panics, SIGABRT, 0, 2);
    tcase_add_test_raise_signal(tcase, a_channel_without_room_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, elements_of_no_bytes_panic, SIGABRT);
}
