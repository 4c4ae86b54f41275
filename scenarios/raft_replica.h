/* How the log gets to the other nodes, is committed and applied, and what clients get from it.
 *
 *   index     1 ···· match ···· next ···· last
 *   peer      │ same as here │ on the way  │ to be sent, when what is on the way was answered
 *
 * A node has one message with entries on its way; heartbeats go beside it. Where logs differ, the
 * answer says which term stands in the way, and the leader skips it as a whole (5.3, the last
 * paragraphs).
 *
 * Memory:  that of struct raft.
 * Threads: as there.
 */
#ifndef SCENARIOS_RAFT_REPLICA_H
#define SCENARIOS_RAFT_REPLICA_H

#include "scenarios/raft_state.h"

/* It was elected. */
void raft_replica_lead(struct raft *raft);

/* The leader tells all that it is there. */
void raft_replica_beat(struct raft *raft);

void raft_replica_append(struct raft *raft, const struct raft_message *message);
void raft_replica_appended(struct raft *raft, const struct raft_message *message);
void raft_replica_request(struct raft *raft, const struct raft_message *message);

/* Applies what is committed, and answers who waits for it, or for a read. */
void raft_replica_apply(struct raft *raft);

#endif
