#include "sim/history.h"

#include <inttypes.h>
#include <string.h>

#include "sim/panic.h"
#include "sim/random.h"
#include "sim/thread.h"

#define BUCKETS (2 * HISTORY_OPERATIONS_MAX) /* a power of two, never more than half full */

_Static_assert((BUCKETS & (BUCKETS - 1)) == 0, "places are found by a mask");

uint64_t history_arena_size(const struct description *description) {
    const uint64_t records = sizeof(struct history_operation) + sizeof(struct history_group);
    return description->history_count == 0
               ? 0
               : (HISTORY_OPERATIONS_MAX + UINT64_C(1)) * records +
                     (BUCKETS + THREADS_MAX + UINT64_C(1)) * sizeof(uint32_t) + UINT64_C(4096);
}

void history_init(struct history *history,
                  struct arena *arena,
                  const struct description *description) {
    *history = (struct history){.description = description};
    if (description->history_count == 0) {
        return;
    }
    const size_t records = HISTORY_OPERATIONS_MAX + 1;
    history->operations = arena_take(arena, records * sizeof *history->operations);
    history->groups = arena_take(arena, records * sizeof *history->groups);
    history->buckets = arena_take(arena, BUCKETS * sizeof *history->buckets);
    history->open = arena_take(arena, (THREADS_MAX + 1) * sizeof *history->open);
    memset(history->buckets, 0, BUCKETS * sizeof *history->buckets);
    memset(history->open, 0, (THREADS_MAX + 1) * sizeof *history->open);
}

void history_begin(struct history *history, struct verdict *verdict) {
    history->verdict = verdict;
    history->events = 0;
    history->count = 0;
    history->group_count = 0;
}

uint32_t history_find(const struct history *history, const char *object) {
    const struct description *description = history->description;
    uint32_t i = 0;
    while (i < description->history_count &&
           strcmp(description->histories[i].object, object) != 0) {
        i++;
    }
    return i;
}

/* A bucket, like the last operation of a thread, may be left from the run before: it counts when
 * what it names points back. */
static uint32_t group_of(struct history *history, uint32_t object, int64_t key) {
    uint32_t bucket = (uint32_t)random_mix((uint64_t)key, object) & (BUCKETS - 1);
    for (;; bucket = (bucket + 1) & (BUCKETS - 1)) {
        const uint32_t number = history->buckets[bucket];
        const bool named = number != 0 && number <= history->group_count &&
                           history->groups[number].bucket == bucket;
        if (!named) {
            break;
        }
        if (history->groups[number].object == object && history->groups[number].key == key) {
            return number;
        }
    }
    const uint32_t number = ++history->group_count;
    history->buckets[bucket] = number;
    history->groups[number] =
        (struct history_group){.object = object, .key = key, .bucket = bucket};
    return number;
}

/* The open operation of a thread, 0 = none. */
static uint32_t open_of(const struct history *history, uint32_t thread) {
    ASSERT(thread <= THREADS_MAX);
    const uint32_t number = history->count == 0 ? 0 : history->open[thread];
    if (number == 0 || number > history->count) {
        return 0;
    }
    const struct history_operation *operation = history_at(history, number);
    return operation->invoked.thread == thread && operation->linear.call.outcome == MODEL_OPEN
               ? number
               : 0;
}

static const char *node_name(const struct history *history, uint32_t node) {
    return history->description->nodes[node].name;
}

/* ---- operations ---- */

static bool may_invoke(const struct history *history,
                       uint32_t object,
                       enum model_operation operation,
                       const struct history_place *place) {
    const struct description_history *declared = &history->description->histories[object];
    if (open_of(history, place->thread) != 0) {
        verdict_set(history->verdict,
                    VERDICT_ASSERTION,
                    "thread %" PRIu32 " of %s begins an operation on %s, and its last one "
                    "has not returned",
                    place->thread,
                    node_name(history, place->node),
                    declared->object);
        return false;
    }
    if (!model_has((enum model_kind)declared->model, operation)) {
        const bool known = operation > 0 && operation < MODEL_OPERATION_COUNT;
        verdict_set(history->verdict,
                    VERDICT_ASSERTION,
                    "%s is a %s, which has no operation \"%s\"",
                    declared->object,
                    model_name((enum model_kind)declared->model),
                    known ? model_operation_name(operation) : "?");
        return false;
    }
    if (history->count == HISTORY_OPERATIONS_MAX) {
        verdict_set(history->verdict,
                    VERDICT_LIMIT,
                    "more than %u operations in the histories of a run",
                    HISTORY_OPERATIONS_MAX);
        return false;
    }
    return true;
}

bool history_invoke(struct history *history,
                    uint32_t object,
                    int64_t key,
                    const struct model_call *call,
                    const struct history_place *place) {
    ASSERT(object < history->description->history_count);
    ASSERT(call->outcome == MODEL_OPEN);
    if (!may_invoke(history, object, (enum model_operation)call->operation, place)) {
        return false;
    }
    const uint32_t number = ++history->count;
    struct history_operation *operation = history_at(history, number);
    operation->linear = (struct linear_operation){*call, ++history->events, LINEAR_NEVER};
    operation->invoked = *place;
    operation->next = 0;
    history->open[place->thread] = number;
    operation->group = group_of(history, object, key);
    struct history_group *group = &history->groups[operation->group];
    if (group->count++ == 0) {
        group->first = number;
    } else {
        history_at(history, group->last)->next = number;
    }
    group->last = number;
    return true;
}

bool history_return(struct history *history,
                    enum model_outcome outcome,
                    int64_t result,
                    const struct history_place *place) {
    const uint32_t number = open_of(history, place->thread);
    if (number == 0) {
        verdict_set(history->verdict,
                    VERDICT_ASSERTION,
                    "thread %" PRIu32 " of %s returns from an operation that it did not "
                    "begin",
                    place->thread,
                    node_name(history, place->node));
        return false;
    }
    struct history_operation *operation = history_at(history, number);
    struct model_call *call = &operation->linear.call;
    const uint32_t object = history->groups[operation->group].object;
    if (!model_ends((enum model_operation)call->operation, outcome)) {
        verdict_set(history->verdict,
                    VERDICT_ASSERTION,
                    "%s: the outcome of the operation \"%s\" cannot be %d",
                    history->description->histories[object].object,
                    model_operation_name((enum model_operation)call->operation),
                    (int)outcome);
        return false;
    }
    call->outcome = outcome;
    call->result = result;
    operation->returned = *place;
    history->events++;
    if (outcome != MODEL_UNKNOWN) {
        operation->linear.returned = history->events;
    }
    return true;
}

uint32_t history_open(const struct history *history, uint32_t thread) {
    const uint32_t number = open_of(history, thread);
    return number == 0 ? history->description->history_count
                       : history->groups[history_at(history, number)->group].object;
}
