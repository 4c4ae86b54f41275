/* A node of the replicated log: tasks of one scheduler around a state without input and output.
 *
 *   accept ──► serve, one a connection ──messages──► inbox ──► [drive] ──► storage, on a thread of
 *                ▲                                               │          the pool; then
 *                └───────── answers ─────────────────────────────┼──► clients
 *                                        raft_link, one a node ◄─┘
 *
 * The driver takes all that came, lets the state change, has stored what was noted, and only then
 * sends what the state says. Meanwhile new messages wait in the inbox.
 *
 *   raft_server SELF COUNT        SELF from 0; the nodes have the first COUNT addresses
 */
#include <errno.h>
#include <ex/blocking.h>
#include <ex/notify.h>
#include <ex/socket.h>
#include <ex/timer.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/raft_link.h"
#include "scenarios/raft_node.h"
#include "scenarios/stage.h"

#define INBOX_MAX 64u
#define ANSWER_NS (30 * RAFT_MS)

static struct raft raft;
static struct raft_link links[RAFT_NODES_MAX];
static struct ex_io listener;

static struct raft_message inbox[INBOX_MAX];
static uint32_t inbox_first, inbox_count;
static struct ex_notify inbox_is_filled;

static void put_inbox(const struct raft_message *message) {
    if (inbox_count == INBOX_MAX) {
        sim_count("messages dropped", 1);
        return;
    }
    inbox[(inbox_first + inbox_count++) % INBOX_MAX] = *message;
    ex_notify_one(&inbox_is_filled);
}

/* ---- connections ---- */

struct serve {
    struct ex_frame frame;
    struct ex_io io;
    struct ex_deadline deadline;
    union {
        struct ex_io_read read;
        struct ex_io_write write;
        struct ex_notify_wait wait;
    } waits;
    struct ex_notify is_answered;
    struct raft_message message; /* the last that came; then its answer */
    size_t size;                 /* of what was read and is no whole message yet */
    uint8_t bytes[4 * RAFT_MESSAGE_SIZE_MAX];
    size_t answer_size;
    uint8_t answer[RAFT_MESSAGE_SIZE_MAX];
};

/* The last connection of each client; and of each other node: where that began anew, nobody tells
 * the one before. */
static struct serve *clients[RAFT_CLIENTS_MAX];
static struct serve *nodes[RAFT_NODES_MAX];

/* Where the connection of whoever sent this is noted; NULL: of nobody. */
static struct serve **place_of(const struct raft_message *message) {
    if (message->kind == RAFT_REQUEST) {
        return message->from < RAFT_CLIENTS_MAX ? &clients[message->from] : NULL;
    }
    return message->from < RAFT_NODES_MAX ? &nodes[message->from] : NULL;
}

/* The next whole message of what was read. False: there is none; -1 in `status`: it is none. */
static bool next_message(struct serve *self, int64_t *status) {
    const size_t size = raft_message_read(&self->message, self->bytes, self->size);

    *status = size == SIZE_MAX ? -EPROTO : 0;
    if (size == 0 || size == SIZE_MAX) {
        return false;
    }
    self->size -= size;
    memmove(self->bytes, &self->bytes[size], self->size);
    struct serve **const place = place_of(&self->message);
    if (place != NULL && *place != self) {
        if (*place != NULL) {
            ex_io_close((*place)->io);
        }
        *place = self;
    }
    return true;
}

static void forget(struct serve *self) {
    for (uint32_t i = 0; i < RAFT_CLIENTS_MAX; i++) {
        clients[i] = clients[i] == self ? NULL : clients[i];
    }
    for (uint32_t i = 0; i < RAFT_NODES_MAX; i++) {
        nodes[i] = nodes[i] == self ? NULL : nodes[i];
    }
    ex_io_close(self->io);
    ex_notify_deinit(&self->is_answered);
}

