#include "tools/columns.h"

#include <stdbool.h>
#include <stddef.h>

#include "sim/place.h"

static int column_of(const struct columns *columns, uint32_t thread, uint32_t task) {
    for (unsigned i = 0; i < columns->count; i++) {
        const struct columns_one *column = &columns->all[i];
        if (column->thread == thread && column->task == task) {
            return (int)i;
        }
    }
    return -1;
}

bool columns_is_fault(const struct event *event) {
    return event->kind == POINT_FAULT || event->kind == POINT_HEAL;
}

/* What the world does to a node stands where its threads have their columns: in the first one's;
 * a fault is nobody's, and goes over all of them. */
int columns_of_event(const struct columns *columns, const struct event *event, uint64_t site) {
    const bool of_node = event->kind == POINT_CRASH || event->kind == POINT_RESTART ||
                         event->kind == POINT_PAUSE || event->kind == POINT_RESUME;
    for (unsigned i = 0; i < columns->count && of_node; i++) {
        if (columns->all[i].node == event->node) {
            return (int)i;
        }
    }
    if (columns_is_fault(event)) {
        return 0;
    }
    return event->thread == 0 ? -1 : column_of(columns, event->thread, place_task(site));
}

/* What a thread does that runs tasks, and for none of them. */
static bool is_between(const struct columns *columns, const struct event *event, uint64_t site) {
    for (unsigned i = 0; i < columns->count; i++) {
        if (columns->all[i].task != 0 && columns->all[i].thread == event->thread) {
            return place_task(site) == 0;
        }
    }
    return false;
}

uint64_t columns_steps(const struct record *record, const struct columns *columns, uint64_t count) {
    const struct event *event;
    uint64_t site;
    uint64_t n = columns_after(record);
    while (count > 0 && (event = trace_last(&record->trace, n, &site)) != NULL) {
        count -= !is_between(columns, event, site);
        n++;
    }
    return n;
}

uint64_t columns_after(const struct record *record) {
    const uint64_t step = record->verdict.step;
    const uint64_t count = record->trace.count;
    return step == 0 || step >= count || count - step >= TRACE_RING / 2 ? 0 : count - step;
}

/* Whether one of the last events of the thread is a task's. */
static bool runs_tasks(const struct record *record, uint32_t thread, uint64_t after) {
    const struct event *event;
    uint64_t site;
    for (uint64_t n = 0; n < COLUMNS_LOOK_BACK; n++) {
        event = trace_last(&record->trace, after + n, &site);
        if (event != NULL && event->thread == thread && place_task(site) != 0) {
            return true;
        }
    }
    return false;
}

static bool is_before(const struct columns_one *a, const struct columns_one *b) {
    return a->thread < b->thread || (a->thread == b->thread && a->task < b->task);
}

void columns_choose(const struct record *record, struct columns *columns) {
    columns->count = 0;
    const uint64_t after = columns_after(record);
    for (uint64_t n = 0; n < COLUMNS_LOOK_BACK && columns->count < COLUMNS_MAX; n++) {
        uint64_t site = 0;
        const struct event *event = trace_last(&record->trace, after + n, &site);
        if (event == NULL) {
            break;
        }
        const struct columns_one column = {event->thread, place_task(site), event->node, site};
        if (event->thread != 0 && column_of(columns, column.thread, column.task) < 0 &&
            (column.task != 0 || !runs_tasks(record, event->thread, after))) {
            unsigned place = columns->count++;
            for (; place > 0 && is_before(&column, &columns->all[place - 1]); place--) {
                columns->all[place] = columns->all[place - 1];
            }
            columns->all[place] = column;
        }
    }
}
