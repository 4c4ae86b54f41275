#include "sim/gate.h"

#include <stddef.h>

#include "sim/panic.h"

#define NONE UINT32_MAX

_Static_assert(OCCASIONS_MAX == 64, "a bit of a word for each");

/* Instants that are told only where they are named. */
#define OBSERVED                                                                                   \
    (UINT32_C(1) << OCCASION_SENT | UINT32_C(1) << OCCASION_READ |                                 \
     UINT32_C(1) << OCCASION_STARTS | UINT32_C(1) << OCCASION_WAKES |                              \
     UINT32_C(1) << OCCASION_ENDS)

/* ---- what constraints say ---- */

static uint32_t
happened(const struct gates *gates, const struct constraint *constraint, uint32_t i) {
    return gates->met[constraint->occasions[i]].happened;
}

static bool applies(const struct gates *gates, uint32_t index) {
    return gates->state[index].in_force && !gates->state[index].broken;
}

/* Whether a constraint lets nobody pass to what it names as its i-th occasion. */
static bool is_closed(const struct gates *gates, uint32_t index, uint32_t i) {
    const struct constraint *constraint = &gates->demanded->all[index];
    switch ((enum constraint_kind)constraint->kind) {
    case CONSTRAINT_ORDER:
        return i > 0 && happened(gates, constraint, i) >= happened(gates, constraint, i - 1);
    case CONSTRAINT_HOLD:
        return i == 0 && happened(gates, constraint, 1) == 0;
    case CONSTRAINT_NEVER:
        return i == 2 && happened(gates, constraint, 0) > happened(gates, constraint, 1);
    case CONSTRAINT_RACE:
        return gates->state[index].turn != i + 1;
    }
    UNREACHABLE();
}

/* What the i-th occasion of a constraint that closes it waits for. */
static uint32_t awaited(const struct constraint *constraint, uint32_t i) {
    switch ((enum constraint_kind)constraint->kind) {
    case CONSTRAINT_ORDER:
        return constraint->occasions[i - 1];
    case CONSTRAINT_HOLD:
    case CONSTRAINT_NEVER:
        return constraint->occasions[1];
    case CONSTRAINT_RACE:
        return constraint->occasions[1 - i];
    }
    UNREACHABLE();
}

static bool names(const struct constraint *constraint, uint32_t i, uint64_t occasions) {
    return (occasions >> constraint->occasions[i] & 1) != 0;
}

/* The first of a constraint's occasions among these that it closes, or NONE. */
static uint32_t closes(const struct gates *gates, uint32_t index, uint64_t occasions) {
    const struct constraint *constraint = &gates->demanded->all[index];
    for (uint32_t i = 0; i < constraint->count && applies(gates, index); i++) {
        if (names(constraint, i, occasions) && is_closed(gates, index, i)) {
            return i;
        }
    }
    return NONE;
}

/* The first constraint that closes one of these occasions, or NONE. */
static uint32_t closing(const struct gates *gates, uint64_t occasions) {
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        if (closes(gates, index, occasions) != NONE) {
            return index;
        }
    }
    return NONE;
}

/* ---- who is held ---- */

static struct agent *agent_of(const struct gates *gates, uint32_t index) {
    return schedule_agent(gates->schedule, index);
}

/* The agent that was held first and stands before an occasion, 0 = none. */
static uint32_t held_before(const struct gates *gates, uint32_t occasion) {
    uint32_t index = gates->held.first;
    while (index != 0 && (agent_of(gates, index)->occasions >> occasion & 1) == 0) {
        index = agent_of(gates, index)->wait_next;
    }
    return index;
}

static bool share_subject(const struct agent *a, const struct agent *b) {
    return a->kind == AGENT_ENTRY && b->kind == AGENT_ENTRY && a->item.handler == b->item.handler &&
           a->item.subject == b->item.subject;
}

/* Whether an entry would overtake one of its subject that is held, or was and has not fired. */
static bool is_behind(const struct gates *gates, uint32_t index) {
    const struct agent *agent = agent_of(gates, index);
    if (agent->kind != AGENT_ENTRY || (agent->state == AGENT_READY && agent->asked)) {
        return false;
    }
    for (uint32_t i = gates->held.first; i != 0 && i != index; i = agent_of(gates, i)->wait_next) {
        if (share_subject(agent, agent_of(gates, i))) {
            return true;
        }
    }
    const struct agent_table *agents = &gates->schedule->agents;
    for (uint32_t i = 0; i < agents->order.count; i++) {
        const struct agent *other = agent_of(gates, agents->ready[i]);
        if (other != agent && other->asked && share_subject(agent, other)) {
            return true;
        }
    }
    return false;
}

