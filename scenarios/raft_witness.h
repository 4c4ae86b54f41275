/* What the nodes swear to, for properties of the whole world.
 *
 * They share no memory, so each tells it to the simulator as operations on objects, and the history
 * of all nodes must be linearizable:
 *
 *   "leaders"   a lock for each term; who is elected acquires it, and nobody ever releases it: so
 *               there is at most one leader a term (election safety)
 *   "entries"   a register for each (term, index) of an entry in a log
 *   "applied"   a register for each index that is applied
 *
 * The registers are written once: who has an entry compares with 0 and sets its sum, without
 * looking whether that took place, and then reads its sum. If two sums are read of one register, no
 * order explains it. A sum is of all entries up to there, so the first is log matching, the second
 * is state machine safety.
 *
 * Marks tell scenarios when a fault would do most harm. A fault at each of them would leave no
 * progress, so chance decides which of them are told.
 *
 * Memory:  none.
 * Errors:  none; what is sworn is judged when the run ends.
 */
#ifndef SCENARIOS_RAFT_WITNESS_H
#define SCENARIOS_RAFT_WITNESS_H

#include <stdint.h>

void raft_witness_leads(uint64_t term, uint32_t node);
void raft_witness_has(uint64_t term, uint64_t index, uint64_t sum);
void raft_witness_applies(uint64_t index, uint64_t sum);

/* A mark, in one of `of` times. */
void raft_witness_weak_moment(const char *mark, uint32_t of);

/* From 0 up to below `bound`, by chance. */
uint64_t raft_witness_draw(uint64_t bound);

#endif
