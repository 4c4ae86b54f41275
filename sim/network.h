/* Links between nodes: how long a message takes, whether it is lost, who cannot reach whom.
 *
 *   send ─► network_lost? ─► network_pass ─► schedule_timer_start(handler of the protocol)
 *                                                        │ due, and picked like a thread
 *   protocol's handler ◄─────────────────────────────────┘
 *      network_blocked_ns? (partition): a stream tries again when it heals, a datagram is gone
 *      network_clogged_ns? (clog): it comes when that is over
 *
 *   arrival = (now or when the link is free) + size / bandwidth + latency_min + a choice of 1 us
 *             steps up to latency_max, or from a row of its table, another choice;
 *             within a node: now + NETWORK_LOOPBACK_NS, so that nothing can hold it back
 *
 * What holds a message back (sim/gate.h) lets it go when its link's latency is over. When
 * faults begin and end is told by their owner (sim/fault.h).
 *
 * Memory:      a table of paths in the world's arena, nodes squared, touched as far as used.
 * Limits:      those of the description.
 * Units:       nanoseconds, bytes.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: latency, loss and duplicates are choices of the sending socket in its node's stream.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/choices.h"
#include "sim/description.h"
#include "sim/schedule.h"

#define NETWORK_LOOPBACK_NS 5000u
#define NETWORK_LATENCY_STEP_NS 1000u
#define NETWORK_PPM 1000000u

/* One direction between two nodes. */
struct network_path {
    uint64_t free_ns; /* valid in run `run`: when the last bit of the last message has left */
    uint32_t run;
    uint32_t link; /* index in the description, + 1; UINT32_MAX = the default link, 0 = not asked */
};

/* What stands between nodes. */
struct network_obstacle {
    bool in_force;
    uint64_t began_ns, until_ns; /* AGENDA_NEVER = for good, or nobody knows */
};

/* When a message arrives, and when it could have with another latency. */
struct network_passage {
    uint64_t due_ns, earliest_ns, latest_ns;
};

/* A node that is not there: what arrives meanwhile is gone, or comes again later. */
struct network_absence {
    bool gone;
    uint64_t began_ns, until_ns; /* AGENDA_NEVER = nobody knows */
};

struct network {
    struct schedule *schedule;
    const struct description *description;
    struct network_path *paths;
    uint32_t run;
    uint32_t obstructed; /* how many obstacles are in force */
    uint32_t absent;     /* nodes that are not there */
    bool may_calm;       /* what is in force may end before its time */
    bool calm;           /* links lose and duplicate nothing */
    struct network_absence absences[DESCRIPTION_NODES_MAX + 1];
    struct network_obstacle obstacles[DESCRIPTION_FAULTS_MAX]; /* by fault */
};

uint64_t network_arena_size(const struct description *description);

/* Once. The description is borrowed. */
void network_init(struct network *network,
                  struct arena *arena,
                  struct schedule *schedule,
                  const struct description *description);

/* Starts a run. After schedule_begin. */
void network_begin(struct network *network);

/* A fault of the description stands between nodes from now on, until a time if it is known
 * (AGENDA_NEVER: it is not, or never ends); and no longer. */
void network_obstruct(struct network *network, uint32_t fault, uint64_t until_ns);
void network_clear(struct network *network, uint32_t fault);

/* A node is gone, until a time if it is known (AGENDA_NEVER: it is not); and is there again. */
void network_node_gone(struct network *network, uint32_t node, uint64_t until_ns);
void network_node_back(struct network *network, uint32_t node);

/* From now on links lose and duplicate nothing, but for those of nodes that stay restless. */
void network_calm(struct network *network);

/* When a message that is sent now arrives. */
struct network_passage network_pass(struct network *network,
                                    uint32_t from,
                                    uint32_t to,
                                    uint32_t size,
                                    struct decider *who,
                                    const void *site);

/* Whether the datagram that is sent now is lost: by chance, by a partition, or since the queue of
 * its link is full. */
bool network_lost(struct network *network,
                  uint32_t from,
                  uint32_t to,
                  uint32_t size,
                  struct decider *who,
                  const void *site);

/* Whether the datagram that is sent now arrives twice. */
bool network_duplicated(struct network *network,
                        uint32_t from,
                        uint32_t to,
                        struct decider *who,
                        const void *site);

/* 0 when messages pass, else when they will again (UINT64_MAX = never): a partition stands between,
 * or who they are for is gone. Of what ends on an occasion nobody knows when, so that the sender
 * tries again after waits that double. */
uint64_t network_blocked_ns(const struct network *network, uint32_t from, uint32_t to);

/* 0 when nothing holds messages back, else when their link goes on (UINT64_MAX = never): it is
 * clogged, and none is lost. Of what ends on an occasion as above. */
uint64_t network_clogged_ns(const struct network *network, uint32_t from, uint32_t to);

/* Whether a node's system refuses whoever connects to it. */
bool network_refuses(const struct network *network, uint32_t node);

/* True when a fault concerns this direction. */
bool network_fault_covers(const struct description_fault *fault, uint32_t from, uint32_t to);

/* An event of the world at a node: something happened to an object, whoever runs. */
void network_event(struct network *network,
                   enum point_kind kind,
                   uint32_t node,
                   uint32_t object,
                   int64_t result);

#endif
