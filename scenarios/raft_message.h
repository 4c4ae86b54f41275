/* Messages, and how they look on the wire: numbers with their highest byte first.
 *
 *   size │ kind from yes │ term index index_term commit round hint hint_term │ count │ entries …
 *   u32  │ u32 each      │ u64 each                                          │ u32   │ 40 bytes
 *
 * `size` counts all bytes of the message, itself included.
 *
 * Memory:  a plain value.
 * Errors:  bytes that are no message are refused.
 */
#ifndef SCENARIOS_RAFT_MESSAGE_H
#define SCENARIOS_RAFT_MESSAGE_H

#include <stddef.h>

#include "scenarios/raft_log.h"

enum raft_message_kind {
    RAFT_VOTE = 1, /* RequestVote of figure 2 */
    RAFT_VOTED,
    RAFT_APPEND, /* AppendEntries */
    RAFT_APPENDED,
    RAFT_REQUEST, /* of a client */
    RAFT_ANSWER,
};

/* `yes` of an answer. */
enum raft_message_status {
    RAFT_DONE = 1,
    RAFT_REFUSED,    /* a comparison with another value than what was there */
    RAFT_NOT_LEADER, /* `from` is who may be, or RAFT_NOBODY */
};

struct raft_message {
    uint32_t kind;
    uint32_t from; /* the node, or the client */
    uint32_t yes;  /* VOTED, APPENDED: whether; ANSWER: its status */
    uint64_t term;
    uint64_t index;      /* VOTE: the last; APPEND: the previous; APPENDED: the last that matches,
                            or the previous one that did not */
    uint64_t index_term; /* of it, in VOTE and APPEND */
    uint64_t commit;     /* APPEND: how far the leader's log is committed */
    uint64_t round;      /* APPEND: when it was sent; APPENDED gives it back */
    uint64_t hint;       /* APPENDED, not: where to go on … */
    uint64_t hint_term;  /* … and the term that is there, 0: the log ends before */
    uint32_t entry_count;
    struct raft_entry entries[RAFT_BATCH_MAX]; /* REQUEST, ANSWER: one, whose term says nothing */
};

#define RAFT_MESSAGE_HEAD 76u
#define RAFT_MESSAGE_ENTRY 40u
#define RAFT_MESSAGE_SIZE(entry_count) (RAFT_MESSAGE_HEAD + (entry_count)*RAFT_MESSAGE_ENTRY)
#define RAFT_MESSAGE_SIZE_MAX RAFT_MESSAGE_SIZE(RAFT_BATCH_MAX)

/* Writes at most RAFT_MESSAGE_SIZE_MAX bytes; returns how many. */
size_t raft_message_write(const struct raft_message *message, uint8_t *bytes);

/* Reads one from the first of `size` bytes: how many it has; 0: it is not complete; SIZE_MAX: it is
 * none. */
size_t raft_message_read(struct raft_message *message, const uint8_t *bytes, size_t size);

/* The same for an entry alone, of RAFT_MESSAGE_ENTRY bytes. */
void raft_message_write_entry(const struct raft_entry *entry, uint8_t *bytes);
void raft_message_read_entry(struct raft_entry *entry, const uint8_t *bytes);

/* Numbers of four and of eight bytes; the place behind them. */
uint8_t *raft_message_put4(uint8_t *bytes, uint32_t number);
uint8_t *raft_message_put8(uint8_t *bytes, uint64_t number);
const uint8_t *raft_message_get4(const uint8_t *bytes, uint32_t *number);
const uint8_t *raft_message_get8(const uint8_t *bytes, uint64_t *number);

#endif
