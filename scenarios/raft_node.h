/* What a node of the replicated log does: with messages, and as time passes. raft_state.h says what
 * it is.
 *
 * Memory:  that of struct raft.
 * Units:   nanoseconds of CLOCK_MONOTONIC.
 * Threads: one at a time.
 */
#ifndef SCENARIOS_RAFT_NODE_H
#define SCENARIOS_RAFT_NODE_H

#include "scenarios/raft_state.h"

/* All of it is zero. Goes on from what is stored. */
void raft_node_begin(struct raft *raft, uint32_t self, uint32_t node_count, uint64_t now_ns);

/* A message from another node, or a request of a client. */
void raft_node_receive(struct raft *raft, const struct raft_message *message, uint64_t now_ns);

/* It is that late. */
void raft_node_tick(struct raft *raft, uint64_t now_ns);

/* When raft_node_tick is due. */
uint64_t raft_node_due_ns(const struct raft *raft);

#endif