EX_RESUME(serve) {
    EX_BEGIN(serve);
    ex_notify_init(&self->is_answered, EX_WAIT_LOCAL);
    for (;;) {
        EX_AWAIT(ex_io_read(&self->waits.read,
                            self->io,
                            &self->bytes[self->size],
                            sizeof self->bytes - self->size));
        if (value <= 0) {
            break;
        }
        self->size += (size_t)value;
        while (next_message(self, &value)) {
            self->answer_size = 0;
            put_inbox(&self->message);
            if (self->message.kind != RAFT_REQUEST) {
                continue;
            }
            EX_AWAIT(ex_deadline(&self->deadline,
                                 ex_notify_wait(&self->waits.wait, &self->is_answered),
                                 ex_timer_now() + ANSWER_NS));
            if (value != 0 || self->answer_size == 0) {
                break;
            }
            EX_AWAIT(ex_deadline(
                &self->deadline,
                ex_io_write(&self->waits.write, self->io, self->answer, self->answer_size),
                ex_timer_now() + ANSWER_NS));
            if (value != (int64_t)self->answer_size) {
                value = -EPIPE;
                break;
            }
        }
        if (value < 0) {
            break;
        }
    }
    forget(self);
    EX_END();
}

struct accept {
    struct ex_frame frame;
    struct ex_io io;
    struct ex_socket_accept accept;
};

EX_RESUME(accept) {
    EX_BEGIN(accept);
    for (;;) {
        EX_AWAIT(ex_socket_accept(&self->accept, listener, &self->io, NULL));
        STAGE_REQUIRE(value == 0, "an accept returns %lld", (long long)value);
        struct serve *const serve = STAGE_NEW(NULL, serve);
        serve->io = self->io;
        ex_task_spawn_detached(EX_FRAME(serve, serve));
    }
    EX_END();
}

/* ---- the driver ---- */

static int64_t flush(void *storage) {
    raft_storage_flush(storage);
    return 0;
}

static void take_inbox(void) {
    const uint64_t now_ns = ex_timer_now();

    for (; inbox_count > 0; inbox_count--) {
        raft_node_receive(&raft, &inbox[inbox_first], now_ns);
        inbox_first = (inbox_first + 1) % INBOX_MAX;
    }
    raft_node_tick(&raft, now_ns);
}

static void send_answer(uint32_t client, const struct raft_message *message) {
    struct serve *const serve = clients[client];

    if (serve != NULL && serve->answer_size == 0 &&
        serve->message.entries[0].command.number == message->entries[0].command.number) {
        serve->answer_size = raft_message_write(message, serve->answer);
        ex_notify_one(&serve->is_answered);
    }
}

static void send_out(void) {
    for (uint32_t i = 0; i < raft.out_count; i++) {
        raft_link_put(&links[raft.out[i].to], &raft.out[i].message);
    }
    raft.out_count = 0;
    for (uint32_t client = 0; client < RAFT_CLIENTS_MAX; client++) {
        if (raft.answers[client].is_due) {
            raft.answers[client].is_due = false;
            send_answer(client, &raft.answers[client].message);
        }
    }
}

struct drive {
    struct ex_frame frame;
    struct ex_deadline deadline;
    union {
        struct ex_notify_wait wait;
        struct ex_blocking_call flush;
    } waits;
};

EX_RESUME(drive) {
    EX_BEGIN(drive);
    for (;;) {
        take_inbox();
        if (raft.storage.pending_size > 0) {
            EX_AWAIT(ex_blocking_call(&self->waits.flush, flush, &raft.storage));
            STAGE_REQUIRE(value == 0, "the pool refuses a call: %lld", (long long)value);
        }
        send_out();
        if (inbox_count == 0) {
            EX_AWAIT(ex_deadline(&self->deadline,
                                 ex_notify_wait(&self->waits.wait, &inbox_is_filled),
                                 raft_node_due_ns(&raft)));
        }
    }
    EX_END();
}

int raft_server(int argc, char **argv) {
    const uint32_t self = (uint32_t)atoi(argv[1]), count = (uint32_t)atoi(argv[2]);
    struct ex_address address;

    (void)argc;
    struct ex_scheduler *const scheduler = stage_open(0);
    raft_node_begin(&raft, self, count, ex_timer_now());
    ex_notify_init(&inbox_is_filled, EX_WAIT_LOCAL);
    ex_address_ip(&address, "0.0.0.0", RAFT_PORT);
    const int status = ex_socket_listen(&listener, scheduler, &address, 0);
    STAGE_REQUIRE(status == 0, "the node cannot listen: %d", status);
    for (uint32_t node = 0; node < count; node++) {
        if (node != self) {
            raft_link_open(&links[node], scheduler, node);
        }
    }
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, accept), accept));
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, drive), drive));
    stage_run(scheduler);
    stage_close(scheduler);
    return 0;
}
