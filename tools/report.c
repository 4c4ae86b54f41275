#include "tools/report.h"

#include <inttypes.h>
#include <string.h>

#include "sim/place.h"
#include "tools/columns.h"
#include "tools/conflict.h"
#include "tools/json.h"
#include "tools/paint.h"
#include "tools/phrase.h"

#define TIME_WIDTH 11
#define OUTPUT_TAIL 400
#define NS_PER_US 1000

/* The place of a step. A thread starts with a function, not with a call: its name. */
static void step_place(struct symbols *symbols,
                       const struct event *event,
                       uint64_t site,
                       char *text,
                       size_t size) {
    struct symbols_place place;
    text[0] = '\0';
    if (site != 0) {
        symbols_find(symbols, site, &place);
        if (event->kind == POINT_THREAD_START) {
            snprintf(text, size, " %s", place.function);
        } else {
            text[0] = ' ';
            phrase_place(&place, text + 1, size - 1);
        }
    }
}

/* An operation on a declared object has several events; the first one says which it is. */
static bool goes_on(const struct record *record, uint64_t n) {
    const struct event *event = trace_last(&record->trace, n, NULL);
    const struct event *before = trace_last(&record->trace, n + 1, NULL);
    return (event->kind == POINT_INVOKE || event->kind == POINT_RETURN) && before != NULL &&
           before->kind == event->kind && before->thread == event->thread;
}

/* A step in `width` bytes. Where the file does not fit: the line alone when it is in the file that
 * the report's head names, else the end of the file's name, so that no line is taken for another
 * file's. */
static void
step_text(const char *what, const char *where, const char *file, size_t width, char *text) {
    const size_t used = strlen(what);
    const size_t length = strlen(where);
    const size_t room = width > used ? width - used : 0;
    const char *colon = strrchr(where, ':');
    if (length <= room) {
        snprintf(text, width + 1, "%s%s", what, where);
    } else if (colon != NULL && (size_t)(colon - where) == strlen(file) + 1 &&
               strncmp(where + 1, file, strlen(file)) == 0) {
        snprintf(text, width + 1, "%s %s", what, colon);
    } else if (room > 2) {
        snprintf(text, width + 1, "%s ~%s", what, where + length - (room - 2));
    } else {
        snprintf(text, width + 1, "%s", what);
    }
}

static void
titles_print(FILE *out, const struct record *record, const struct columns *columns, int width) {
    const bool several = record->description.node_count > 1;
    fprintf(out, "\n%*s", TIME_WIDTH - 1, "us");
    for (unsigned i = 0; i < columns->count; i++) {
        const struct columns_one *column = &columns->all[i];
        char who[PHRASE_WHO_SIZE];
        char title[PHRASE_WHO_SIZE + DESCRIPTION_NAME_SIZE];
        phrase_who(record, column->thread, column->site, who);
        snprintf(title,
                 sizeof title,
                 "%s%s%s",
                 who,
                 several ? " of " : "",
                 several ? phrase_node(record, column->node) : "");
        fprintf(out, " %-*.*s", i + 1 == columns->count ? 0 : width, width, title);
    }
    fprintf(out, "\n");
}

static void steps_print(FILE *out, const struct record *record, struct symbols *symbols) {
    struct columns columns;
    columns_choose(record, &columns);
    if (columns.count == 0) {
        return;
    }
    const int width = (PHRASE_WIDTH - TIME_WIDTH) / (int)columns.count - 1;
    struct symbols_place head = {.file = ""};
    if (record->verdict.site != 0) {
        symbols_find(symbols, record->verdict.site, &head);
    }
    titles_print(out, record, &columns, width);
    const uint64_t after = columns_after(record);
    uint64_t shown = columns_steps(record, &columns, REPORT_STEPS);
    while (shown-- > after) {
        uint64_t site = 0;
        const struct event *event = trace_last(&record->trace, shown, &site);
        const int column = event == NULL ? -1 : columns_of_event(&columns, event, site);
        if (column < 0 || goes_on(record, shown)) {
            continue;
        }
        char text[PHRASE_WIDTH + 1];
        char what[64];
        char where[128];
        phrase_step(record, event, what, sizeof what);
        step_place(symbols, event, site, where, sizeof where);
        const int indent = column * (width + 1);
        const bool last =
            column + 1 == (int)columns.count || columns_is_fault(event); /* to the edge */
        const int room = last ? PHRASE_WIDTH - TIME_WIDTH - indent : width;
        step_text(what, where, head.file, (size_t)room, text);
        fprintf(out,
                "%*" PRIu64 ".%" PRIu64 " %*s%s\n",
                TIME_WIDTH - 3,
                event->time_ns / NS_PER_US,
                event->time_ns % NS_PER_US / 100,
                indent,
                "",
                text);
    }
}

