/* Gates: whoever comes to an occasion waits until every constraint lets it pass.
 *
 *   a thread at a mark, a call … ─► gate_match ─► gate_pass ─┬─ all are open: it happens
 *   an entry of the agenda that was picked ──────────────────┴─ one is closed: held, until what
 *                               opens it has happened, or nothing else can run
 *
 * Who is held is not in the ready set: strategies see only what the constraints allow. Time goes
 * on. When nothing is ready and nothing is due, the constraint that holds the agent which was held
 * first is broken, and stays so for the rest of the run. A message is held no longer than its link
 * may take: what holds it then is broken as well, as infeasible. Of entries with the same handler
 * and subject (a connection's segments) none overtakes one that is held.
 *
 * A race is decided when both have come: the choice's alternative 0 is the one that came first. The
 * winner and then the loser are picked before all others.
 *
 * Memory:      part of the world; queues are links between agents.
 * Limits:      OCCASIONS_MAX, CONSTRAINTS_MAX.
 * Units:       nanoseconds of virtual time.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: agents are held and let go in the order in which they came; what is drawn (races,
 *              chances, groups) are choices, with an identity for each constraint.
 */
#ifndef SIM_GATE_H
#define SIM_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/constraint.h"
#include "sim/description.h"
#include "sim/occasion.h"
#include "sim/schedule.h"

struct gate_occasion {
    uint32_t seen;     /* matched so far, whatever their number */
    uint32_t happened; /* those that were meant */
    uint64_t first_ns; /* when the first of them did */
};

/* Why a constraint could not be met: which of its occasions is a message, when that could come at
 * the latest, and what it was held for. */
struct gate_conflict {
    uint32_t message, awaited; /* occasions by index */
    uint64_t earliest_ns, latest_ns;
};

struct gate_constraint {
    struct decider decider;
    bool in_force;
    bool broken;
    uint32_t turn; /* CONSTRAINT_RACE: 1 + which of the two may pass, 0 = not decided */
    uint32_t left; /* CONSTRAINT_RACE: how many are to pass since it was decided */
    bool infeasible;
    struct gate_conflict conflict; /* infeasible */
};

/* Who wants to know what has happened; each occasion once, in order of the indices. */
typedef void gate_listener(void *context, uint32_t occasion);

/* Who wants to know all that could be named, whether it is or not. */
typedef void gate_observer(void *context, const struct occasion *fact);

struct gates {
    struct schedule *schedule;
    gate_listener *listener; /* NULL = nobody */
    void *listener_context;
    gate_observer *observer; /* NULL = nobody */
    void *observer_context;
    const struct constraints *demanded;
    uint32_t time_handler, last_handler, late_handler;
    uint64_t late; /* OCCASION_HOLDS: their time is over, a bit for each */
    uint64_t of_instant[OCCASION_INSTANT_COUNT]; /* which occasions, a bit for each */
    uint32_t named;                              /* instants that have some, a bit for each */
    struct wait_queue held;
    void (*settle)(void *context);          /* NULL = nothing follows from what happens */
    struct wait_queue asleep;               /* threads of nodes that are paused */
    bool paused[DESCRIPTION_NODES_MAX + 1]; /* by node */
    bool pauses;                            /* some node was, in this run */
    bool engaged;
    struct gate_occasion met[OCCASIONS_MAX];
    struct gate_constraint state[CONSTRAINTS_MAX];
};

/* Once; what is demanded is borrowed. Without occasions the scheduler never asks. */
void gate_init(struct gates *gates, struct schedule *schedule, const struct constraints *demanded);

/* Once: whom to tell, and what then does what follows, before whoever came to the occasion goes on,
 * and may not return to it (NULL = nothing). */
void gate_listen(struct gates *gates,
                 gate_listener *listener,
                 void (*settle)(void *context),
                 void *context);

/* Before a run: who is told from now on, NULL = nobody. What happens is the same. */
void gate_observe(struct gates *gates, gate_observer *observer, void *context);

/* Whether somebody asks for occasions at all. */
bool gate_asked(const struct gates *gates);

/* Once: the scheduler asks, though there may be no occasions. */
void gate_engage(struct gates *gates);

/* The threads of a node stand still, and go on. The running thread goes on until it is next asked
 * or gate_sleep is called. */
void gate_pause(struct gates *gates, uint32_t node);
void gate_resume(struct gates *gates, uint32_t node);

/* The running thread waits until its node is not paused. */
void gate_sleep(struct gates *gates);

/* For the scheduler, whose context the gates are: what follows is done, now; a thread that was
 * picked is of a node that is paused, and now waits. */
void gate_settle(void *context);
bool gate_stops(void *context, uint32_t agent);

/* Starts a run. After schedule_begin. */
void gate_begin(struct gates *gates);

/* Which occasions this is, a bit for each; counts them. Once for each thing that happens. */
uint64_t gate_match(struct gates *gates, const struct occasion *fact);

/* The running thread stands before these occasions. Returns when they happen. */
void gate_pass(struct gates *gates, uint64_t occasions);

/* Of these, which come at most once, those that may come yet. */
uint64_t gate_may_come(const struct gates *gates, uint64_t occasions);

/* The same for what cannot be held: they happen. */
void gate_happen(struct gates *gates, uint64_t occasions);

enum constraint_outcome gate_outcome(const struct gates *gates, uint32_t constraint);

/* Of one that was infeasible. */
const struct gate_conflict *gate_conflict(const struct gates *gates, uint32_t constraint);

#endif
