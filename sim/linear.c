#include "sim/linear.h"

#include <string.h>

#include "sim/panic.h"
#include "sim/random.h"

#define PROBES_MAX 64 /* a configuration that finds no place among so many is not kept in mind */

_Static_assert((LINEAR_TRIED_MAX & (LINEAR_TRIED_MAX - 1)) == 0, "places are found by a mask");

uint64_t linear_arena_size(uint32_t operations_max) {
    const uint64_t each = sizeof(struct linear_move) + 6 * sizeof(uint32_t) + sizeof(int64_t);
    return LINEAR_TRIED_MAX * sizeof(struct linear_tried) + (operations_max + UINT64_C(1)) * each +
           UINT64_C(4096);
}

void linear_init(struct linear *linear, struct arena *arena, uint32_t operations_max) {
    ASSERT(operations_max > 0 && operations_max < UINT32_MAX / 2);
    const size_t count = operations_max;
    const size_t events = (2 * count + 1) * sizeof(uint32_t);
    *linear = (struct linear){.operations_max = operations_max};
    linear->tried = arena_take(arena, LINEAR_TRIED_MAX * sizeof *linear->tried);
    memset(linear->tried, 0, LINEAR_TRIED_MAX * sizeof *linear->tried);
    linear->moves = arena_take(arena, count * sizeof *linear->moves);
    linear->next = arena_take(arena, events);
    linear->previous = arena_take(arena, events);
    linear->returned = arena_take(arena, count * sizeof *linear->returned);
    linear->merged = arena_take(arena, count * sizeof *linear->merged);
    linear->items = arena_take(arena, count * sizeof *linear->items);
}

static const struct linear_operation *operation_at(const struct linear *linear, uint32_t index) {
    ASSERT(index < linear->history->count);
    return &linear->history->operations[index];
}

static bool is_return(uint32_t event) {
    return event % 2 == 0;
}

static uint32_t operation_of(uint32_t event) {
    ASSERT(event != 0);
    return (event - 1) / 2;
}

/* ---- the list of events ---- */

/* As far as this history goes. */
static bool has_returned(const struct linear *linear, uint32_t index) {
    const struct linear_history *history = linear->history;
    const uint32_t returned = operation_at(linear, index)->returned;
    return returned != LINEAR_NEVER && returned <= history->until &&
           (returned <= history->known || returned == history->until);
}

/* What only looks and has not returned says nothing. */
static bool counts(const struct linear *linear, uint32_t index) {
    const struct linear_operation *operation = operation_at(linear, index);
    return operation->invoked <= linear->history->until &&
           operation->call.outcome != MODEL_FAILED &&
           (has_returned(linear, index) ||
            !model_observes((enum model_operation)operation->call.operation));
}

/* Merges runs of `width` operations that are in order of their returns to runs of twice as many. */
static void merge(struct linear *linear, uint32_t count, uint32_t width) {
    const uint32_t *from = linear->returned;
    for (uint32_t start = 0; start < count; start += 2 * width) {
        const uint32_t middle = start + width < count ? start + width : count;
        const uint32_t end = middle + width < count ? middle + width : count;
        uint32_t left = start;
        uint32_t right = middle;
        for (uint32_t to = start; to < end; to++) {
            const bool takes_left =
                right == end || (left < middle && operation_at(linear, from[left])->returned <
                                                      operation_at(linear, from[right])->returned);
            linear->merged[to] = from[takes_left ? left++ : right++];
        }
    }
    uint32_t *merged = linear->merged;
    linear->merged = linear->returned;
    linear->returned = merged;
}

/* Those that count and have returned, in this order. */
static uint32_t sort_returns(struct linear *linear) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < linear->history->count; i++) {
        if (counts(linear, i) && has_returned(linear, i)) {
            linear->returned[count++] = i;
        }
    }
    for (uint32_t width = 1; width < count; width *= 2) {
        merge(linear, count, width);
    }
    return count;
}

static uint32_t append(struct linear *linear, uint32_t last, uint32_t event) {
    linear->next[last] = event;
    linear->previous[event] = last;
    return event;
}

static void list_events(struct linear *linear) {
    const struct linear_history *history = linear->history;
    uint32_t last = 0;
    uint32_t next = 0;
    linear->returns = sort_returns(linear);
    for (uint32_t i = 0; i <= history->count; i++) {
        const uint32_t invoked =
            i < history->count ? operation_at(linear, i)->invoked : LINEAR_NEVER;
        ASSERT(i == 0 || i == history->count || operation_at(linear, i - 1)->invoked < invoked);
        while (next < linear->returns &&
               operation_at(linear, linear->returned[next])->returned < invoked) {
            last = append(linear, last, 2 * linear->returned[next++] + 2);
        }
        if (i < history->count && counts(linear, i)) {
            last = append(linear, last, 2 * i + 1);
        }
    }
    linear->next[last] = 0;
    linear->previous[0] = last;
    ASSERT(next == linear->returns);
}

static void unlink_event(struct linear *linear, uint32_t event) {
    linear->next[linear->previous[event]] = linear->next[event];
    linear->previous[linear->next[event]] = linear->previous[event];
}

