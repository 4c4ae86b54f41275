#include "scenarios/raft_replica.h"

#include <assert.h>

#include "scenarios/raft_out.h"
#include "scenarios/raft_witness.h"
#include "sim/scenario.h"

/* ---- the leader ---- */

/* Entries from `next` on, or none. */
static void send_append(struct raft *raft, uint32_t to, uint32_t entry_count) {
    const struct raft_peer *const peer = &raft->peers[to];
    struct raft_message append = {.kind = RAFT_APPEND,
                                  .index = peer->next - 1,
                                  .index_term = raft_log_term(&raft->log, peer->next - 1),
                                  .commit = raft->commit,
                                  .round = raft->round,
                                  .entry_count = entry_count};

    for (uint32_t i = 0; i < entry_count; i++) {
        append.entries[i] = raft->log.entries[peer->next + i];
    }
    raft_out_send(raft, to, append);
}

/* What it lacks, unless some of it is on its way. */
static void send_entries(struct raft *raft, uint32_t to) {
    struct raft_peer *const peer = &raft->peers[to];
    const uint64_t lacking = raft->log.last - (peer->next - 1);

    if (peer->is_sending && raft->now_ns - peer->sent_ns >= RAFT_RESEND_NS) {
        peer->is_sending = false;
    }
    if (!peer->is_sending && lacking > 0) {
        send_append(raft, to, lacking < RAFT_BATCH_MAX ? (uint32_t)lacking : RAFT_BATCH_MAX);
        peer->is_sending = true;
        peer->sent_ns = raft->now_ns;
    }
}

static void send_all(struct raft *raft) {
    for (uint32_t peer = 0; peer < raft->node_count; peer++) {
        if (peer != raft->self) {
            send_entries(raft, peer);
        }
    }
}

static void append_own(struct raft *raft, const struct raft_command *command) {
    const struct raft_entry entry = {raft->term, *command};
    const uint64_t index = raft_log_append(&raft->log, &entry);

    raft_storage_note_entry(&raft->storage, &entry);
    raft_witness_has(entry.term, index, raft->log.sums[index]);
    send_all(raft);
}

void raft_replica_lead(struct raft *raft) {
    const struct raft_command nothing = {.kind = RAFT_NOTHING};

    raft->first_index = raft->log.last + 1;
    raft->beat_ns = raft->now_ns + RAFT_HEARTBEAT_NS;
    append_own(raft, &nothing);
}

void raft_replica_beat(struct raft *raft) {
    for (uint32_t peer = 0; peer < raft->node_count; peer++) {
        if (peer != raft->self) {
            send_append(raft, peer, 0);
            send_entries(raft, peer);
        }
    }
    raft->beat_ns = raft->now_ns + RAFT_HEARTBEAT_NS;
}

/* Its own log counts, since what it sent was stored before. */
static void commit(struct raft *raft) {
    for (uint64_t index = raft->log.last; index > raft->commit; index--) {
        uint32_t count = 1;

        for (uint32_t peer = 0; peer < raft->node_count; peer++) {
            count += peer != raft->self && raft->peers[peer].match >= index;
        }
        const bool is_own = raft_log_term(&raft->log, index) == raft->term;
        if (count >= raft_state_majority(raft) && (is_own || RAFT_BREAKS(RAFT_RULE_COMMIT))) {
            raft->commit = index;
            sim_count(raft->is_back ? "commits after a heal" : "commits", 1);
            raft->is_back = false;
            raft_witness_weak_moment("commits", 10);
            return;
        }
    }
}

/* Where to go on with a log that differs. */
static uint64_t back_off(const struct raft *raft, const struct raft_message *message) {
    const uint64_t end =
        message->hint_term == 0 ? 0 : raft_log_term_end(&raft->log, message->hint_term);
    const uint64_t next = end > 0 ? end + 1 : message->hint;
    const uint64_t below = message->index; /* which did not match, so it goes down at least by 1 */

    return next == 0 || below == 0 ? 1 : next < below ? next : below;
}

void raft_replica_appended(struct raft *raft, const struct raft_message *message) {
    struct raft_peer *const peer = &raft->peers[message->from];

    if (raft->role != RAFT_LEADER || message->term != raft->term ||
        message->index > raft->log.last) { /* where it was never asked about */
        return;
    }
    if (message->round > peer->round) {
        peer->round = message->round;
    }
    if (message->yes == 0) {
        if (message->index == peer->next - 1) { /* else it is an old one */
            peer->next = back_off(raft, message);
            peer->is_sending = false;
        }
    } else {
        peer->is_sending = peer->is_sending && message->index < peer->next;
        peer->match = message->index > peer->match ? message->index : peer->match;
        peer->next = peer->match + 1 > peer->next ? peer->match + 1 : peer->next;
        commit(raft);
    }
    send_entries(raft, message->from);
}

/* ---- the others ---- */

static void refuse(struct raft *raft, const struct raft_message *message) {
    struct raft_message refusal = {.kind = RAFT_APPENDED, .index = message->index};

    refusal.round = message->round;
    refusal.hint = raft->log.last + 1;
    if (message->index <= raft->log.last && message->index > 0) {
        refusal.hint_term = raft_log_term(&raft->log, message->index);
        refusal.hint = raft_log_term_begin(&raft->log, message->index);
    }
    raft_out_send(raft, message->from, refusal);
}

