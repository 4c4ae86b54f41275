/* The ways to the other nodes: a connection to each, and a task that writes to it.
 *
 *   raft_link_put ──► bytes ──task──► dial, if there is no connection ──► write
 *                                        └── no answer, an error: the bytes are dropped, a pause
 *
 * A connection carries messages one way; what the other node answers comes over its own. Messages
 * get lost with a connection, and old ones may come late: the nodes send again what matters.
 *
 * Memory:  fixed; one a way.
 * Limits:  RAFT_LINK_SIZE_MAX bytes wait; a message for which there is no room is dropped.
 * Threads: those of the scheduler, which is local.
 */
#ifndef SCENARIOS_RAFT_LINK_H
#define SCENARIOS_RAFT_LINK_H

#include <ex/notify.h>
#include <ex/socket.h>

#include "scenarios/raft_message.h"
#include "scenarios/stage.h"

#define RAFT_LINK_SIZE_MAX 4096u
#define RAFT_LINK_DIAL_NS (15 * RAFT_MS)
#define RAFT_LINK_WRITE_NS (20 * RAFT_MS)
#define RAFT_LINK_PAUSE_NS (2 * RAFT_MS)

struct raft_link {
    struct ex_address address;
    struct ex_notify is_filled;
    size_t size;
    uint8_t bytes[RAFT_LINK_SIZE_MAX];
    bool has_vote; /* among them is the promise of one */
};

/* Begins its task. */
void raft_link_open(struct raft_link *link, struct ex_scheduler *scheduler, uint32_t node);

void raft_link_put(struct raft_link *link, const struct raft_message *message);

/* The address of a node, from 0. */
void raft_link_address(struct ex_address *address, uint32_t node);

#endif
