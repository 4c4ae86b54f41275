/* What a node has to say, kept until what it says was stored.
 *
 * Memory:  that of struct raft.
 * Limits:  RAFT_STATE_OUT_MAX; more is dropped, as a network may.
 */
#ifndef SCENARIOS_RAFT_OUT_H
#define SCENARIOS_RAFT_OUT_H

#include "scenarios/raft_state.h"

/* To another node; `from` and `term` are filled in. */
void raft_out_send(struct raft *raft, uint32_t to, struct raft_message message);

/* To a client: what its request gave. */
void raft_out_answer(struct raft *raft,
                     const struct raft_command *request,
                     enum raft_message_status status,
                     int64_t value);

#endif