static void cut(struct raft *raft, uint64_t last) {
    if (last < raft->log.last) {
        if (last < raft->commit) {
            sim_count("committed entries cut off", 1);
        }
        raft_log_cut(&raft->log, last);
        raft_storage_note_cut(&raft->storage, last);
        sim_count("logs cut", 1);
    }
}

static void take_entry(struct raft *raft, uint64_t index, const struct raft_entry *entry) {
    if (index <= raft->log.last && raft_log_term(&raft->log, index) != entry->term) {
        cut(raft, index - 1);
    }
    if (index > raft->log.last) {
        raft_log_append(&raft->log, entry);
        raft_storage_note_entry(&raft->storage, entry);
        raft_witness_has(entry->term, index, raft->log.sums[index]);
    }
}

void raft_replica_append(struct raft *raft, const struct raft_message *message) {
    const uint64_t previous = message->index;

    if (message->term < raft->term || raft->role == RAFT_LEADER) {
        refuse(raft, message);
        return;
    }
    assert(raft->role == RAFT_FOLLOWER);
    raft->leader = message->from;
    raft->due_ns = raft->now_ns + raft->timeout_ns;
    if (previous > raft->log.last || raft_log_term(&raft->log, previous) != message->index_term) {
        refuse(raft, message);
        return;
    }
    if (RAFT_BREAKS(RAFT_RULE_CUT)) {
        cut(raft, previous);
    }
    for (uint32_t i = 0; i < message->entry_count; i++) {
        take_entry(raft, previous + 1 + i, &message->entries[i]);
    }
    const uint64_t match = previous + message->entry_count;
    const uint64_t safe = RAFT_BREAKS(RAFT_RULE_TAIL) ? raft->log.last : match;
    const uint64_t committed = message->commit < safe ? message->commit : safe;
    raft->commit = committed > raft->commit ? committed : raft->commit;
    raft_out_send(raft,
                  message->from,
                  (struct raft_message){.kind = RAFT_APPENDED,
                                        .yes = 1,
                                        .index = match,
                                        .round = message->round});
}

/* ---- clients ---- */

/* A leader knows what is committed when an entry of its own term is (6.4, step 1). */
static void begin_read(struct raft *raft, const struct raft_command *command) {
    const bool is_known = raft->commit >= raft->first_index || RAFT_BREAKS(RAFT_RULE_FRESH);
    const uint64_t index = is_known ? raft->commit : raft->first_index;

    if (RAFT_BREAKS(RAFT_RULE_READ)) {
        raft_out_answer(raft, command, RAFT_DONE, raft->machine.values[command->key]);
        return;
    }
    raft->round++;
    raft->readers[command->client] = (struct raft_reader){true, *command, index, raft->round};
    raft_replica_beat(raft);
}

static void answer_session(struct raft *raft, const struct raft_command *command) {
    const bool is_refused = raft->machine.sessions[command->client].is_refused;

    raft_out_answer(raft, command, is_refused ? RAFT_REFUSED : RAFT_DONE, 0);
}

void raft_replica_request(struct raft *raft, const struct raft_message *message) {
    const struct raft_command *const command = &message->entries[0].command;

    if (message->entry_count != 1 || command->client >= RAFT_CLIENTS_MAX ||
        command->key >= RAFT_KEYS_MAX) {
        return;
    }
    const uint32_t number = raft->machine.sessions[command->client].number;
    raft->readers[command->client].is_waiting = false; /* a client has one request at a time */
    raft->awaited[command->client] = 0;
    if (raft->role != RAFT_LEADER) {
        raft_out_answer(raft, command, RAFT_NOT_LEADER, 0);
    } else if (command->kind == RAFT_READ) {
        begin_read(raft, command);
    } else if (command->number == number) {
        sim_count("answered again", 1);
        answer_session(raft, command);
    } else if (command->number > number) {
        raft->awaited[command->client] = command->number;
        append_own(raft, command);
    }
}

static void answer_reads(struct raft *raft) {
    for (uint32_t client = 0; client < RAFT_CLIENTS_MAX; client++) {
        struct raft_reader *const reader = &raft->readers[client];
        uint32_t count = 1;

        for (uint32_t peer = 0; peer < raft->node_count && reader->is_waiting; peer++) {
            count += peer != raft->self && raft->peers[peer].round >= reader->round;
        }
        if (reader->is_waiting && count >= raft_state_majority(raft) &&
            raft->applied >= reader->index) {
            const int64_t value = raft->machine.values[reader->command.key];
            raft_out_answer(raft, &reader->command, RAFT_DONE, value);
            reader->is_waiting = false;
        }
    }
}

void raft_replica_apply(struct raft *raft) {
    while (raft->applied < raft->commit && raft->applied < raft->log.last) {
        raft->applied++;
        const struct raft_command *const command = &raft->log.entries[raft->applied].command;
        raft_machine_apply(&raft->machine, command);
        raft_witness_applies(raft->applied, raft->log.sums[raft->applied]);
        if (command->kind != RAFT_NOTHING && raft->awaited[command->client] == command->number) {
            raft->awaited[command->client] = 0;
            answer_session(raft, command);
        }
    }
    if (raft->role == RAFT_LEADER) {
        answer_reads(raft);
    }
}
