/* Tasks that send to one channel and receive from it, a step at a time. */
#ifndef TESTS_CHANNEL_PUPPETS_H
#define TESTS_CHANNEL_PUPPETS_H

#include <ex/channel.h>

#include "tests/puppets.h"

static struct ex_channel *channel;

static inline struct ex_frame *send(struct puppet *self) {
    self->element = self->argument;
    return ex_channel_send((struct ex_channel_send *)(void *)self->leaf, channel, &self->element);
}

static inline struct ex_frame *receive(struct puppet *self) {
    self->element = 0;
    return ex_channel_recv((struct ex_channel_recv *)(void *)self->leaf, channel, &self->element);
}

static inline void start(int count, int kind, size_t capacity) {
    puppets_start(count);
    channel = ex_channel_create((enum ex_wait_kind)kind, sizeof(int64_t), capacity);
    ck_assert_ptr_nonnull(channel);
}

static inline void stop(void) {
    puppets_stop();
    ex_channel_receiver_drop(channel);
    ex_channel_sender_drop(channel);
}

static inline int64_t element_of(int id) {
    return puppets.all[id]->element;
}

#endif
