#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/panic.h"
#include "sim/schedule.h"
#include "sim/schedule_parts.h"

void schedule_deadline_clear(struct schedule *schedule, struct agent *agent) {
    if (agent->deadline == 0) {
        return;
    }
    if (agent->deadline_agent != 0) {
        schedule_agent_drop(schedule, agent->deadline_agent);
        agent->deadline_agent = 0;
    } else {
        const bool cancelled = agenda_cancel(schedule->agenda, agent->deadline);
        ASSERT(cancelled);
        schedule->next_ns = agenda_next_ns(schedule->agenda);
    }
    agent->deadline = 0;
}

/* When a deadline of this thread comes, and what there is to know when its wall clock is set. */
static uint64_t
wait_due(const struct schedule *schedule, struct agent *agent, uint64_t deadline_ns) {
    if (schedule->clock.nodes == NULL) {
        return deadline_ns;
    }
    agent->wall = vclock_is_wall(deadline_ns) ? deadline_ns : 0;
    return vclock_deadline_ns(&schedule->clock, agent->node, deadline_ns);
}

static void deadline_start(struct schedule *schedule, uint32_t index, uint64_t due_ns) {
    struct agent *agent = schedule_agent(schedule, index);
    agent->deadline = schedule_timer_start(schedule, due_ns, 0, index, agent->decider.choices);
    if (due_ns <= schedule->clock.now_ns) { /* else it would come with a later point */
        schedule_collect(schedule);
    }
}

enum wake_reason schedule_wait(struct schedule *schedule,
                               struct wait_queue *queue,
                               uint64_t deadline_ns,
                               const struct wait_cause *cause) {
    const uint32_t index = schedule->running;
    struct agent *agent = schedule_agent(schedule, index);
    ASSERT(index != 0 && agent->state == AGENT_READY);
    ASSERT(agent->deadline == 0);
    if (agent->interrupts != 0) {
        return WAKE_INTERRUPTED;
    }
    if (deadline_ns != AGENDA_NEVER) {
        schedule_comes(schedule, OCCASION_ARMED);
    }
    schedule_comes(schedule, OCCASION_BLOCKS);
    agent_ready_remove(&schedule->agents, index);
    agent->state = AGENT_WAITING;
    agent->cause = *cause;
    agent->reason = WAKE_SIGNALLED;
    if (queue != NULL) {
        agent_queue_add(&schedule->agents, queue, index);
    }
    if (deadline_ns != AGENDA_NEVER) {
        deadline_start(schedule, index, wait_due(schedule, agent, deadline_ns));
    }
    schedule_pick(schedule, false, false);
    schedule_comes(schedule, OCCASION_WAKES);
    return (enum wake_reason)agent->reason;
}

void schedule_wall_set(struct schedule *schedule, uint32_t node) {
    for (uint32_t i = 1; i <= schedule->agents.pool.count; i++) {
        struct agent *agent = schedule_agent(schedule, i);
        const bool pending = agent->state == AGENT_WAITING && agent->deadline != 0 &&
                             agent->deadline_agent == 0; /* what has expired has expired */
        if (pending && agent->node == node && agent->wall != 0) {
            const bool cancelled = agenda_cancel(schedule->agenda, agent->deadline);
            ASSERT(cancelled);
            deadline_start(schedule, i, vclock_deadline_ns(&schedule->clock, node, agent->wall));
        }
    }
}

/* The queue was in the program's memory, and what is there now is not ours. */
static _Noreturn void wait_broken(struct schedule *schedule, uint32_t index) {
    const struct agent *agent = schedule_agent(schedule, index);
    const struct wait_cause *cause = &agent->cause;
    char wait[96];
    char message[VERDICT_MESSAGE_SIZE];
    point_wait_print(cause->kind, cause->object, wait, sizeof wait);
    snprintf(message,
             sizeof message,
             "thread %" PRIu32 " %s, which was overwritten meanwhile",
             agent->id,
             wait);
    schedule_fail(schedule, index, VERDICT_CRASH, cause->site, message);
}

void schedule_wake_agent(struct schedule *schedule, uint32_t index, enum wake_reason reason) {
    struct agent *agent = schedule_agent(schedule, index);
    ASSERT(agent->state == AGENT_WAITING);
    if (!agent_queue_remove(&schedule->agents, index)) {
        wait_broken(schedule, index);
    }
    schedule_deadline_clear(schedule, agent);
    agent->reason = reason;
    agent_ready_add(&schedule->agents, index);
    schedule_progress(schedule);
}

uint32_t schedule_wake(struct schedule *schedule, struct wait_queue *queue, uint32_t count_max) {
    uint32_t count = 0;
    while (queue->first != 0 && count < count_max) {
        schedule_wake_agent(schedule, queue->first, WAKE_SIGNALLED);
        count++;
    }
    return count;
}

void schedule_timeout_fire(void *context, const struct agenda_item *item) {
    struct schedule *schedule = context;
    struct agent *agent = schedule_agent(schedule, item->subject);
    ASSERT(agent->state == AGENT_WAITING);
    agent->deadline = 0;
    agent->deadline_agent = 0;
    schedule_wake_agent(schedule, item->subject, WAKE_TIMEOUT);
}

bool schedule_timeout_fact(void *context, const struct agenda_item *item, struct occasion *fact) {
    const struct schedule *schedule = context;
    *fact = (struct occasion){.instant = OCCASION_EXPIRES,
                              .node = schedule_agent(schedule, item->subject)->node};
    return true;
}

void schedule_release_held(struct schedule *schedule) {
    schedule->held_since = *schedule->points;
    schedule_resume(schedule, schedule->held.first);
}

void schedule_hold(struct schedule *schedule) {
    if (schedule->held.first == 0) {
        schedule->held_since = *schedule->points;
    }
    schedule_suspend(schedule, &schedule->held);
}

uint64_t schedule_timer_start(struct schedule *schedule,
                              uint64_t due_ns,
                              uint32_t handler,
                              uint32_t subject,
                              uint64_t value) {
    ASSERT(handler < schedule->handler_count);
    const uint64_t handle = agenda_insert(schedule->agenda, due_ns, handler, subject, value);
    if (handle == 0) {
        verdict_set(schedule->verdict, VERDICT_LIMIT, "too many timers and messages are pending");
        schedule_end(schedule);
    }
    schedule->next_ns = agenda_next_ns(schedule->agenda);
    schedule->look_ns = schedule_earlier(schedule->look_ns, schedule->next_ns);
    return handle;
}

bool schedule_timer_cancel(struct schedule *schedule, uint64_t handle) {
    if (agenda_cancel(schedule->agenda, handle)) {
        schedule->next_ns = agenda_next_ns(schedule->agenda);
        return true;
    }
    for (uint32_t i = 0; i < schedule->agents.order.count; i++) { /* due, but not picked yet */
        const struct agent *agent = schedule_agent(schedule, schedule->agents.ready[i]);
        if (agent->kind == AGENT_ENTRY && agent->item.handle == handle) {
            schedule_agent_drop(schedule, schedule->agents.ready[i]);
            return true;
        }
    }
    return schedule_gate_cancel(schedule, handle);
}
