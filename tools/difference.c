#include "tools/difference.h"

#include <inttypes.h>

#include "sim/point.h"
#include "tools/json.h"
#include "tools/paint.h"
#include "tools/phrase.h"

/* "thread 3 of main: lock of object 2 gave 0, at 12.200 us, abba.c:31" in two lines. */
static void step_print(FILE *out, const char *label, const struct parting_step *step) {
    if (!step->exists) {
        fprintf(out, "    %s  the run had ended\n", label);
        return;
    }
    const struct event *event = &step->event;
    fprintf(out, "    %s  ", label);
    if (event->thread != 0) {
        fprintf(out, "thread %" PRIu32 " of %s: ", event->thread, step->node);
    }
    fprintf(out, "%s", point_name(event->kind));
    if (event->object != 0) {
        fprintf(out, " of object %" PRIu32, event->object);
    }
    if (step->mark[0] != '\0') {
        fprintf(out, " %s\n", step->mark);
    } else {
        fprintf(out, " gave %" PRId64 "\n", event->result);
    }
    fprintf(out,
            "           %" PRIu64 ".%03" PRIu64 " us after the start%s%.48s\n",
            event->time_ns / 1000,
            event->time_ns % 1000,
            step->where[0] != '\0' ? ", at " : "",
            step->where);
}

/* In which of its fields an event differs. */
static void fields_print(FILE *out, const struct event *a, const struct event *b) {
    const struct {
        const char *name;
        bool differs;
    } fields[] = {{"what was done", a->kind != b->kind},
                  {"the thread", a->thread != b->thread},
                  {"the node", a->node != b->node},
                  {"the object", a->object != b->object},
                  {"the result", a->result != b->result},
                  {"the time", a->time_ns != b->time_ns}};
    const char *before = "  They differ in ";
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].differs) {
            fprintf(out, "%s%s", before, fields[i].name);
            before = ", ";
        }
    }
    fprintf(out, ".\n");
}

/* "once   failed: assertion: …", with all that it said. */
static void ending_print(FILE *out, const char *label, const struct record *record) {
    const struct verdict *verdict = &record->verdict;
    char line[VERDICT_MESSAGE_SIZE + 64];
    if (verdict_is_finding(verdict)) {
        snprintf(line,
                 sizeof line,
                 "    %s  it failed: %s: %s",
                 label,
                 verdict_name((enum verdict_kind)verdict->kind),
                 verdict->message);
    } else {
        snprintf(line,
                 sizeof line,
                 "    %s  %s",
                 label,
                 verdict->kind == VERDICT_PASS ? "it passed" : "it did not end");
    }
    phrase_fold(out, "", line);
}

static void parting_print(FILE *out, const struct parting *parting) {
    const struct parting_step *sides = parting->sides;
    const struct parting_step *shown = &sides[sides[0].exists ? 0 : 1];
    fprintf(out,
            "  first different event: number %" PRIu64 ", %s%s%.40s\n",
            parting->at + 1,
            point_name(shown->event.kind),
            shown->where[0] != '\0' ? " at " : "",
            shown->where);
    step_print(out, "once ", &sides[0]);
    step_print(out, "again", &sides[1]);
    if (sides[0].exists && sides[1].exists) {
        fields_print(out, &sides[0].event, &sides[1].event);
    }
    if (parting->common.exists) {
        fprintf(out, "  last common event: number %" PRIu64 "\n", parting->at);
        step_print(out, "both ", &parting->common);
    }
}

void difference_print(FILE *out,
                      const char *scenario,
                      const char *what,
                      const struct parting_side *first,
                      const struct parting_side *second,
                      const struct parting *parting) {
    const struct record *a = first->record;
    const struct record *b = second->record;
    paint_word(out, PAINT_DOUBT, "NONDETERMINISM");
    fprintf(out, " %s: %s.\n  seed %" PRIu64 "\n  how it ended:\n", scenario, what, a->seed);
    ending_print(out, "once ", a);
    ending_print(out, "again", b);
    if (parting->found) {
        parting_print(out, parting);
    } else if (a->verdict.kind != b->verdict.kind) {
        fprintf(out,
                "  All events are the same, but once it ended with %s and again with %s.\n",
                verdict_name((enum verdict_kind)a->verdict.kind),
                verdict_name((enum verdict_kind)b->verdict.kind));
    } else {
        fprintf(out,
                "  They differ after event %" PRIu64 "; run again alone, in fresh processes, they\n"
                "  do not: something is left over from one run to the next.\n",
                parting->at);
    }
    fprintf(out,
            "  The program depends on something that sim does not control: an address,\n"
            "  uninitialised memory, a real clock or file. Until that is removed, what is\n"
            "  found cannot be replayed, so it is not stored as a finding.\n");
}

static void ending_print_json(FILE *out, const char *name, const struct verdict *verdict) {
    fprintf(out,
            ",\"%s\":{\"verdict\":\"%s\",",
            name,
            verdict_name((enum verdict_kind)verdict->kind));
    json_field(out, "message", verdict->message);
    fprintf(out, "}");
}

static void step_print_json(FILE *out, const char *name, const struct parting_step *step) {
    fprintf(out, ",\"%s\":", name);
    if (!step->exists) {
        fprintf(out, "null");
        return;
    }
    const struct event *event = &step->event;
    fprintf(out, "{\"time_ns\":%" PRIu64 ",", event->time_ns);
    json_field(out, "node", step->node);
    fprintf(out,
            ",\"thread\":%" PRIu32 ",\"what\":\"%s\",\"object\":%" PRIu32 ",\"result\":%" PRId64
            ",",
            event->thread,
            point_name(event->kind),
            event->object,
            event->result);
    json_field(out, "where", step->where);
    fprintf(out, "}");
}

void difference_print_json(FILE *out,
                           const char *scenario,
                           const char *what,
                           const struct parting_side *first,
                           const struct parting_side *second,
                           const struct parting *parting) {
    fprintf(out, "{\"event\":\"nondeterminism\",");
    json_field(out, "scenario", scenario);
    fprintf(out, ",");
    json_field(out, "what", what);
    fprintf(out, ",\"seed\":%" PRIu64, first->record->seed);
    ending_print_json(out, "once_ended", &first->record->verdict);
    ending_print_json(out, "again_ended", &second->record->verdict);
    if (parting->found) {
        fprintf(out, ",\"number\":%" PRIu64, parting->at + 1);
        step_print_json(out, "once", &parting->sides[0]);
        step_print_json(out, "again", &parting->sides[1]);
        step_print_json(out, "common", &parting->common);
    }
    fprintf(out, "}\n");
}
