#include "sim/agent.h"

#include <stddef.h>

#include "sim/panic.h"

void agent_table_init(struct agent_table *table, struct arena *arena, uint32_t agents_max) {
    ASSERT(agents_max > 0);
    *table = (struct agent_table){0};
    pool_init(&table->pool, arena, sizeof(struct agent), agents_max);
    table->priority = arena_take(arena, sizeof(uint64_t) * ((size_t)agents_max + 1));
    table->ready = arena_take(arena, sizeof(uint32_t) * ((size_t)agents_max + 1));
}

void agent_table_reset(struct agent_table *table) {
    pool_reset(&table->pool);
    table->ready_count = 0;
    table->oldest = table->newest = 0;
}

void agent_ready_add(struct agent_table *table, uint32_t index) {
    struct agent *agent = agent_at(table, index);
    ASSERT(agent->state != AGENT_READY);
    agent->state = AGENT_READY;
    agent->ready_position = table->ready_count;
    table->ready[table->ready_count++] = index;
    agent->older = table->newest;
    agent->newer = 0;
    if (table->newest != 0) {
        agent_at(table, table->newest)->newer = index;
    } else {
        table->oldest = index;
    }
    table->newest = index;
}

static void order_remove(struct agent_table *table, const struct agent *agent) {
    if (agent->older != 0) {
        agent_at(table, agent->older)->newer = agent->newer;
    } else {
        table->oldest = agent->newer;
    }
    if (agent->newer != 0) {
        agent_at(table, agent->newer)->older = agent->older;
    } else {
        table->newest = agent->older;
    }
}

void agent_ready_remove(struct agent_table *table, uint32_t index) {
    struct agent *agent = agent_at(table, index);
    ASSERT(agent->state == AGENT_READY);
    const uint32_t last = table->ready[--table->ready_count];
    table->ready[agent->ready_position] = last;
    agent_at(table, last)->ready_position = agent->ready_position;
    order_remove(table, agent);
    agent->state = AGENT_FREE;
}

void agent_ready_renew(struct agent_table *table, uint32_t index) {
    if (table->newest == index) {
        return;
    }
    struct agent *agent = agent_at(table, index);
    order_remove(table, agent);
    agent->older = table->newest;
    agent->newer = 0;
    agent_at(table, table->newest)->newer = index;
    table->newest = index;
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
    uint32_t listed = 0;
    uint32_t older = 0;
    for (uint32_t i = table->oldest; i != 0; i = agent_at(table, i)->newer) {
        const struct agent *agent = agent_at(table, i);
        ASSERT(agent->older == older);
        ASSERT(agent->state == AGENT_READY);
        ASSERT(table->ready[agent->ready_position] == i);
        older = i;
        listed++;
    }
    ASSERT(listed == table->ready_count);
    ASSERT(table->newest == older);
}
