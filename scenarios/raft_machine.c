#include "scenarios/raft_machine.h"

#include <assert.h>

#include "sim/scenario.h"

void raft_machine_apply(struct raft_machine *machine, const struct raft_command *command) {
    if (command->kind == RAFT_NOTHING) {
        return;
    }
    assert(command->client < RAFT_CLIENTS_MAX);
    assert(command->key < RAFT_KEYS_MAX);
    struct raft_machine_session *const session = &machine->sessions[command->client];
    int64_t *const value = &machine->values[command->key];

    if (command->number <= session->number) {
        sim_count("commands twice in the log", 1);
        if (!RAFT_BREAKS(RAFT_RULE_ONCE)) {
            return;
        }
    }
    session->number = command->number;
    session->is_refused = command->kind == RAFT_COMPARE_AND_SET && *value != command->expected;
    if (!session->is_refused) {
        *value = command->value;
    }
}
