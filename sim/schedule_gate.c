#include <stddef.h>

#include "sim/panic.h"
#include "sim/schedule.h"
#include "sim/schedule_parts.h"

void schedule_gate_set(struct schedule *schedule, const struct schedule_gate *gate) {
    ASSERT(schedule->gate.comes == NULL && gate->comes != NULL);
    schedule->gate = *gate;
}

void schedule_suspend(struct schedule *schedule, struct wait_queue *queue) {
    const uint32_t index = schedule->running;
    schedule_detain(schedule, index, queue);
    schedule_pick(schedule, false, false);
}

void schedule_detain(struct schedule *schedule, uint32_t index, struct wait_queue *queue) {
    agent_ready_remove(&schedule->agents, index);
    schedule_agent(schedule, index)->state = AGENT_HELD;
    agent_queue_add(&schedule->agents, queue, index);
}

void schedule_resume(struct schedule *schedule, uint32_t index) {
    ASSERT(schedule_agent(schedule, index)->state == AGENT_HELD);
    const bool whole = agent_queue_remove(&schedule->agents, index);
    ASSERT(whole);
    agent_ready_add(&schedule->agents, index);
}

void schedule_prefer(struct schedule *schedule, uint32_t index) {
    ASSERT(schedule_agent(schedule, index)->state == AGENT_READY);
    schedule->preferred = index;
}

bool schedule_preferred(struct schedule *schedule, uint32_t *place) {
    const uint32_t index = schedule->preferred;
    schedule->preferred = 0;
    if (schedule_agent(schedule, index)->state != AGENT_READY) {
        return false;
    }
    const struct order *order = &schedule->agents.order;
    *place = 0;
    while (schedule->agents.ready[order_position(order, *place)] != index) {
        ++*place;
    }
    return true;
}

bool schedule_fact_of(const struct schedule *schedule,
                      const struct agenda_item *item,
                      struct occasion *fact) {
    schedule_fact *function = schedule->handlers[item->handler].fact;
    return function != NULL && function(schedule->handlers[item->handler].context, item, fact);
}

uint64_t schedule_ask(struct schedule *schedule, const struct occasion *fact) {
    return schedule->gate.asks == NULL ? 0 : schedule->gate.asks(schedule->gate.context, fact);
}

void schedule_stand(struct schedule *schedule, uint64_t occasions) {
    if (occasions != 0) {
        schedule->gate.stands(schedule->gate.context, occasions);
    }
}

void schedule_event_told(struct schedule *schedule,
                         enum point_kind kind,
                         uint32_t object,
                         int64_t result,
                         const void *site) {
    schedule_event_put(schedule, kind, object, result, site);
    if (point_is_call(kind) && schedule->running != 0) {
        schedule->gate.returns(schedule->gate.context, kind);
    }
}

bool schedule_gate_cancel(struct schedule *schedule, uint64_t handle) {
    const uint32_t last = schedule->gate.fires == NULL ? 0 : schedule->agents.pool.count;
    for (uint32_t index = 1; index <= last; index++) {
        const struct agent *agent = schedule_agent(schedule, index);
        if (agent->state == AGENT_HELD && agent->kind == AGENT_ENTRY &&
            agent->item.handle == handle) {
            schedule_agent_drop(schedule, index);
            return true;
        }
    }
    return false;
}

bool schedule_relax(struct schedule *schedule) {
    return schedule->gate.relax != NULL && schedule->gate.relax(schedule->gate.context);
}

void schedule_thread_drop(struct schedule *schedule) {
    const uint32_t index = schedule->running;
    struct agent *agent = schedule_agent(schedule, index);
    ASSERT(index != 0 && schedule->leaving == 0);
    const bool held = agent->state == AGENT_HELD;
    schedule_deadline_clear(schedule, agent);
    if (agent->state == AGENT_READY) {
        agent_ready_remove(&schedule->agents, index);
    }
    (void)agent_queue_remove(&schedule->agents, index); /* whatever the program left of it */
    agent->state = AGENT_FREE;
    schedule->preferred = schedule->preferred == index ? 0 : schedule->preferred;
    schedule->leaving = index;
    if (held && schedule->gate.dropped != NULL) {
        schedule->gate.dropped(schedule->gate.context);
    }
}
