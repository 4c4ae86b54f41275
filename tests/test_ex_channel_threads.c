/* A shared channel between tasks, worker threads and threads that block. */
#include "tests/puppets.h"

#include <errno.h>
#include <ex/channel.h>

static struct ex_channel *channel;

enum { THREADS = 4, TASKS = 4, COUNT = 2000, SENDERS = (THREADS - 1) * TASKS };

struct sender {
    struct ex_frame frame;
    int64_t number; /* of the sender, and of the element */
    int64_t left;
    struct ex_channel_send send;
};

EX_RESUME(sender) {
    EX_BEGIN(sender);
    while (self->left-- > 0) {
        self->number += SENDERS;
        EX_AWAIT(ex_channel_send(&self->send, channel, &self->number));
        ck_assert_int_eq(value, 0);
    }
    ex_channel_sender_drop(channel);
    EX_END();
}

static int next_sender;

static struct ex_frame *make_sender(void *frame, int number) {
    struct sender *self = frame;
    (void)number;
    self->number = __atomic_fetch_add(&next_sender, 1, __ATOMIC_RELAXED);
    self->left = COUNT;
    return EX_FRAME(self, sender);
}

struct receiver {
    struct ex_frame frame;
    int64_t element;
    int64_t last[SENDERS];
    int64_t count;
    struct ex_channel_recv recv;
};

static int64_t received_count;

static void check_order(int64_t *last, int64_t element) {
    int64_t *const before = &last[element % SENDERS];
    ck_assert_int_eq(element / SENDERS, *before + 1);
    *before = element / SENDERS;
    received_count++;
}

EX_RESUME(receiver) {
    EX_BEGIN(receiver);
    for (;;) {
        EX_AWAIT(ex_channel_recv(&self->recv, channel, &self->element));
        if (value != 0) {
            ck_assert_int_eq(value, -EPIPE);
            ex_channel_receiver_drop(channel);
            EX_RETURN(0);
        }
        check_order(self->last, self->element);
    }
    EX_END();
}

static struct ex_frame *make_receiver(void *frame, int number) {
    struct receiver *self = frame;
    (void)number;
    memset(self, 0, sizeof *self);
    return EX_FRAME(self, receiver);
}

static bool receiver_blocks;

static void receive_blocking(void) {
    int64_t last[SENDERS] = {0};
    int64_t element;
    int status;

    while ((status = ex_channel_recv_blocking(channel, &element)) == 0) {
        check_order(last, element);
    }
    ck_assert_int_eq(status, -EPIPE);
    ex_channel_receiver_drop(channel);
}

/* Threads 0 and 2 run tasks that send, 3 blocks for each of its elements, 1 receives. */
static void *take_part(void *number) {
    const int role = *(int *)number;

    if (role == 1 && receiver_blocks) {
        receive_blocking();
    } else if (role == 1) {
        puppets_crowd(role, 1, sizeof(struct receiver), make_receiver);
    } else if (role == 3) {
        for (int task = 0; task < TASKS; task++) {
            int64_t element = __atomic_fetch_add(&next_sender, 1, __ATOMIC_RELAXED);
            for (int i = 0; i < COUNT; i++) {
                element += SENDERS;
                ck_assert_int_eq(ex_channel_send_blocking(channel, &element), 0);
            }
            ex_channel_sender_drop(channel);
        }
    } else {
        puppets_crowd(role, TASKS, sizeof(struct sender), make_sender);
    }
    return NULL;
}

START_TEST(each_element_of_each_sender_arrives_in_its_order) {
    const size_t capacities[] = {1, 16, EX_CHANNEL_UNBOUNDED};
    channel = ex_channel_create(EX_WAIT_SHARED, sizeof(int64_t), capacities[_i / 2]);
    receiver_blocks = _i % 2 == 1;
    for (int i = 1; i < SENDERS; i++) {
        ex_channel_sender_add(channel);
    }

    puppets_threads(THREADS, take_part);

    ck_assert_int_eq(received_count, (int64_t)SENDERS * COUNT);
}
END_TEST

SUITE(ex_channel_threads) {
    SUITE_LOOP(each_element_of_each_sender_arrives_in_its_order, 0, 6);
}
