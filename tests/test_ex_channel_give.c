/* Words for a receiver that waits, and is of the same thread as who sends. */
#include "tests/channel_puppets.h"

#include <ex/fiber.h>

START_TEST(what_a_receiver_waits_for_takes_no_room) {
    start(3, EX_WAIT_LOCAL, 1);
    puppet_do(0, receive);
    puppets_run();
    puppet_do_with(1, send, 5);
    puppet_do_with(2, send, 6);
    puppets_run();

    ck_assert_str_eq(puppets.log, "120");
    ck_assert_int_eq(element_of(0), 5);
    ck_assert_uint_eq(ex_channel_count(channel), 1);
    stop();
}
END_TEST

START_TEST(a_receive_that_is_a_task_has_its_element) {
    start(1, EX_WAIT_LOCAL, 1);
    int64_t element = 0;
    struct ex_channel_recv *self = ex_task_new(puppets.scheduler, sizeof *self);
    ck_assert_ptr_nonnull(self);
    struct ex_task *task = ex_task_spawn(ex_channel_recv(self, channel, &element));
    puppets_run();
    puppet_do_with(0, send, 5);
    puppets_run();

    ck_assert_int_eq(ex_task_take(task), 0);
    ck_assert_int_eq(element, 5);
    stop();
}
END_TEST

static int64_t receive_in_fiber(void *argument) {
    struct ex_channel_recv self;
    (void)argument;
    for (int64_t expected = 1; expected <= 3; expected++) {
        int64_t element = 0;
        ck_assert_int_eq(ex_fiber_await(ex_channel_recv(&self, channel, &element)), 0);
        ck_assert_int_eq(element, expected);
    }
    return 3;
}

START_TEST(a_fiber_that_waits_has_its_element) {
    start(1, EX_WAIT_LOCAL, 1);
    struct ex_task *task = ex_fiber_spawn(puppets.scheduler, receive_in_fiber, NULL);
    for (int64_t element = 1; element <= 3; element++) {
        puppets_run();
        puppet_do_with(0, send, element);
    }
    puppets_run();

    ck_assert_int_eq(ex_task_take(task), 3);
    stop();
}
END_TEST

/* Frees it, and sends to another one. */
static struct ex_frame *end_it(struct puppet *self) {
    ck_assert_uint_eq(ex_channel_count(channel), 0);
    ex_channel_sender_drop(channel);
    ex_channel_receiver_drop(channel);
    channel = ex_channel_create(EX_WAIT_LOCAL, sizeof(int64_t), 1);
    return send(self);
}

START_TEST(a_receiver_that_has_its_element_needs_the_channel_no_more) {
    start(3, EX_WAIT_LOCAL, 1);
    puppet_do(0, receive);
    puppets_run();
    puppet_do_with(1, send, 5);
    puppet_do(2, end_it);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(element_of(0), 5);
    stop();
}
END_TEST

static ex_resume_function *receive_plainly;

static int64_t receive_and_send(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    const int64_t result = receive_plainly(frame, strand, value);
    ck_assert_int_eq(result, EX_PENDING);
    frame->up = NULL; /* nobody has written it */
    ck_assert_int_eq(ex_channel_try_send(channel, &(int64_t){7}), 0);
    return result;
}

static struct ex_frame *receive_what_it_sends(struct puppet *self) {
    struct ex_frame *const frame = receive(self);
    receive_plainly = frame->resume;
    frame->resume = receive_and_send;
    return frame;
}

START_TEST(a_task_that_is_about_to_wait_may_send_itself_what_it_waits_for) {
    start(1, _i, 1);
    puppet_do(0, receive_what_it_sends);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 0);
    ck_assert_int_eq(element_of(0), 7);
    stop();
}
END_TEST

SUITE(ex_channel_give) {
    SUITE_TEST(what_a_receiver_waits_for_takes_no_room);
    SUITE_TEST(a_receive_that_is_a_task_has_its_element);
    SUITE_TEST(a_fiber_that_waits_has_its_element);
    SUITE_TEST(a_receiver_that_has_its_element_needs_the_channel_no_more);
    SUITE_LOOP(a_task_that_is_about_to_wait_may_send_itself_what_it_waits_for, 0, 2);
}
