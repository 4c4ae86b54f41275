#include "scenarios/raft_node.h"

#include <assert.h>

#include "scenarios/raft_replica.h"
#include "scenarios/raft_role.h"
#include "sim/scenario.h"

void raft_node_begin(struct raft *raft, uint32_t self, uint32_t node_count, uint64_t now_ns) {
    assert(self < node_count && node_count <= RAFT_NODES_MAX);
    raft->self = self;
    raft->node_count = node_count;
    raft->now_ns = now_ns;
    raft->heard_ns = now_ns;
    raft->vote = RAFT_NOBODY;
    raft->leader = RAFT_NOBODY;
    if (raft_storage_open(&raft->storage, &raft->term, &raft->vote, &raft->log) > 0) {
        sim_count("recoveries", 1);
    }
    raft_role_draw(raft);
}

static void hear(struct raft *raft) {
    if (raft->commit > 0 && raft->now_ns - raft->heard_ns >= RAFT_SILENCE_NS) {
        raft->is_back = true;
    }
    raft->heard_ns = raft->now_ns;
}

static void receive_from_node(struct raft *raft, const struct raft_message *message) {
    if (message->from >= raft->node_count || message->from == raft->self) {
        return;
    }
    hear(raft);
    const bool is_beaten = raft->role == RAFT_CANDIDATE && message->kind == RAFT_APPEND;
    if (message->term > raft->term || (message->term == raft->term && is_beaten)) {
        raft_role_follow(raft, message->term);
    }
    if (message->kind == RAFT_VOTE) {
        raft_role_vote(raft, message);
    } else if (message->kind == RAFT_VOTED) {
        raft_role_voted(raft, message);
    } else if (message->kind == RAFT_APPEND) {
        raft_replica_append(raft, message);
    } else if (message->kind == RAFT_APPENDED) {
        raft_replica_appended(raft, message);
    }
}

void raft_node_receive(struct raft *raft, const struct raft_message *message, uint64_t now_ns) {
    raft->now_ns = now_ns;
    if (message->kind == RAFT_REQUEST) {
        raft_replica_request(raft, message);
    } else {
        receive_from_node(raft, message);
    }
    raft_replica_apply(raft);
}

void raft_node_tick(struct raft *raft, uint64_t now_ns) {
    raft->now_ns = now_ns;
    if (raft->role != RAFT_LEADER && now_ns >= raft->due_ns) {
        raft_role_stand(raft);
    } else if (raft->role == RAFT_CANDIDATE && now_ns >= raft->beat_ns) {
        raft_role_ask(raft);
    } else if (raft->role == RAFT_LEADER && now_ns >= raft->beat_ns) {
        raft_replica_beat(raft);
    }
}

uint64_t raft_node_due_ns(const struct raft *raft) {
    if (raft->role == RAFT_LEADER) {
        return raft->beat_ns;
    }
    return raft->role == RAFT_CANDIDATE && raft->beat_ns < raft->due_ns ? raft->beat_ns
                                                                        : raft->due_ns;
}
