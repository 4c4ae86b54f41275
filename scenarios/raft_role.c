#include "scenarios/raft_role.h"

#include <assert.h>

#include "scenarios/raft_out.h"
#include "scenarios/raft_replica.h"
#include "scenarios/raft_witness.h"
#include "sim/scenario.h"

void raft_role_draw(struct raft *raft) {
    raft->timeout_ns = RAFT_ELECTION_NS + raft_witness_draw(RAFT_ELECTION_SPREAD_NS);
    raft->due_ns = raft->now_ns + raft->timeout_ns;
}

/* The clients that wait are to look for the leader elsewhere. */
static void send_away(struct raft *raft) {
    for (uint32_t client = 0; client < RAFT_CLIENTS_MAX; client++) {
        struct raft_reader *const reader = &raft->readers[client];
        const struct raft_command lost = {.client = client, .number = raft->awaited[client]};

        if (reader->is_waiting) {
            raft_out_answer(raft, &reader->command, RAFT_NOT_LEADER, 0);
        } else if (raft->awaited[client] != 0) {
            raft_out_answer(raft, &lost, RAFT_NOT_LEADER, 0);
        }
        reader->is_waiting = false;
        raft->awaited[client] = 0;
    }
}

static void set_term(struct raft *raft, uint64_t term, uint32_t vote) {
    raft->term = term;
    raft->vote = vote;
    raft_storage_note_vote(&raft->storage, term, vote);
}

void raft_role_follow(struct raft *raft, uint64_t term) {
    assert(term >= raft->term);
    if (raft->role == RAFT_LEADER) {
        sim_count("leaders deposed", 1);
        raft_role_draw(raft);
    }
    raft->role = RAFT_FOLLOWER;
    raft->leader = RAFT_NOBODY;
    send_away(raft);
    if (term > raft->term) {
        set_term(raft, term, RAFT_NOBODY);
    }
}

static void lead(struct raft *raft) {
    raft_witness_leads(raft->term, raft->self);
    raft_witness_weak_moment("leads", 3);
    sim_count("elections won", 1);
    if (raft->commit > 0) {
        sim_count("leaders replaced", 1);
    }
    raft->role = RAFT_LEADER;
    raft->leader = raft->self;
    for (uint32_t peer = 0; peer < raft->node_count; peer++) {
        raft->peers[peer] = (struct raft_peer){.next = raft->log.last + 1, .round = raft->round};
    }
    raft_replica_lead(raft);
}

static void count_votes(struct raft *raft) {
    uint32_t count = 1;

    for (uint32_t peer = 0; peer < raft->node_count; peer++) {
        count += peer != raft->self && raft->peers[peer].has_voted;
    }
    if (count >= raft_state_majority(raft)) {
        lead(raft);
    }
}

void raft_role_stand(struct raft *raft) {
    raft->role = RAFT_CANDIDATE;
    raft->leader = RAFT_NOBODY;
    set_term(raft, raft->term + 1, raft->self);
    for (uint32_t peer = 0; peer < raft->node_count; peer++) {
        raft->peers[peer].has_voted = false;
    }
    raft_role_draw(raft);
    raft_role_ask(raft);
    count_votes(raft);
}

void raft_role_ask(struct raft *raft) {
    const uint64_t last = raft->log.last;
    const struct raft_message ask = {.kind = RAFT_VOTE,
                                     .index = last,
                                     .index_term = raft_log_term(&raft->log, last)};

    for (uint32_t peer = 0; peer < raft->node_count; peer++) {
        if (peer != raft->self && !raft->peers[peer].has_voted) {
            raft_out_send(raft, peer, ask);
        }
    }
    raft->beat_ns = raft->now_ns + RAFT_HEARTBEAT_NS;
}

void raft_role_vote(struct raft *raft, const struct raft_message *message) {
    const bool is_free = raft->vote == RAFT_NOBODY || raft->vote == message->from;
    const bool grants = message->term == raft->term && is_free &&
                        raft_log_is_matched(&raft->log, message->index, message->index_term);

    if (grants && raft->vote == RAFT_NOBODY) {
        raft->vote = message->from;
        if (!RAFT_BREAKS(RAFT_RULE_STORE)) {
            raft_storage_note_vote(&raft->storage, raft->term, raft->vote);
        }
    }
    if (grants) {
        raft->due_ns = raft->now_ns + raft->timeout_ns;
    }
    raft_out_send(raft, message->from, (struct raft_message){.kind = RAFT_VOTED, .yes = grants});
}

void raft_role_voted(struct raft *raft, const struct raft_message *message) {
    const bool is_current = message->term == raft->term || RAFT_BREAKS(RAFT_RULE_TERM);

    if (raft->role == RAFT_CANDIDATE && is_current && message->yes != 0) {
        raft->peers[message->from].has_voted = true;
        count_votes(raft);
    }
}