static bool may_pass(const struct gates *gates, uint32_t index) {
    return closing(gates, agent_of(gates, index)->occasions) == NONE && !is_behind(gates, index);
}

static void last_call_cancel(struct gates *gates, struct agent *agent) {
    if (agent->last_call != 0) {
        schedule_timer_cancel(gates->schedule, agent->last_call);
        agent->last_call = 0;
    }
}

/* Lets all go on that may, and one of them before all others. */
static void release(struct gates *gates, uint32_t preferred) {
    uint32_t next;
    for (uint32_t index = gates->held.first; index != 0; index = next) {
        struct agent *agent = agent_of(gates, index);
        next = agent->wait_next;
        if (may_pass(gates, index)) {
            last_call_cancel(gates, agent);
            schedule_resume(gates->schedule, index);
        }
    }
    if (preferred != 0 && agent_of(gates, preferred)->state == AGENT_READY) {
        schedule_prefer(gates->schedule, preferred);
    }
}

/* ---- races ---- */

/* Somebody comes to these occasions: a race whose other side is held is decided now. */
static void decide(struct gates *gates, uint64_t occasions) {
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        const struct constraint *constraint = &gates->demanded->all[index];
        struct gate_constraint *state = &gates->state[index];
        if (constraint->kind != CONSTRAINT_RACE || !applies(gates, index) || state->turn != 0) {
            continue;
        }
        for (uint32_t side = 0; side < 2; side++) {
            const uint32_t first = held_before(gates, constraint->occasions[1 - side]);
            if (names(constraint, side, occasions) && first != 0 && state->turn == 0) {
                struct choices *choices = gates->schedule->choices;
                const bool overtakes =
                    choices_draw(choices, CHOICE_RACE, 0, &state->decider, NULL, 2) == 1;
                state->turn = 1 + (overtakes ? side : 1 - side);
                state->left = 2;
                release(gates, overtakes ? 0 : first);
            }
        }
    }
}

/* One side of a race has passed. Returns who is next because of it, 0 = nobody. */
static uint32_t pass_on(struct gates *gates, uint64_t occasions) {
    uint32_t preferred = 0;
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        const struct constraint *constraint = &gates->demanded->all[index];
        struct gate_constraint *state = &gates->state[index];
        if (constraint->kind != CONSTRAINT_RACE || state->turn == 0 ||
            !names(constraint, state->turn - 1, occasions)) {
            continue;
        }
        state->left--;
        state->turn = state->left == 0 ? 0 : 3 - state->turn;
        if (state->left != 0) {
            preferred = held_before(gates, constraint->occasions[state->turn - 1]);
        }
    }
    return preferred;
}

/* ---- messages that can come no later ---- */

static void break_constraint(struct gates *gates, uint32_t index) {
    gates->state[index].broken = true;
    schedule_world_event(gates->schedule, POINT_HOLD_BREAK, 0, index + 1, 0);
}

/* Breaks all that hold this entry. */
static void break_holds(struct gates *gates, const struct agent *agent) {
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        const uint32_t i = closes(gates, index, agent->occasions);
        if (i != NONE) {
            const struct constraint *constraint = &gates->demanded->all[index];
            gates->state[index].infeasible = true;
            gates->state[index].conflict = (struct gate_conflict){constraint->occasions[i],
                                                                  awaited(constraint, i),
                                                                  agent->earliest_ns,
                                                                  agent->latest_ns};
            break_constraint(gates, index);
        }
    }
}

static void last_call(void *context, const struct agenda_item *item) {
    struct gates *gates = context;
    struct agent *agent = agent_of(gates, item->subject);
    if (agent->state == AGENT_HELD && agent->last_call == item->handle) { /* it still is */
        agent->last_call = 0;
        break_holds(gates, agent);
        release(gates, 0);
    }
}

/* A predicate did not come to hold in time: nobody waits for it any more. */
static void too_late(void *context, const struct agenda_item *item) {
    struct gates *gates = context;
    const uint64_t occasion = UINT64_C(1) << item->subject;
    if (gates->met[item->subject].happened != 0) {
        return;
    }
    gates->late |= occasion;
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        const struct constraint *constraint = &gates->demanded->all[index];
        bool is_about = false;
        for (uint32_t i = 0; i < constraint->count; i++) {
            is_about = is_about || names(constraint, i, occasion);
        }
        if (is_about && applies(gates, index)) {
            break_constraint(gates, index);
        }
    }
    release(gates, 0);
}

