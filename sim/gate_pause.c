#include "sim/gate.h"

#include <stddef.h>

#include "sim/panic.h"

/* ---- what follows from what happens ---- */

void gate_listen(struct gates *gates,
                 gate_listener *listener,
                 void (*settle_by)(void *context),
                 void *context) {
    gates->listener = listener;
    gates->settle = settle_by;
    gates->listener_context = context;
}

void gate_settle(void *context) {
    const struct gates *gates = context;
    if (gates->settle != NULL) {
        gates->settle(gates->listener_context);
    }
}

/* ---- nodes that are paused ---- */

static struct agent *agent_of(const struct gates *gates, uint32_t index) {
    return schedule_agent(gates->schedule, index);
}

void gate_pause(struct gates *gates, uint32_t node) {
    ASSERT(gates->engaged);
    gates->paused[node] = true;
    gates->pauses = true;
}

void gate_resume(struct gates *gates, uint32_t node) {
    uint32_t next;
    gates->paused[node] = false;
    for (uint32_t index = gates->asleep.first; index != 0; index = next) {
        next = agent_of(gates, index)->wait_next;
        if (agent_of(gates, index)->node == node) {
            schedule_resume(gates->schedule, index);
        }
    }
}

void gate_sleep(struct gates *gates) {
    while (gates->paused[schedule_running(gates->schedule)->node]) {
        schedule_suspend(gates->schedule, &gates->asleep);
    }
}

bool gate_stops(void *context, uint32_t index) {
    struct gates *gates = context;
    if (!gates->paused[agent_of(gates, index)->node]) {
        return false;
    }
    schedule_detain(gates->schedule, index, &gates->asleep);
    return true;
}