static void thread_print(FILE *out,
                         const struct record *record,
                         struct symbols *symbols,
                         const struct record_thread *thread) {
    char where[128];
    char line[512];
    char holder[48] = "";
    char name[THREAD_NAME_SIZE + 8] = "";
    if (thread->name[0] != '\0') {
        snprintf(name, sizeof name, " \"%s\"", thread->name);
    }
    phrase_site(symbols, thread->site, where, sizeof where);
    if (thread->holder == thread->id) {
        snprintf(holder, sizeof holder, ", which it holds itself");
    } else if (thread->holder != 0) {
        snprintf(holder, sizeof holder, ", held by thread %" PRIu32, thread->holder);
    }
    char wait[96];
    point_wait_print(thread->kind, thread->object, wait, sizeof wait);
    snprintf(line,
             sizeof line,
             "thread %" PRIu32 "%s of %s %s%s, at %s",
             thread->id,
             name,
             phrase_node(record, thread->node),
             wait,
             holder,
             where);
    phrase_fold(out, "", line);
}

/* `task 2 "clock" of server waits in lock, at late.lua:12` */
static void task_print(FILE *out,
                       const struct record *record,
                       struct symbols *symbols,
                       const struct record_task *task) {
    char who[PHRASE_WHO_SIZE];
    char where[128];
    char line[512];
    if (task->site == 0) {
        return; /* it has not begun */
    }
    phrase_who(record, 0, task->site, who);
    phrase_site(symbols, task->site, where, sizeof where);
    snprintf(line,
             sizeof line,
             "%s of %s waits%s%s, at %s",
             who,
             phrase_node(record, task->node),
             task->call[0] == '\0' ? "" : " in ",
             task->call,
             where);
    phrase_fold(out, "", line);
}

/* Who waits for what: a node's tasks where it says which there are, else its threads. */
static void waits_print(FILE *out, const struct record *record, struct symbols *symbols) {
    bool tells_tasks[DESCRIPTION_NODES_MAX + 1] = {false};
    if (record->verdict.kind != VERDICT_DEADLOCK || record->thread_count == 0) {
        return;
    }
    fprintf(out, "\n");
    for (uint32_t i = 0; i < record->task_count; i++) {
        tells_tasks[record->tasks[i].node] = true;
        task_print(out, record, symbols, &record->tasks[i]);
    }
    for (uint32_t i = 0; i < record->thread_count; i++) {
        if (!tells_tasks[record->threads[i].node]) {
            thread_print(out, record, symbols, &record->threads[i]);
        }
    }
}

static uint64_t output_kept(const struct record *record) {
    return record->output_size < RECORD_OUTPUT_SIZE ? record->output_size : RECORD_OUTPUT_SIZE;
}

void report_output(FILE *out, const struct record *record) {
    const uint64_t kept = output_kept(record);
    fwrite(record->output, 1, kept, out);
    if (kept > 0 && record->output[kept - 1] != '\n') {
        fprintf(out, "\n");
    }
    if (kept < record->output_size) {
        fprintf(out, "… and %" PRIu64 " bytes more\n", record->output_size - kept);
    }
}

static void output_print(FILE *out, const struct record *record) {
    const uint64_t kept = output_kept(record);
    if (kept == 0) {
        return;
    }
    const uint64_t first = kept > OUTPUT_TAIL ? kept - OUTPUT_TAIL : 0;
    fprintf(out, "\nThe program printed%s:\n", first > 0 ? " at last" : "");
    fwrite(record->output + first, 1, kept - first, out);
    if (record->output[kept - 1] != '\n') {
        fprintf(out, "\n");
    }
}

