/* Faults of a node: a crash, as by a loss of power, with or without a restart; and a pause, in
 * which its threads stand still while time goes on.
 *
 *   outage_heard (an occasion) ─► put down ─► outage_settle ─┐  at once: before who came to it
 *                                                            │  goes on
 *   outage_begin: a time, said or drawn ─► agenda ───────────┴─► effects: crash, restart, pause …
 *
 *   a crash  ends a node's threads between two points; its peers hear nothing of it. What is there
 *            for it arrives after the restart, or never. A node that is gone, or whose program has
 *            exited, does not crash; one that does not run is not paused.
 *   a pause  lets the node's system go on: messages arrive and timers are due, and nobody looks.
 *
 * This module says when; what it means is its owner's.
 *
 * Memory:      part of the world.
 * Limits:      DESCRIPTION_FAULTS_MAX.
 * Units:       nanoseconds of virtual time.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: what is left to the seed are choices, with an identity for each fault: whether it
 *              comes (alternative 0: no), and when (0: at the earliest).
 */
#ifndef SIM_OUTAGE_H
#define SIM_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/choices.h"
#include "sim/description.h"
#include "sim/schedule.h"

#define OUTAGE_STEP_NS 1000u /* of times that are drawn */

/* What it means. False: it cannot be now, and did not happen. */
struct outage_effects {
    void *context;
    bool (*crash)(void *context, uint32_t fault);
    bool (*restart)(void *context, uint32_t fault);
    bool (*pause)(void *context, uint32_t fault);
    bool (*resume)(void *context, uint32_t fault);
    /* All that came at once has been done: the running thread goes on, if it still is one. */
    void (*settled)(void *context);
};

/* What the machine does when a node crashes and starts again. Those that are NULL are not called.
 */
struct outage_machine {
    void *context;
    /* A thread is gone; it runs: its stack is in use until another thread leaves one. */
    void (*thread_gone)(void *context, uint32_t thread, bool runs);
    /* Its threads and open files are gone; files: enum description_files. */
    void (*node_crashed)(void *context, uint32_t node, uint32_t files);
    /* Creates its first thread (world_thread_create). */
    void (*node_started)(void *context, uint32_t node);
};

struct outage {
    struct decider decider;
    uint32_t times; /* it happened so often */
    bool in_force;
};

struct outages {
    struct schedule *schedule;
    const struct description *description;
    struct outage_effects effects;
    uint32_t handler;
    uint32_t pending_count; /* a fault that is to begin, and one that is to end, at most */
    uint32_t pending[2 * DESCRIPTION_FAULTS_MAX];
    struct outage all[DESCRIPTION_FAULTS_MAX]; /* by fault; partitions and resets are left out */
};

/* Once. The description is borrowed. */
void outage_init(struct outages *outages,
                 struct schedule *schedule,
                 const struct description *description,
                 const struct outage_effects *effects);

/* Starts a run. After schedule_begin. */
void outage_begin(struct outages *outages);

/* An occasion of the description has come. */
void outage_heard(struct outages *outages, uint32_t occasion);

/* Does what occasions have brought about. May not return to the running thread. */
void outage_settle(struct outages *outages);

/* The node is gone: none of its pauses is in force any more. */
void outage_forget_pauses(struct outages *outages, uint32_t node);

/* When a fault that has just begun ends; AGENDA_NEVER: nobody knows. */
uint64_t outage_until_ns(const struct outages *outages, uint32_t fault);

/* True when some fault of this kind is declared, of a node (0 = any). */
bool outage_declared(const struct description *description,
                     enum description_fault_kind kind,
                     uint32_t node);

#endif
