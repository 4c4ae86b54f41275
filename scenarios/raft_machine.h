/* The replicated state machine: registers, and what each client was answered last.
 *
 * A client sends a request again, with the same number, until it has an answer. So a command may be
 * in the log twice; the second one changes nothing and gives the first one's result (Ongaro's
 * dissertation, 6.3). A client has one request at a time, thus one result for each is kept.
 *
 * Memory:  fixed.
 * Errors:  none.
 */
#ifndef SCENARIOS_RAFT_MACHINE_H
#define SCENARIOS_RAFT_MACHINE_H

#include "scenarios/raft_log.h"

struct raft_machine_session {
    uint32_t number; /* of the last request that was applied; 0: none */
    bool is_refused; /* it was a comparison with another value than what was there */
};

struct raft_machine {
    int64_t values[RAFT_KEYS_MAX];
    struct raft_machine_session sessions[RAFT_CLIENTS_MAX];
};

void raft_machine_apply(struct raft_machine *machine, const struct raft_command *command);

#endif
