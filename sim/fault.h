/* When faults begin and end: cut links, nodes that crash or stand still, clocks that jump …
 *
 *   fault_begin: a time, said or drawn ─► agenda ─┐
 *                                                 ├─► effect of its kind: begin ─► agenda ─┐
 *   fault_heard: an occasion ─────────────────────┤                                        │
 *                                                 └─► effect of its kind: end ◄────────────┘
 *
 * This module says when; what it means is its owner's, who also says how it comes (enum
 * fault_manner). What is in force does not begin again; an occasion that ends it does only that.
 *
 * What is left to the seed comes in classes (crashes, calls that fail, calls that are short …):
 * in each run the seed says which are on, so that some have one kind of trouble alone.
 *
 * Memory:      part of the world.
 * Limits:      DESCRIPTION_FAULTS_MAX.
 * Units:       nanoseconds of virtual time.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: what is left to the seed are choices, with an identity for each class and fault:
 *              whether it is on, whether it comes (alternative 0: no), when, and how long (0: at
 *              the earliest, the shortest). A class whose only fault comes at a drawn time has no
 *              choice but that one's own. Where nothing is left to the seed, nothing is drawn.
 * Source:      Groce et al., "Swarm testing", ISSTA 2012: a feature in every second run.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/choices.h"
#include "sim/description.h"
#include "sim/schedule.h"

#define FAULT_STEP_NS 1000u                              /* of times that are drawn */
#define FAULT_CLASSES (DESCRIPTION_FAULT_KIND_COUNT + 1) /* the last one: calls that are short */
#define FAULT_PENDING_MAX (3 * DESCRIPTION_FAULTS_MAX)   /* each begins, ends, or either */

/* What of an occasion's faults comes when. */
enum fault_manner {
    FAULT_AT_ONCE, /* as the occasion is heard */
    FAULT_SETTLED, /* before who came to it goes on, which the fault may be the end of */
    FAULT_APART, /* an entry of its own, since who came to it may be a message of a connection that
                    the fault ends */
};

/* What a kind of fault means. */
struct fault_effect {
    enum fault_manner manner;
    bool (*begin)(void *context, uint32_t fault); /* false: it cannot be now, and did not happen */
    void (*end)(void *context, uint32_t fault);   /* NULL: it takes a moment */
};

struct fault_effects {
    void *context;
    const struct fault_effect *kinds; /* by enum description_fault_kind */
    /* All that came at once has been done: the running thread goes on, if it still is one. */
    void (*settled)(void *context);
};

/* What the machine does when a node crashes and starts again. Those that are NULL are not called.
 */
struct fault_machine {
    void *context;
    /* A thread is gone; it runs: its stack is in use until another thread leaves one. */
    void (*thread_gone)(void *context, uint32_t thread, bool runs);
    /* Its threads and open files are gone; files: enum description_files. */
    void (*node_crashed)(void *context, uint32_t node, uint32_t files);
    /* Creates its first thread (world_thread_create). */
    void (*node_started)(void *context, uint32_t node);
};

struct fault {
    struct decider decider;
    uint32_t times; /* it happened so often */
    bool in_force;
    uint64_t until_ns; /* in force: when it ends, AGENDA_NEVER = nobody knows */
};

struct faults {
    struct schedule *schedule;
    const struct description *description;
    struct fault_effects effects;
    uint32_t handler;
    struct fault_class {
        struct decider decider;
        bool is_off; /* none of its faults that are left to the seed comes in this run */
    } classes[FAULT_CLASSES];
    bool calm; /* nothing begins any more, but for nodes that stay restless */
    uint32_t pending_count;
    uint32_t pending[FAULT_PENDING_MAX]; /* a fault, and what is to become of it */
    struct fault all[DESCRIPTION_FAULTS_MAX];
};

/* Once. The description is borrowed. */
void fault_init(struct faults *faults,
                struct schedule *schedule,
                const struct description *description,
                const struct fault_effects *effects);

/* Starts a run. After schedule_begin. */
void fault_begin(struct faults *faults);

/* An occasion of the description has come. */
void fault_heard(struct faults *faults, uint32_t occasion);

/* Does what occasions have brought about. May not return to the running thread. */
void fault_settle(struct faults *faults);

/* From now on no fault begins, and those in force end when it settles, but for those of nodes that
 * stay restless. */
void fault_calm(struct faults *faults);

/* The node is gone: none of its pauses is in force any more. */
void fault_forget_pauses(struct faults *faults, uint32_t node);

/* A calm has come that is for this fault, too: it strikes no more. */
static inline bool fault_calmed(const struct faults *faults, uint32_t fault) {
    const struct description_fault *declared = &faults->description->faults[fault];
    return faults->calm && description_calmed(faults->description, declared->from, declared->to);
}

/* Whether it is in force; one that strikes by chance is, unless its class is off. */
static inline bool fault_in_force(const struct faults *faults, uint32_t fault) {
    return faults->all[fault].in_force;
}

/* True when some fault of this kind is declared, of a node (0 = any). */
bool fault_declared(const struct description *description,
                    enum description_fault_kind kind,
                    uint32_t node);

#endif