/* Whether an entry that is held may stay so, and for how long. */
static bool may_wait(struct gates *gates, uint32_t index) {
    struct agent *agent = agent_of(gates, index);
    if (agent->latest_ns == 0) {
        return true;
    }
    if (agent->latest_ns <= schedule_now_ns(gates->schedule)) {
        break_holds(gates, agent);
        return false;
    }
    agent->last_call =
        schedule_timer_start(gates->schedule, agent->latest_ns, gates->last_handler, index, 0);
    return true;
}

/* ---- coming to an occasion ---- */

uint64_t gate_match(struct gates *gates, const struct occasion *fact) {
    uint64_t occasions = 0;
    ASSERT(fact->instant < OCCASION_INSTANT_COUNT);
    if (gates->observer != NULL) {
        gates->observer(gates->observer_context, fact);
    }
    for (uint64_t left = gates->of_instant[fact->instant]; left != 0; left &= left - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(left);
        if (occasion_matches(&gates->demanded->occasions[i], fact)) {
            const uint32_t nth = ++gates->met[i].seen;
            const bool meant =
                gates->demanded->occasions[i].nth == 0 || gates->demanded->occasions[i].nth == nth;
            occasions |= (uint64_t)meant << i;
        }
    }
    return occasions;
}

void gate_happen(struct gates *gates, uint64_t occasions) {
    if (occasions == 0) {
        return;
    }
    for (uint32_t i = 0; i < gates->demanded->occasion_count; i++) {
        const bool happens = (occasions >> i & 1) != 0;
        if (happens && gates->met[i].happened++ == 0) {
            gates->met[i].first_ns = schedule_now_ns(gates->schedule);
        }
        if (happens && gates->listener != NULL) {
            gates->listener(gates->listener_context, i);
        }
    }
    const uint32_t preferred = pass_on(gates, occasions);
    release(gates, preferred);
}

uint64_t gate_may_come(const struct gates *gates, uint64_t occasions) {
    uint64_t left = occasions & ~gates->late;
    for (uint32_t i = 0; i < gates->demanded->occasion_count; i++) {
        const bool came = gates->met[i].happened != 0;
        left &= came ? ~(UINT64_C(1) << i) : UINT64_MAX;
    }
    return left;
}

/* Somebody else may have brought about meanwhile what comes only once. */
static uint64_t still(const struct gates *gates, uint64_t occasions) {
    const uint64_t once = occasions & gates->of_instant[OCCASION_HOLDS];
    return once == 0 ? occasions : (occasions & ~once) | gate_may_come(gates, once);
}

void gate_pass(struct gates *gates, uint64_t occasions) {
    if (occasions == 0) {
        return;
    }
    struct agent *agent = schedule_running(gates->schedule);
    agent->occasions = occasions;
    decide(gates, occasions);
    while (closing(gates, occasions) != NONE) {
        schedule_suspend(gates->schedule, &gates->held);
    }
    agent->occasions = 0;
    gate_happen(gates, still(gates, occasions));
    gate_settle(gates);
    gate_sleep(gates);
}

/* An entry is asked what it is once nothing is before it: what a connection delivers next is known
 * only then. */
static bool fires(void *context, uint32_t index) {
    struct gates *gates = context;
    struct agent *agent = agent_of(gates, index);
    struct occasion fact;
    const bool behind = is_behind(gates, index);
    if (!behind && !agent->asked && schedule_fact_of(gates->schedule, &agent->item, &fact)) {
        agent->occasions = gate_match(gates, &fact);
        agent->earliest_ns = fact.earliest_ns;
        agent->latest_ns = fact.latest_ns;
        decide(gates, agent->occasions);
    }
    agent->asked = !behind;
    const bool closed = closing(gates, agent->occasions) != NONE;
    if (behind || (closed && may_wait(gates, index))) {
        schedule_detain(gates->schedule, index, &gates->held);
        return false;
    }
    agent->asked = false; /* it is no more */
    gate_happen(gates, agent->occasions);
    release(gates, 0);
    return true;
}

static void comes(void *context, enum occasion_instant instant) {
    struct gates *gates = context;
    const struct agent *self = schedule_running(gates->schedule);
    const struct occasion fact = {.instant = (uint32_t)instant,
                                  .node = self->node,
                                  .call = self->pending.kind};
    const uint64_t occasions = gate_match(gates, &fact);
    if (occasion_not_held(&fact) != NULL) {
        gate_happen(gates, occasions);
        gate_settle(gates);
    } else {
        gate_pass(gates, occasions);
    }
}

