/* What all of the replicated log agree on: sizes, times, and which rule is broken on purpose.
 *
 *   RAFT_BREAKS(RAFT_RULE_VOTE)     whether this build breaks the rule; a constant
 *
 * Each variant with a planted bug is the same source with PLANTED set to one of the rules.
 *
 * Limits:  RAFT_…_MAX.
 * Units:   nanoseconds.
 * Source:  Ongaro, Ousterhout: "In search of an understandable consensus algorithm", 2014, figure 2
 *          and sections 5.1 to 5.4, 8; Ongaro: "Consensus: bridging theory and practice", 2014,
 *          sections 6.3 (sessions) and 6.4 (reads). Left out: snapshots, changes of membership.
 */
#ifndef SCENARIOS_RAFT_RULES_H
#define SCENARIOS_RAFT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#define RAFT_NODES_MAX 5
#define RAFT_CLIENTS_MAX 3
#define RAFT_KEYS_MAX 2
#define RAFT_LOG_MAX 512
#define RAFT_BATCH_MAX 2 /* entries a message: so few that what lags behind needs several */
#define RAFT_NOBODY UINT32_MAX

#define RAFT_PORT 7000

#define RAFT_MS UINT64_C(1000000)
#define RAFT_HEARTBEAT_NS (5 * RAFT_MS)
#define RAFT_RESEND_NS (20 * RAFT_MS)
#define RAFT_ELECTION_NS (16 * RAFT_MS)        /* at least so long without a leader … */
#define RAFT_ELECTION_SPREAD_NS (16 * RAFT_MS) /* … and up to so much longer */
#define RAFT_SILENCE_NS (24 * RAFT_MS)         /* nobody heard for so long: cut off */

/* What a planted bug breaks. */
#define RAFT_RULE_NONE 0
/* Only entries of its own term are committed by counting (5.4.2, figure 8). */
#define RAFT_RULE_COMMIT 1
/* A vote is for who has a log that is at least as up to date: terms first, then lengths (5.4.1). */
#define RAFT_RULE_VOTE 2
/* A vote is stored before it is told. */
#define RAFT_RULE_STORE 3
/* A leader answers a read when a majority has confirmed since that it leads (6.4). */
#define RAFT_RULE_READ 4
/* A command is applied once, however often it is in the log (6.3). */
#define RAFT_RULE_ONCE 5
/* What follows the previous entry is cut off only where it conflicts: a message may be an old one
 * (5.3, step 3 of the receiver). */
#define RAFT_RULE_CUT 6

/* A leader knows how far the log is committed once an entry of its own term is (6.4, step 1). */
#define RAFT_RULE_FRESH 7
/* A follower commits no further than the entries that it has just compared with the leader's
 * (figure 2, step 5 of the receiver: the index of the last new entry). */
#define RAFT_RULE_TAIL 8
/* A vote counts in the term that it was given in (5.1). */
#define RAFT_RULE_TERM 9

#ifndef PLANTED
#define PLANTED RAFT_RULE_NONE
#endif
#define RAFT_BREAKS(rule) (PLANTED == (rule))

#endif
