/* The log: entries from 1 on, each with the term of the leader that made it.
 *
 *   index    0   1   2   3
 *   term     0   1   1   4        0 is before the first; its term is 0
 *   sum      0   a   b   c        of all entries up to here
 *
 * Two logs whose entries at an index have one term are the same up to there (5.3, log matching): so
 * they have one sum there.
 *
 * Memory:  fixed; nothing to free.
 * Limits:  RAFT_LOG_MAX entries; one more is a finding.
 * Errors:  none.
 */
#ifndef SCENARIOS_RAFT_LOG_H
#define SCENARIOS_RAFT_LOG_H

#include "scenarios/raft_rules.h"

enum raft_command_kind {
    RAFT_NOTHING, /* what a leader begins its term with */
    RAFT_WRITE,
    RAFT_COMPARE_AND_SET,
    RAFT_READ, /* in requests; never in the log */
};

struct raft_command {
    uint32_t kind;
    uint32_t client;
    uint32_t number; /* of the client's request, from 1 */
    uint32_t key;
    int64_t value;
    int64_t expected; /* of a RAFT_COMPARE_AND_SET */
};

struct raft_entry {
    uint64_t term;
    struct raft_command command;
};

struct raft_log {
    uint64_t last;
    struct raft_entry entries[RAFT_LOG_MAX + 1];
    uint64_t sums[RAFT_LOG_MAX + 1];
};

/* 0 for index 0. The index is not beyond the last. */
uint64_t raft_log_term(const struct raft_log *log, uint64_t index);

/* Returns the index of the new entry. */
uint64_t raft_log_append(struct raft_log *log, const struct raft_entry *entry);

/* Cuts off what follows `last`. */
void raft_log_cut(struct raft_log *log, uint64_t last);

/* Whether a log that ends so is at least as up to date as this one (5.4.1). */
bool raft_log_is_matched(const struct raft_log *log, uint64_t last, uint64_t last_term);

/* The first index of the term that the entry at `index` has. */
uint64_t raft_log_term_begin(const struct raft_log *log, uint64_t index);

/* The last index of a term, 0 when the log has none of it. */
uint64_t raft_log_term_end(const struct raft_log *log, uint64_t term);

#endif
