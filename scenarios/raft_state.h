/* A node of the replicated log, without any input or output: messages and times go in, messages,
 * answers and what is to be stored come out.
 *
 *                     time is up                 a majority
 *   FOLLOWER ────────────────────► CANDIDATE ──────────────────► LEADER
 *      ▲  └─────────── votes ─────────┘ │ time is up: again         │
 *      └────────── a higher term, or a leader of the same ──────────┘
 *
 *   raft_node_… ──► storage: noted │ out: messages │ answers
 *   the caller flushes the storage, and then sends both
 *
 * Memory:  fixed; one a node.
 * Limits:  RAFT_STATE_OUT_MAX messages between two sendings; more are dropped, as a network may.
 * Units:   nanoseconds of CLOCK_MONOTONIC.
 * Threads: one at a time.
 */
#ifndef SCENARIOS_RAFT_STATE_H
#define SCENARIOS_RAFT_STATE_H

#include "scenarios/raft_machine.h"
#include "scenarios/raft_message.h"
#include "scenarios/raft_storage.h"

#define RAFT_STATE_OUT_MAX 64u

enum raft_role { RAFT_FOLLOWER, RAFT_CANDIDATE, RAFT_LEADER };

/* What a leader knows of another node, a candidate of a voter. */
struct raft_peer {
    uint64_t next;    /* the first entry to send */
    uint64_t match;   /* its log is the leader's up to here */
    uint64_t round;   /* the last one that it answered */
    uint64_t sent_ns; /* when entries were sent last; valid while is_sending */
    bool is_sending;  /* entries are on their way */
    bool has_voted;   /* for this candidate */
};

/* A client's read that waits. */
struct raft_reader {
    bool is_waiting;
    struct raft_command command;
    uint64_t index; /* to be applied before, */
    uint64_t round; /* and to be answered by a majority */
};

struct raft_answer {
    bool is_due;
    struct raft_message message;
};

struct raft_out {
    uint32_t to;
    struct raft_message message;
};

struct raft {
    uint32_t self, node_count;
    uint64_t now_ns;
    /* stored */
    uint64_t term;
    uint32_t vote;
    struct raft_log log;
    struct raft_storage storage;
    /* not stored */
    enum raft_role role;
    uint32_t leader; /* RAFT_NOBODY: not known */
    uint64_t commit, applied;
    struct raft_machine machine;
    uint64_t timeout_ns, due_ns; /* of an election; of a candidate and a leader too: */
    uint64_t beat_ns;            /* when it sends next to who has not answered */
    uint64_t heard_ns;           /* from any other node, last */
    bool is_back;                /* it was cut off, and has committed nothing since */
    /* of a leader */
    struct raft_peer peers[RAFT_NODES_MAX];
    uint64_t first_index; /* of its term */
    uint64_t round;
    uint32_t awaited[RAFT_CLIENTS_MAX]; /* numbers of requests that are in the log; 0: none */
    struct raft_reader readers[RAFT_CLIENTS_MAX];
    /* to be sent */
    struct raft_answer answers[RAFT_CLIENTS_MAX];
    struct raft_out out[RAFT_STATE_OUT_MAX];
    uint32_t out_count;
};

static inline uint32_t raft_state_majority(const struct raft *raft) {
    return raft->node_count / 2 + 1;
}

#endif
