/* A client of the replicated log: writes, compares and sets, and reads two registers.
 *
 * It sends a request, and sends it again with the same number to another node, until one answers
 * that it was done: so each has taken place when it ends, and the history says so.
 *
 *   raft_client SELF COUNT OPERATIONS        SELF from 0; the nodes have the first COUNT addresses
 */
#include <ex/socket.h>
#include <ex/timer.h>
#include <stdlib.h>

#include "scenarios/raft_link.h"
#include "scenarios/raft_witness.h"
#include "scenarios/stage.h"

#define DIAL_NS (12 * RAFT_MS)
#define ANSWER_NS (24 * RAFT_MS)
#define AGAIN_NS (3 * RAFT_MS)
#define PAUSE_NS (16 * RAFT_MS)

static uint32_t self_number, node_count, operation_count;
static int64_t seen[RAFT_KEYS_MAX]; /* the value of each register that was read or written last */

struct operate {
    struct ex_frame frame;
    struct raft_message request, answer;
    uint32_t node;     /* where it tries */
    bool is_connected; /* to that node */
    bool is_done;
    struct ex_address address;
    struct ex_io io;
    struct ex_deadline deadline;
    union {
        struct ex_socket_dial dial;
        struct ex_io_write write;
        struct ex_io_read_all read;
        struct ex_sleep sleep;
    } waits;
    uint8_t bytes[RAFT_MESSAGE_SIZE_MAX];
};

static void begin(struct operate *self, uint32_t number) {
    static const uint32_t kinds[] = {RAFT_WRITE,
                                     RAFT_WRITE,
                                     RAFT_COMPARE_AND_SET,
                                     RAFT_READ,
                                     RAFT_READ};
    struct raft_command *const command = &self->request.entries[0].command;

    self->request.kind = RAFT_REQUEST;
    self->request.from = self_number;
    self->request.entry_count = 1;
    *command = (struct raft_command){.kind = kinds[raft_witness_draw(5)],
                                     .client = self_number,
                                     .number = number,
                                     .key = (uint32_t)raft_witness_draw(RAFT_KEYS_MAX)};
    command->expected = seen[command->key];
    command->value = (int64_t)number * 10 + self_number + 1;
    if (command->kind == RAFT_COMPARE_AND_SET) {
        sim_invoke_compare("kv", command->key, command->expected, command->value);
    } else {
        sim_invoke("kv",
                   command->kind == RAFT_READ ? SIM_READ : SIM_WRITE,
                   command->key,
                   command->kind == RAFT_READ ? 0 : command->value);
    }
    self->is_done = false;
}

static void end(struct operate *self) {
    const struct raft_command *const command = &self->request.entries[0].command;
    const bool is_refused = self->answer.yes == RAFT_REFUSED;

    if (command->kind == RAFT_READ) {
        seen[command->key] = self->answer.entries[0].command.value;
        sim_return(SIM_DONE, seen[command->key]);
    } else {
        seen[command->key] = is_refused ? seen[command->key] : command->value;
        sim_return(is_refused ? SIM_REFUSED : SIM_DONE, 0);
    }
    self->is_done = true;
}

static void leave(struct operate *self, uint32_t next) {
    if (self->is_connected) {
        ex_io_close(self->io);
        self->is_connected = false;
    }
    self->node = next < node_count ? next : (self->node + 1) % node_count;
}

/* What came of a try: whether it was answered. */
static void hear(struct operate *self, int64_t size) {
    const uint32_t number = self->request.entries[0].command.number;

    if (size != (int64_t)RAFT_MESSAGE_SIZE(1) ||
        raft_message_read(&self->answer, self->bytes, (size_t)size) != (size_t)size) {
        leave(self, RAFT_NOBODY);
    } else if (self->answer.entries[0].command.number != number) {
        sim_fail("an answer is to request %u, not to %u",
                 self->answer.entries[0].command.number,
                 number);
    } else if (self->answer.yes == RAFT_NOT_LEADER) {
        leave(self, self->answer.from == self->node ? RAFT_NOBODY : self->answer.from);
    } else {
        end(self);
    }
}

/* Sends the request once, and hears the answer. */
EX_RESUME(operate) {
    EX_BEGIN(operate);
    while (!self->is_done) {
        if (!self->is_connected) {
            raft_link_address(&self->address, self->node);
            EX_AWAIT(ex_deadline(&self->deadline,
                                 ex_socket_dial(&self->waits.dial, &self->io, &self->address),
                                 ex_timer_now() + DIAL_NS));
            self->is_connected = value == 0;
        }
        if (self->is_connected) {
            raft_message_write(&self->request, self->bytes);
            EX_AWAIT(ex_deadline(
                &self->deadline,
                ex_io_write(&self->waits.write, self->io, self->bytes, RAFT_MESSAGE_SIZE(1)),
                ex_timer_now() + ANSWER_NS));
            EX_AWAIT(ex_deadline(
                &self->deadline,
                ex_io_read_all(&self->waits.read, self->io, self->bytes, RAFT_MESSAGE_SIZE(1)),
                ex_timer_now() + ANSWER_NS));
        }
        hear(self, value);
        if (!self->is_done) {
            sim_count("tried again", 1);
            EX_TRY(ex_sleep_for(&self->waits.sleep, AGAIN_NS));
        }
    }
    EX_END();
}

struct client {
    struct ex_frame frame;
    uint32_t number;
    struct operate operate;
    struct ex_sleep sleep;
};

EX_RESUME(client) {
    EX_BEGIN(client);
    for (self->number = 1; self->number <= operation_count; self->number++) {
        EX_TRY(ex_sleep_for(&self->sleep, raft_witness_draw(PAUSE_NS)));
        begin(&self->operate, self->number);
        EX_TRY(EX_FRAME(&self->operate, operate));
    }
    leave(&self->operate, RAFT_NOBODY);
    sim_count("clients served", 1);
    EX_END();
}

int raft_client(int argc, char **argv) {
    (void)argc;
    self_number = (uint32_t)atoi(argv[1]);
    node_count = (uint32_t)atoi(argv[2]);
    operation_count = (uint32_t)atoi(argv[3]);
    struct ex_scheduler *const scheduler = stage_open(0);
    struct client *const client = STAGE_NEW(scheduler, client);
    client->operate.node = self_number % node_count;
    ex_task_spawn_detached(EX_FRAME(client, client));
    stage_run(scheduler);
    stage_close(scheduler);
    return 0;
}