static void relink_event(struct linear *linear, uint32_t event) {
    linear->next[linear->previous[event]] = event;
    linear->previous[linear->next[event]] = event;
}

/* ---- the search ---- */

static void take_into_hash(struct linear *linear, uint32_t index) {
    linear->taken[0] ^= random_mix(index, UINT64_C(1) << 32);
    linear->taken[1] ^= random_mix(index, UINT64_C(2) << 32);
}

/* Keeps the configuration in mind; false when it was tried before. */
static bool try_first(struct linear *linear) {
    const struct model_state *state = &linear->model.state;
    const uint64_t low = random_mix(linear->taken[0], 0) ^ state->hash[0];
    const uint64_t high = random_mix(linear->taken[1], 0) ^ state->hash[1];
    for (uint32_t probe = 0; probe < PROBES_MAX; probe++) {
        struct linear_tried *tried = &linear->tried[(low + probe) & (LINEAR_TRIED_MAX - 1)];
        if (tried->check != linear->check) {
            *tried = (struct linear_tried){{low, high}, linear->check};
            return true;
        }
        if (tried->hash[0] == low && tried->hash[1] == high) {
            return false;
        }
    }
    return true;
}

/* The operation takes place now, if it can and this was not tried. */
static bool move(struct linear *linear, uint32_t index) {
    const struct model_state before = linear->model.state;
    struct model_call call = operation_at(linear, index)->call;
    if (!has_returned(linear, index)) {
        call.outcome = MODEL_OPEN;
    }
    if (!model_apply(&linear->model, &call)) {
        return false;
    }
    take_into_hash(linear, index);
    if (!try_first(linear)) {
        take_into_hash(linear, index);
        linear->model.state = before;
        return false;
    }
    linear->moves[linear->depth++] = (struct linear_move){index, before};
    unlink_event(linear, 2 * index + 1);
    if (has_returned(linear, index)) {
        unlink_event(linear, 2 * index + 2);
        linear->returns--;
    }
    return true;
}

/* The last operation that was taken out comes back; the event behind its invocation. */
static uint32_t move_back(struct linear *linear) {
    ASSERT(linear->depth > 0);
    const struct linear_move *last = &linear->moves[--linear->depth];
    const uint32_t index = last->operation;
    if (has_returned(linear, index)) {
        linear->returns++;
        relink_event(linear, 2 * index + 2);
    }
    relink_event(linear, 2 * index + 1);
    take_into_hash(linear, index);
    linear->model.state = last->before;
    return linear->next[2 * index + 1];
}

enum linear_answer
linear_check(struct linear *linear, const struct linear_history *history, uint64_t *steps) {
    ASSERT(history->count <= linear->operations_max);
    linear->history = history;
    linear->check++;
    linear->depth = 0;
    linear->taken[0] = linear->taken[1] = 0;
    model_init(&linear->model, (enum model_kind)history->kind, linear->items);
    list_events(linear);
    uint32_t event = linear->next[0];
    while (linear->returns > 0) {
        if (*steps == 0) {
            return LINEAR_UNDECIDED;
        }
        --*steps;
        ASSERT(event != 0); /* a return is left, and the search never passes one */
        if (!is_return(event)) {
            event = move(linear, operation_of(event)) ? linear->next[0] : linear->next[event];
        } else if (linear->depth > 0) {
            event = move_back(linear);
        } else {
            return LINEAR_NO;
        }
    }
    return LINEAR_YES;
}

/* ---- what is wrong ---- */

/* The n-th return of a history, from 1. */
static uint32_t return_at(struct linear *linear, const struct linear_history *history, uint32_t n) {
    linear->history = history;
    const uint32_t count = sort_returns(linear);
    ASSERT(n >= 1 && n <= count);
    return operation_at(linear, linear->returned[n - 1])->returned;
}

/* The last of the fewest returns with which it is wrong, when *bound (a field of part) cuts off
 * the others. What is wrong stays wrong when more is known, so halving finds it. */
static uint32_t fewest(struct linear *linear,
                       const struct linear_history *history,
                       struct linear_history *part,
                       uint32_t *bound,
                       uint64_t *steps) {
    linear->history = history;
    const uint32_t last = bound == &part->known ? 1 : 0; /* the one at `until` is always known */
    uint32_t high = sort_returns(linear) - last;         /* with so many it is wrong */
    uint32_t low = 0; /* with so many it is not, or not decided */
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        *bound = return_at(linear, history, middle);
        if (linear_check(linear, part, steps) == LINEAR_NO) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return return_at(linear, history, high);
}

uint32_t
linear_shortest(struct linear *linear, const struct linear_history *history, uint64_t *steps) {
    struct linear_history part = *history;
    ASSERT(history->known == LINEAR_NEVER);
    return fewest(linear, history, &part, &part.until, steps);
}

uint32_t
linear_contradicted(struct linear *linear, const struct linear_history *history, uint64_t *steps) {
    struct linear_history part = *history;
    ASSERT(history->known == LINEAR_NEVER && history->until != LINEAR_NEVER);
    part.known = 0;
    if (linear_check(linear, &part, steps) != LINEAR_YES) {
        return LINEAR_NEVER;
    }
    return fewest(linear, history, &part, &part.known, steps);
}