void report_print(FILE *out,
                  const struct record *record,
                  struct symbols *symbols,
                  const char *replay) {
    const struct verdict *verdict = &record->verdict;
    char line[512];
    char strategy[96];
    char where[128];
    char who[PHRASE_WHO_SIZE];
    strategy_print(&record->strategy, strategy, sizeof strategy);
    snprintf(line,
             sizeof line,
             " %s: %s: %s.",
             record->description.name,
             verdict_name((enum verdict_kind)verdict->kind),
             verdict->message);
    paint_word(out, PAINT_BAD, "FAIL");
    phrase_fold(out, "FAIL", line);
    if (verdict->site != 0) {
        phrase_site(symbols, verdict->site, where, sizeof where);
        phrase_who(record, verdict->thread, verdict->site, who);
        fprintf(out, "  at %s, %s of %s\n", where, who, phrase_node(record, verdict->node));
    }
    if (verdict->kind == VERDICT_RACE) {
        conflict_print_access(out, record, symbols);
    }
    fprintf(out, "  seed %" PRIu64 ", %s\n", record->seed, strategy);
    fprintf(out,
            "  %" PRIu64 " event%s, %" PRIu64 " of %" PRIu64 " choices differ from production\n",
            record->trace.count,
            record->trace.count == 1 ? "" : "s",
            record->record_count,
            record->choices_asked);
    steps_print(out, record, symbols);
    if (verdict->kind == VERDICT_RACE) {
        conflict_print_remedy(out, record, symbols);
    }
    waits_print(out, record, symbols);
    output_print(out, record);
    if (replay != NULL) {
        fprintf(out, "\nTo see it again:  sim replay %s\n", replay);
    }
}

void report_event_head(FILE *out) {
    fprintf(out,
            "%16s %-10s %4s  %-15s %6s %12s  %s\n",
            "us",
            "node",
            "thr",
            "what",
            "object",
            "result",
            "where");
}

void report_event(FILE *out,
                  const struct record *record,
                  struct symbols *symbols,
                  const struct event *event,
                  uint64_t site) {
    char where[128] = "";
    char who[PHRASE_WHO_SIZE] = "";
    char result[LABEL_TEXT_SIZE];
    const char *mark = phrase_mark(record, event);
    if (site != 0) {
        phrase_site(symbols, site, where, sizeof where);
    } else {
        phrase_fault(record, event, where, sizeof where);
    }
    if (place_task(site) != 0) {
        phrase_who(record, event->thread, site, who);
    }
    snprintf(result, sizeof result, "%" PRId64, event->result);
    fprintf(out,
            "%12" PRIu64 ".%03" PRIu64 " %-10s %4" PRIu32 "  %-15s %6" PRIu32 " %12s  %s%s%s\n",
            event->time_ns / NS_PER_US,
            event->time_ns % NS_PER_US,
            phrase_node(record, event->node),
            event->thread,
            event->kind < POINT_KIND_COUNT ? point_name(event->kind) : "?",
            event->object,
            mark == NULL ? result : mark,
            where,
            who[0] == '\0' ? "" : "  ",
            who);
}

void report_event_json(FILE *out,
                       const struct record *record,
                       struct symbols *symbols,
                       const struct event *event,
                       uint64_t site) {
    char where[128] = "";
    char fault[128];
    struct place place;
    if (site != 0) {
        phrase_site(symbols, site, where, sizeof where);
    }
    fprintf(out, "{\"time_ns\":%" PRIu64 ",", event->time_ns);
    json_field(out, "node", phrase_node(record, event->node));
    fprintf(out,
            ",\"thread\":%" PRIu32 ",\"what\":\"%s\",\"object\":%" PRIu32 ",\"result\":%" PRId64
            ",",
            event->thread,
            point_name(event->kind),
            event->object,
            event->result);
    json_field(out, "where", where);
    if (phrase_fault(record, event, fault, sizeof fault)) {
        fprintf(out, ",");
        json_field(out, "fault", fault);
    }
    if (phrase_mark(record, event) != NULL) {
        fprintf(out, ",");
        json_field(out, "mark", phrase_mark(record, event));
    }
    if (place_read(&record->labels, site, &place) && place.task != 0) {
        fprintf(out, ",\"task\":%" PRIu32 ",", place.task);
        json_field(out, "task_name", place.name);
    }
    fprintf(out, "}\n");
}
