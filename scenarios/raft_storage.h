/* What a node may not forget: its term, its vote, its log, as a journal in a file.
 *
 *   raft_storage_note_… ──► pending bytes ──raft_storage_flush──► written and synchronised
 *   raft_storage_open   ◄── the records of the file, in their order, up to the first that is torn
 *
 *   record:  sum u64 │ kind u64 │ two numbers u64 each │ entry, 40 bytes (zero where there is none)
 *
 * Memory:  pending bytes are fixed; no allocation.
 * Limits:  RAFT_STORAGE_PENDING_MAX bytes between two flushes; more is a finding.
 * Errors:  a file that cannot be written or read is a finding.
 * Threads: one at a time: a flush may run on another thread while nobody notes anything.
 */
#ifndef SCENARIOS_RAFT_STORAGE_H
#define SCENARIOS_RAFT_STORAGE_H

#include <stddef.h>

#include "scenarios/raft_log.h"

#define RAFT_STORAGE_PENDING_MAX 16384u

struct raft_storage {
    int file;
    size_t pending_size;
    uint8_t pending[RAFT_STORAGE_PENDING_MAX];
};

/* Opens the journal, and plays it: term, vote (RAFT_NOBODY: none) and log are as they were noted
 * last. What is torn at its end is cut off. Returns how many records there were. */
uint32_t raft_storage_open(struct raft_storage *storage,
                           uint64_t *term,
                           uint32_t *vote,
                           struct raft_log *log);

void raft_storage_note_vote(struct raft_storage *storage, uint64_t term, uint32_t vote);
void raft_storage_note_entry(struct raft_storage *storage, const struct raft_entry *entry);
void raft_storage_note_cut(struct raft_storage *storage, uint64_t last);

/* Blocks until all that was noted would survive a loss of power. */
void raft_storage_flush(struct raft_storage *storage);

#endif
