/* Who leads: terms, votes, elections (5.1, 5.2, 5.4.1), and what they do to a node.
 *
 * Memory:  that of struct raft.
 * Threads: as there.
 */
#ifndef SCENARIOS_RAFT_ROLE_H
#define SCENARIOS_RAFT_ROLE_H

#include "scenarios/raft_state.h"

/* A new length, by chance, of how long it waits for a leader; it begins now. */
void raft_role_draw(struct raft *raft);

/* Follows in this term, which is not a lower one; its leader, if any, is not known yet. */
void raft_role_follow(struct raft *raft, uint64_t term);

/* No leader was heard for too long. */
void raft_role_stand(struct raft *raft);

/* Asks those that have not voted for this candidate, again. */
void raft_role_ask(struct raft *raft);

void raft_role_vote(struct raft *raft, const struct raft_message *message);
void raft_role_voted(struct raft *raft, const struct raft_message *message);

#endif
