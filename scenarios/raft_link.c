#include "scenarios/raft_link.h"

#include <ex/timer.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/raft_witness.h"

struct carry {
    struct ex_frame frame;
    struct raft_link *link;
    struct ex_io io;
    bool is_connected;
    bool has_vote;
    size_t size;
    struct ex_deadline deadline;
    union {
        struct ex_notify_wait wait;
        struct ex_socket_dial dial;
        struct ex_io_write write;
        struct ex_sleep sleep;
    } waits;
    uint8_t bytes[RAFT_LINK_SIZE_MAX];
};

static void take_bytes(struct carry *self) {
    struct raft_link *const link = self->link;

    memcpy(self->bytes, link->bytes, link->size);
    self->size = link->size;
    self->has_vote = link->has_vote;
    link->size = 0;
    link->has_vote = false;
}

static void begin_connection(struct carry *self) {
    const int on = 1;

    self->is_connected = true;
    setsockopt(ex_io_descriptor(self->io), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void end_connection(struct carry *self) {
    ex_io_close(self->io);
    self->is_connected = false;
}

EX_RESUME(carry) {
    EX_BEGIN(carry);
    for (;;) {
        while (self->link->size == 0) {
            EX_TRY(ex_notify_wait(&self->waits.wait, &self->link->is_filled));
        }
        if (!self->is_connected) {
            EX_AWAIT(ex_deadline(&self->deadline,
                                 ex_socket_dial(&self->waits.dial, &self->io, &self->link->address),
                                 ex_timer_now() + RAFT_LINK_DIAL_NS));
            if (value != 0) {
                self->link->size = 0;
                self->link->has_vote = false;
                EX_TRY(ex_sleep_for(&self->waits.sleep, RAFT_LINK_PAUSE_NS));
                continue;
            }
            begin_connection(self);
        }
        take_bytes(self);
        EX_AWAIT(ex_deadline(&self->deadline,
                             ex_io_write(&self->waits.write, self->io, self->bytes, self->size),
                             ex_timer_now() + RAFT_LINK_WRITE_NS));
        if (value != (int64_t)self->size) {
            end_connection(self);
        } else if (self->has_vote) {
            raft_witness_weak_moment("has voted", 3);
        }
    }
    EX_END();
}

void raft_link_open(struct raft_link *link, struct ex_scheduler *scheduler, uint32_t node) {
    struct carry *const carry = STAGE_NEW(scheduler, carry);

    raft_link_address(&link->address, node);
    ex_notify_init(&link->is_filled, EX_WAIT_LOCAL);
    carry->link = link;
    ex_task_spawn_detached(EX_FRAME(carry, carry));
}

void raft_link_put(struct raft_link *link, const struct raft_message *message) {
    if (link->size + RAFT_MESSAGE_SIZE(message->entry_count) > RAFT_LINK_SIZE_MAX) {
        sim_count("messages dropped", 1);
        return;
    }
    link->size += raft_message_write(message, &link->bytes[link->size]);
    link->has_vote = link->has_vote || (message->kind == RAFT_VOTED && message->yes != 0);
    ex_notify_one(&link->is_filled);
}

void raft_link_address(struct ex_address *address, uint32_t node) {
    char text[16];

    snprintf(text, sizeof text, "10.0.0.%u", node + 1);
    STAGE_REQUIRE(ex_address_ip(address, text, RAFT_PORT) == 0, "no address for node %u", node);
}
