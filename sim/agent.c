#include "sim/agent.h"

#include <stddef.h>

#include "sim/panic.h"

_Static_assert(offsetof(struct agent, children) == AGENT_LINE,
               "what a step needs is one cache line");

void agent_table_init(struct agent_table *table, struct arena *arena, uint32_t agents_max) {
    ASSERT(agents_max > 0);
    *table = (struct agent_table){0};
    pool_init(&table->pool, arena, sizeof(struct agent), agents_max);
    table->priority = arena_take(arena, sizeof(uint64_t) * ((size_t)agents_max + 1));
    table->ready = arena_take(arena, sizeof(uint32_t) * ((size_t)agents_max + 1));
    order_init(&table->order, arena, agents_max);
}

void agent_table_reset(struct agent_table *table) {
    pool_reset(&table->pool);
    order_reset(&table->order);
}

void agent_ready_add(struct agent_table *table, uint32_t index) {
    struct agent *agent = agent_at(table, index);
    ASSERT(agent->state != AGENT_READY);
    agent->state = AGENT_READY;
    agent->ready_position = table->order.count;
    table->ready[table->order.count] = index;
    order_add(&table->order);
}

void agent_ready_remove(struct agent_table *table, uint32_t index) {
    struct agent *agent = agent_at(table, index);
    ASSERT(agent->state == AGENT_READY);
    order_remove(&table->order, agent->ready_position);
    const uint32_t last = table->ready[table->order.count];
    table->ready[agent->ready_position] = last;
    agent_at(table, last)->ready_position = agent->ready_position;
    agent->state = AGENT_FREE;
}

bool agent_queue_remove(struct agent_table *table, uint32_t index) {
    struct agent *agent = agent_at(table, index);
    struct wait_queue *queue = agent->queue;
    if (queue == NULL) {
        return true;
    }
    const bool first = agent->wait_previous == 0;
    const bool last = agent->wait_next == 0;
    const bool whole = (!first || queue->first == index) && (!last || queue->last == index);
    if (!first) {
        agent_at(table, agent->wait_previous)->wait_next = agent->wait_next;
    } else if (whole) {
        queue->first = agent->wait_next;
    }
    if (!last) {
        agent_at(table, agent->wait_next)->wait_previous = agent->wait_previous;
    } else if (whole) {
        queue->last = agent->wait_previous;
    }
    agent->queue = NULL;
    return whole;
}

static bool
waits_in(const struct agent_table *table, uint32_t index, const struct wait_queue *queue) {
    return index != 0 && index <= table->pool.count && agent_at(table, index)->queue == queue;
}

bool agent_queue_believed(const struct agent_table *table, const struct wait_queue *queue) {
    return waits_in(table, queue->first, queue) && waits_in(table, queue->last, queue) &&
           agent_at(table, queue->first)->wait_previous == 0 &&
           agent_at(table, queue->last)->wait_next == 0;
}

void agent_queue_add(struct agent_table *table, struct wait_queue *queue, uint32_t index) {
    struct agent *agent = agent_at(table, index);
    ASSERT(agent->queue == NULL);
    agent->queue = queue;
    agent->wait_previous = queue->last;
    agent->wait_next = 0;
    if (queue->last != 0) {
        agent_at(table, queue->last)->wait_next = index;
    } else {
        queue->first = index;
    }
    queue->last = index;
}

void agent_table_verify(const struct agent_table *table) {
    order_verify(&table->order);
    for (uint32_t i = 0; i < table->order.count; i++) {
        const struct agent *agent = agent_at(table, table->ready[i]);
        ASSERT(agent->state == AGENT_READY);
        ASSERT(agent->ready_position == i);
    }
}
