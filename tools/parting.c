#include "tools/parting.h"

#include <stdio.h>
#include <string.h>

#include "tools/phrase.h"
#include "tools/recording.h"
#include "tools/symbols.h"

#define TRIES_MAX 4      /* reruns of a pair until both part in what was recorded */
#define WINDOW_BLOCKS 3u /* one before the block that differs, and one after */
#define WHOLE_EVENTS_MAX (UINT64_C(1) << 20) /* the last try records all of a run up to so long */

/* The first block whose checkpoints differ: all events of the blocks before it are equal. */
static uint64_t block_of(const struct trace *a, const struct trace *b) {
    uint64_t low = 0;
    uint64_t high =
        a->checkpoint_count < b->checkpoint_count ? a->checkpoint_count : b->checkpoint_count;
    while (low < high) { /* once different, always different: each is of everything before */
        const uint64_t middle = low + (high - low) / 2;
        if (a->checkpoints[middle] == b->checkpoints[middle]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void step_set(struct parting_step *step,
                     const struct record *record,
                     struct symbols *symbols,
                     const struct event *event,
                     uint64_t site) {
    memset(step, 0, sizeof *step);
    if (event == NULL) {
        return;
    }
    step->exists = true;
    step->event = *event;
    snprintf(step->node, sizeof step->node, "%s", phrase_node(record, event->node));
    const char *const mark = phrase_mark(record, event);
    snprintf(step->mark, sizeof step->mark, "%s", mark == NULL ? "" : mark);
    if (site != 0) {
        phrase_site(symbols, site, step->where, sizeof step->where);
    }
}

static bool same(const struct event *a, const struct event *b) {
    return a != NULL && b != NULL && memcmp(a, b, sizeof *a) == 0;
}

/* ---- in the rings ---- */

static const struct event *ring_event(const struct trace *trace, uint64_t at, uint64_t *site) {
    return at < trace->count ? trace_last(trace, trace->count - 1 - at, site) : NULL;
}

static void ring_step(struct parting_step *step, const struct record *record, uint64_t at) {
    uint64_t site = 0;
    const struct event *event = ring_event(&record->trace, at, &site);
    struct symbols *symbols = symbols_open(record);
    step_set(step, record, symbols, event, site);
    symbols_close(symbols);
}

static bool ring_holds(const struct trace *trace, uint64_t at) {
    return at + TRACE_RING >= trace->count;
}

/* False when the events that matter have left a ring. */
static bool find_in_rings(const struct record *a, const struct record *b, struct parting *parting) {
    uint64_t at = block_of(&a->trace, &b->trace) * TRACE_BLOCK;
    const uint64_t needed = at > 0 ? at - 1 : 0;
    if (!ring_holds(&a->trace, needed) || !ring_holds(&b->trace, needed)) {
        return false;
    }
    while (same(ring_event(&a->trace, at, NULL), ring_event(&b->trace, at, NULL))) {
        at++;
    }
    parting->at = at;
    parting->found = at < a->trace.count || at < b->trace.count;
    ring_step(&parting->sides[0], a, at);
    ring_step(&parting->sides[1], b, at);
    if (at > 0) {
        ring_step(&parting->common, a, at - 1);
    }
    return true;
}

/* ---- run again ---- */

struct rerun {
    struct recording recording;
    struct runner runner;
};

static bool rerun_open(struct rerun *rerun,
                       const char *module,
                       const struct parting_side *side,
                       uint64_t first_block,
                       uint64_t block_count) {
    rerun->runner = (struct runner){.memory = -1, .request = -1, .reply = -1, .pid = -1};
    rerun->recording.file = NULL;
    if (!recording_open(&rerun->recording)) {
        return false;
    }
    struct runner_options options = side->options;
    options.environment = rerun->recording.variables;
    if (!runner_open(&rerun->runner, module, &options)) {
        return false;
    }
    struct record *record = rerun->runner.record;
    record->request = side->request;
    record->request.stream = 1;
    record->request.stream_first = first_block;
    record->request.stream_count = block_count;
    memcpy(record->script,
           side->record->script,
           sizeof record->script[0] * side->request.spec.script_count);
    runner_run(&rerun->runner, NULL);
    recording_rewind(&rerun->recording);
    return true;
}

static void rerun_close(struct rerun *rerun) {
    runner_close(&rerun->runner);
    recording_close(&rerun->recording);
}

static void compare(struct rerun *a, struct rerun *b, uint64_t first, struct parting *parting) {
    uint64_t sites[2] = {0, 0};
    uint64_t site_before = 0;
    struct event before;
    const struct event *left;
    const struct event *right;
    uint64_t at = first;
    for (;; at++) {
        left = recording_next(&a->recording, &sites[0]);
        right = recording_next(&b->recording, &sites[1]);
        if (!same(left, right)) {
            break;
        }
        before = *left;
        site_before = sites[0];
    }
    struct symbols *symbols[2] = {symbols_open(a->runner.record), symbols_open(b->runner.record)};
    parting->at = at;
    parting->found = left != NULL || right != NULL;
    step_set(&parting->sides[0], a->runner.record, symbols[0], left, sites[0]);
    step_set(&parting->sides[1], b->runner.record, symbols[1], right, sites[1]);
    if (at > first) {
        step_set(&parting->common, a->runner.record, symbols[0], &before, site_before);
    }
    symbols_close(symbols[0]);
    symbols_close(symbols[1]);
}

/* One more try, which records `count` blocks (0 = all) from just before *block on; *block becomes
 * the one where the new runs part. True when nothing is left to try. */
static bool try_again(const char *module,
                      const struct parting_side sides[2],
                      uint64_t *block,
                      uint64_t count,
                      struct parting *parting) {
    static struct rerun a;
    static struct rerun b;
    const uint64_t first = count != 0 && *block > 0 ? *block - 1 : 0;
    bool over = true;
    const bool opened = rerun_open(&a, module, &sides[0], first, count);
    if (rerun_open(&b, module, &sides[1], first, count) && opened) {
        *block = block_of(&a.runner.record->trace, &b.runner.record->trace);
        over = *block >= first && (count == 0 || *block - first < count);
        if (over) {
            compare(&a, &b, first * TRACE_BLOCK, parting);
        }
    }
    rerun_close(&a);
    rerun_close(&b);
    return over;
}

void parting_find(const char *module,
                  const struct parting_side *first,
                  const struct parting_side *second,
                  struct parting *parting) {
    memset(parting, 0, sizeof *parting);
    if (find_in_rings(first->record, second->record, parting)) {
        return;
    }
    const struct parting_side sides[2] = {*first, *second};
    uint64_t block = block_of(&first->record->trace, &second->record->trace);
    const uint64_t about = block * TRACE_BLOCK;
    const bool whole = first->record->trace.count <= WHOLE_EVENTS_MAX &&
                       second->record->trace.count <= WHOLE_EVENTS_MAX;
    bool over = false;
    for (unsigned tries = 1; tries <= TRIES_MAX && !over; tries++) {
        const uint64_t count = whole && tries == TRIES_MAX ? 0 : WINDOW_BLOCKS;
        over = try_again(module, sides, &block, count, parting);
    }
    if (!parting->found) {
        parting->at = about;
    }
}
