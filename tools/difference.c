#include "tools/difference.h"

#include <inttypes.h>
#include <string.h>

#include "sim/point.h"
#include "tools/paint.h"
#include "tools/recording.h"
#include "tools/report.h"
#include "tools/symbols.h"

/* One of the two runs at the place where they part. */
struct step {
    bool exists;
    struct event event;
    char where[128];
};

struct parting {
    bool found;
    uint64_t at; /* events that both have */
    struct step common, sides[2];
};

static void step_set(struct step *step, const struct event *event) {
    step->exists = event != NULL;
    step->where[0] = '\0';
    if (event != NULL) {
        step->event = *event;
    }
}

static void step_place(struct step *step, struct symbols *symbols, uint64_t site) {
    if (step->exists && site != 0) {
        report_site(symbols, site, step->where, sizeof step->where);
    }
}

static void ring_step(struct step *step, const struct record *record, uint64_t at) {
    const struct trace *trace = &record->trace;
    step_set(step, at < trace->count ? &trace->events[at] : NULL);
    struct symbols *symbols = symbols_open(record);
    step_place(step, symbols, at < trace->count ? trace->sites[at] : 0);
    symbols_close(symbols);
}

static bool parting_in_rings(const struct record *a, const struct record *b, struct parting *out) {
    if (a->trace.count > TRACE_RING || b->trace.count > TRACE_RING) {
        return false;
    }
    uint64_t at = 0;
    while (at < a->trace.count && at < b->trace.count &&
           memcmp(&a->trace.events[at], &b->trace.events[at], sizeof(struct event)) == 0) {
        at++;
    }
    out->at = at;
    out->found = at < a->trace.count || at < b->trace.count;
    ring_step(&out->sides[0], a, at);
    ring_step(&out->sides[1], b, at);
    if (at > 0) {
        ring_step(&out->common, a, at - 1);
    }
    return true;
}

/* A run being run again. */
struct rerun {
    struct recording recording;
    struct runner runner;
    struct symbols *symbols;
};

static bool rerun_open(struct rerun *rerun, const char *module, const struct difference_side *of) {
    if (!recording_open(&rerun->recording)) {
        return false;
    }
    struct runner_options options = of->options;
    options.environment = rerun->recording.variables;
    if (!runner_open(&rerun->runner, module, &options)) {
        return false;
    }
    struct record *record = rerun->runner.record;
    record->request = of->request;
    record->request.stream = 1;
    memcpy(record->script,
           of->record->script,
           sizeof record->script[0] * of->request.spec.script_count);
    runner_run(&rerun->runner, NULL);
    recording_rewind(&rerun->recording);
    rerun->symbols = symbols_open(record);
    return true;
}

static void rerun_close(struct rerun *rerun) {
    symbols_close(rerun->symbols);
    runner_close(&rerun->runner);
    recording_close(&rerun->recording);
}

static void compare(struct rerun *a, struct rerun *b, struct parting *out) {
    uint64_t sites[2] = {0, 0};
    uint64_t site_before = 0;
    for (out->at = 0;; out->at++) {
        const struct event *left = recording_next(&a->recording, &sites[0]);
        const struct event *right = recording_next(&b->recording, &sites[1]);
        if (left != NULL && right != NULL && memcmp(left, right, sizeof *left) == 0) {
            step_set(&out->common, left);
            site_before = sites[0];
            continue;
        }
        out->found = left != NULL || right != NULL;
        step_set(&out->sides[0], left);
        step_set(&out->sides[1], right);
        step_place(&out->common, a->symbols, site_before);
        step_place(&out->sides[0], a->symbols, sites[0]);
        step_place(&out->sides[1], b->symbols, sites[1]);
        return;
    }
}

static void parting_by_rerun(const char *module,
                             const struct difference_side *first,
                             const struct difference_side *second,
                             struct parting *out) {
    static struct rerun a;
    static struct rerun b;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    a.runner = b.runner = (struct runner){.memory = -1, .request = -1, .reply = -1, .pid = -1};
    if (rerun_open(&a, module, first) && rerun_open(&b, module, second)) {
        compare(&a, &b, out);
    }
    rerun_close(&a);
    rerun_close(&b);
}

/* Between which events the checkpoints of both begin to differ. */
static uint64_t checkpoint_parting(const struct trace *a, const struct trace *b) {
    uint64_t low = 0;
    uint64_t high =
        a->checkpoint_count < b->checkpoint_count ? a->checkpoint_count : b->checkpoint_count;
    while (low < high) { /* once different, always different: they are of everything before */
        const uint64_t middle = low + (high - low) / 2;
        if (a->checkpoints[middle] == b->checkpoints[middle]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low * TRACE_BLOCK;
}

static void side_print(FILE *out, const char *label, const struct step *step) {
    if (!step->exists) {
        fprintf(out, "    %s  the run has ended\n", label);
        return;
    }
    fprintf(out,
            "    %s  %s of thread %" PRIu32 ", object %" PRIu32 ", result %" PRId64 ", t = %" PRIu64
            " ns\n",
            label,
            point_name(step->event.kind),
            step->event.thread,
            step->event.object,
            step->event.result,
            step->event.time_ns);
    if (step->where[0] != '\0') {
        fprintf(out, "            at %.60s\n", step->where);
    }
}

static void parting_print(FILE *out, const struct parting *parting) {
    const struct step *shown = &parting->sides[parting->sides[0].exists ? 0 : 1];
    fprintf(out,
            "  first different event: number %" PRIu64 ", %s%s%.40s\n",
            parting->at + 1,
            point_name(shown->event.kind),
            shown->where[0] != '\0' ? " at " : "",
            shown->where);
    side_print(out, "once ", &parting->sides[0]);
    side_print(out, "again", &parting->sides[1]);
    if (parting->common.exists) {
        fprintf(out,
                "  last common event: number %" PRIu64 ", %s of thread %" PRIu32 "%s%.40s\n",
                parting->at,
                point_name(parting->common.event.kind),
                parting->common.event.thread,
                parting->common.where[0] != '\0' ? " at " : "",
                parting->common.where);
    }
}

void difference_print(FILE *out,
                      const char *scenario,
                      const char *module,
                      const char *what,
                      const struct difference_side *first,
                      const struct difference_side *second) {
    struct parting parting;
    memset(&parting, 0, sizeof parting);
    const struct record *a = first->record;
    const struct record *b = second->record;
    paint_word(out, PAINT_DOUBT, "NONDETERMINISM");
    fprintf(out, " %s: %s.\n  seed %" PRIu64 "\n", scenario, what, a->seed);
    if (!parting_in_rings(a, b, &parting)) {
        parting_by_rerun(module, first, second, &parting);
    }
    if (parting.found) {
        parting_print(out, &parting);
    } else if (a->trace.count > TRACE_RING || b->trace.count > TRACE_RING) {
        fprintf(out,
                "  They differ after event %" PRIu64 "; run again alone, they do not.\n",
                checkpoint_parting(&a->trace, &b->trace));
    } else if (a->verdict.kind != b->verdict.kind) {
        fprintf(out,
                "  All events are the same, but once it ended with %s and again with %s.\n",
                verdict_name((enum verdict_kind)a->verdict.kind),
                verdict_name((enum verdict_kind)b->verdict.kind));
    }
    fprintf(out,
            "  The program depends on something that sim does not control: an address,\n"
            "  uninitialised memory, a real clock or file. It is not stored as a finding.\n");
}
