#include "scenarios/raft_log.h"

#include <assert.h>

#include "sim/scenario.h"

uint64_t raft_log_term(const struct raft_log *log, uint64_t index) {
    assert(index <= log->last);
    return log->entries[index].term;
}

/* FNV-1a, of the number's bytes. */
static uint64_t add(uint64_t sum, uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
        sum = (sum ^ (number >> shift & 0xff)) * UINT64_C(0x100000001b3);
    }
    return sum;
}

static uint64_t sum_of(uint64_t before, const struct raft_entry *entry) {
    const struct raft_command *const command = &entry->command;
    uint64_t sum = add(before ^ UINT64_C(0xcbf29ce484222325), entry->term);

    sum = add(sum, (uint64_t)command->kind << 32 | command->client);
    sum = add(sum, (uint64_t)command->number << 32 | command->key);
    return add(add(sum, (uint64_t)command->value), (uint64_t)command->expected);
}

uint64_t raft_log_append(struct raft_log *log, const struct raft_entry *entry) {
    if (log->last == RAFT_LOG_MAX) {
        sim_fail("the log is full");
    }
    assert(entry->term >= log->entries[log->last].term);
    log->last++;
    log->entries[log->last] = *entry;
    log->sums[log->last] = sum_of(log->sums[log->last - 1], entry);
    return log->last;
}

void raft_log_cut(struct raft_log *log, uint64_t last) {
    assert(last <= log->last);
    log->last = last;
}

bool raft_log_is_matched(const struct raft_log *log, uint64_t last, uint64_t last_term) {
    const uint64_t own_term = raft_log_term(log, log->last);

    if (RAFT_BREAKS(RAFT_RULE_VOTE)) { /* the longer one, whatever its terms */
        return last >= log->last;
    }
    return last_term != own_term ? last_term > own_term : last >= log->last;
}

uint64_t raft_log_term_begin(const struct raft_log *log, uint64_t index) {
    const uint64_t term = raft_log_term(log, index);

    assert(index > 0);
    while (index > 1 && log->entries[index - 1].term == term) {
        index--;
    }
    return index;
}

uint64_t raft_log_term_end(const struct raft_log *log, uint64_t term) {
    uint64_t index = log->last;

    while (index > 0 && log->entries[index].term > term) {
        index--;
    }
    return log->entries[index].term == term ? index : 0;
}
