/* Who gets a column in the report of a finding: the threads of its last steps, or their tasks.
 *
 * Memory:      the caller's.
 * Limits:      COLUMNS_MAX of them, in COLUMNS_LOOK_BACK events.
 */
#ifndef TOOLS_COLUMNS_H
#define TOOLS_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/record.h"

#define COLUMNS_MAX 3
#define COLUMNS_LOOK_BACK 64

/* A thread, or a task of a program that says which there are (sim/place.h). */
struct columns_one {
    uint32_t thread, task, node;
    uint64_t site; /* of one of its events */
};

struct columns {
    struct columns_one all[COLUMNS_MAX];
    unsigned count;
};

/* The most recent ones, in order of their ids. */
void columns_choose(const struct record *record, struct columns *columns);

/* Something goes wrong between nodes, or with one's clock, or comes right again. */
bool columns_is_fault(const struct event *event);

/* The column of an event, -1 = it has none. */
int columns_of_event(const struct columns *columns, const struct event *event, uint64_t site);

/* How far back so many steps go; what a thread does for none of its tasks is no step, and has no
 * column. */
uint64_t columns_steps(const struct record *record, const struct columns *columns, uint64_t count);

/* How many events came after the verdict's place: some findings are seen when all is over. */
uint64_t columns_after(const struct record *record);

#endif