static uint64_t asks(void *context, const struct occasion *fact) {
    return gate_match(context, fact);
}

static void stands(void *context, uint64_t occasions) {
    gate_pass(context, occasions);
}

static void returns(void *context, enum point_kind kind) {
    struct gates *gates = context;
    const struct occasion fact = {.instant = OCCASION_RETURNS,
                                  .node = schedule_running(gates->schedule)->node,
                                  .call = kind};
    const uint64_t occasions = gate_match(gates, &fact);
    if (occasions != 0) {
        gate_happen(gates, occasions);
        gate_settle(gates);
    }
}

static void dropped(void *context) {
    release(context, 0);
}

/* Nothing else can run: breaks what holds the agent that was held first. */
static bool relax(void *context) {
    struct gates *gates = context;
    uint32_t closed_by = NONE;
    for (uint32_t i = gates->held.first; i != 0 && closed_by == NONE;
         i = agent_of(gates, i)->wait_next) {
        closed_by = closing(gates, agent_of(gates, i)->occasions);
    }
    if (closed_by == NONE) {
        return false;
    }
    break_constraint(gates, closed_by);
    release(gates, 0);
    return true;
}

/* ---- a run ---- */

static void time_comes(void *context, const struct agenda_item *item) {
    (void)context;
    (void)item; /* it was an occasion; that is all */
}

static bool time_fact(void *context, const struct agenda_item *item, struct occasion *fact) {
    const struct gates *gates = context;
    *fact = (struct occasion){.instant = OCCASION_TIME,
                              .at_ns = gates->demanded->occasions[item->subject].at_ns};
    return true;
}

void gate_init(struct gates *gates, struct schedule *schedule, const struct constraints *demanded) {
    ASSERT(demanded->occasion_count <= OCCASIONS_MAX && demanded->count <= CONSTRAINTS_MAX);
    *gates = (struct gates){.schedule = schedule, .demanded = demanded};
    for (uint32_t i = 0; i < demanded->occasion_count; i++) {
        gates->of_instant[demanded->occasions[i].instant] |= UINT64_C(1) << i;
        gates->named |= UINT32_C(1) << demanded->occasions[i].instant;
    }
    if (demanded->occasion_count != 0) {
        gate_engage(gates);
    }
}

void gate_observe(struct gates *gates, gate_observer *observer, void *context) {
    gates->observer = observer;
    gates->observer_context = context;
    if (observer != NULL) {
        gate_engage(gates);
    }
    gates->schedule->gate.named = observer != NULL ? OBSERVED | gates->named : gates->named;
}

bool gate_asked(const struct gates *gates) {
    return gates->demanded->occasion_count != 0 || gates->observer != NULL;
}

void gate_engage(struct gates *gates) {
    struct schedule *schedule = gates->schedule;
    if (gates->engaged) {
        return;
    }
    gates->engaged = true;
    const struct schedule_gate functions = {.context = gates,
                                            .comes = comes,
                                            .fires = fires,
                                            .dropped = dropped,
                                            .relax = relax,
                                            .stops = gate_stops,
                                            .settled = gate_settle,
                                            .asks = asks,
                                            .stands = stands,
                                            .returns = returns,
                                            .named = gates->named};
    schedule_gate_set(schedule, &functions);
    gates->time_handler = schedule_handler_add(schedule, time_comes, gates);
    schedule_handler_describe(schedule, gates->time_handler, time_fact);
    gates->last_handler = schedule_handler_add(schedule, last_call, gates);
    gates->late_handler = schedule_handler_add(schedule, too_late, gates);
}

enum constraint_outcome gate_outcome(const struct gates *gates, uint32_t index) {
    ASSERT(index < gates->demanded->count);
    const struct constraint *constraint = &gates->demanded->all[index];
    if (!gates->state[index].in_force) {
        return CONSTRAINT_OFF;
    }
    if (gates->state[index].infeasible) {
        return CONSTRAINT_INFEASIBLE;
    }
    for (uint32_t i = 0; i < constraint->count; i++) {
        if (happened(gates, constraint, i) == 0) {
            return CONSTRAINT_ABSENT;
        }
    }
    return gates->state[index].broken ? CONSTRAINT_REFUSED : CONSTRAINT_EXERCISED;
}

const struct gate_conflict *gate_conflict(const struct gates *gates, uint32_t index) {
    ASSERT(index < gates->demanded->count && gates->state[index].infeasible);
    return &gates->state[index].conflict;
}
