#include "scenarios/raft_out.h"

#include <assert.h>

#include "sim/scenario.h"

void raft_out_send(struct raft *raft, uint32_t to, struct raft_message message) {
    assert(to < raft->node_count && to != raft->self);
    if (raft->out_count == RAFT_STATE_OUT_MAX) {
        sim_count("messages dropped", 1);
        return;
    }
    message.from = raft->self;
    message.term = raft->term;
    raft->out[raft->out_count++] = (struct raft_out){to, message};
}

void raft_out_answer(struct raft *raft,
                     const struct raft_command *request,
                     enum raft_message_status status,
                     int64_t value) {
    struct raft_answer *const answer = &raft->answers[request->client];
    struct raft_message *const message = &answer->message;

    answer->is_due = true;
    *message = (struct raft_message){.kind = RAFT_ANSWER, .from = raft->leader, .yes = status};
    message->entry_count = 1;
    message->entries[0].command = *request;
    message->entries[0].command.value = value;
}
