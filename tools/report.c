#include "tools/report.h"

#include <inttypes.h>
#include <string.h>

#include "tools/json.h"
#include "tools/paint.h"

#define COLUMNS_MAX 3 /* threads that get a column of their own */
#define TIME_WIDTH 11
#define OUTPUT_TAIL 400
#define NS_PER_US 1000

const char *report_node(const struct record *record, uint32_t node) {
    return node >= 1 && node <= record->description.node_count
               ? record->description.nodes[node].name
               : "world";
}

static void place_print(const struct symbols_place *place, char *text, size_t size) {
    if (place->line != 0) {
        snprintf(text, size, "%s:%d", place->file, place->line);
    } else {
        snprintf(text, size, "%s", place->function);
    }
}

void report_site(struct symbols *symbols, uint64_t site, char *text, size_t size) {
    struct symbols_place place;
    symbols_find(symbols, site, &place);
    place_print(&place, text, size);
}

/* Folds a text into lines of REPORT_WIDTH, the later ones indented, after a word that stands there
 * already. */
static void fold(FILE *out, const char *word, const char *text) {
    size_t width = REPORT_WIDTH - strlen(word);
    const char *indent = "";
    while (strlen(text) > width) {
        size_t cut = width;
        while (cut > 0 && text[cut] != ' ') {
            cut--;
        }
        cut = cut == 0 ? width : cut;
        fprintf(out, "%s%.*s\n", indent, (int)cut, text);
        text += cut + (text[cut] == ' ');
        indent = "  ";
        width = REPORT_WIDTH - 2;
    }
    fprintf(out, "%s%s\n", indent, text);
}

struct column_set {
    uint32_t threads[COLUMNS_MAX];
    uint32_t nodes[COLUMNS_MAX]; /* of these threads */
    unsigned count;
};

static int column_of(const struct column_set *columns, uint32_t thread) {
    for (unsigned i = 0; i < columns->count; i++) {
        if (columns->threads[i] == thread) {
            return (int)i;
        }
    }
    return -1;
}

/* What the world does to a node stands where its threads have their columns: in the first one's. */
static int column_of_event(const struct column_set *columns, const struct event *event) {
    const bool of_node = event->kind == POINT_CRASH || event->kind == POINT_RESTART ||
                         event->kind == POINT_PAUSE || event->kind == POINT_RESUME;
    for (unsigned i = 0; i < columns->count && of_node; i++) {
        if (columns->nodes[i] == event->node) {
            return (int)i;
        }
    }
    return event->thread == 0 ? -1 : column_of(columns, event->thread);
}

/* How many events came after the verdict's place: some findings are seen when all is over. */
static uint64_t events_after(const struct record *record) {
    const uint64_t step = record->verdict.step;
    const uint64_t count = record->trace.count;
    return step == 0 || step >= count || count - step >= TRACE_RING / 2 ? 0 : count - step;
}

/* The threads of the last steps, the most recent first, then in order of their ids. */
static void columns_choose(const struct record *record, struct column_set *columns) {
    columns->count = 0;
    const struct event *event;
    const uint64_t after = events_after(record);
    for (uint64_t n = 0; n < 64; n++) {
        event = trace_last(&record->trace, after + n, NULL);
        if (event == NULL) {
            break;
        }
        if (event->thread != 0 && column_of(columns, event->thread) < 0 &&
            columns->count < COLUMNS_MAX) {
            columns->nodes[columns->count] = event->node;
            columns->threads[columns->count++] = event->thread;
        }
    }
    for (unsigned i = 1; i < columns->count; i++) {
        for (unsigned j = i; j > 0 && columns->threads[j - 1] > columns->threads[j]; j--) {
            const uint32_t other = columns->threads[j];
            const uint32_t node = columns->nodes[j];
            columns->nodes[j] = columns->nodes[j - 1];
            columns->nodes[j - 1] = node;
            columns->threads[j] = columns->threads[j - 1];
            columns->threads[j - 1] = other;
        }
    }
}

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
            place_print(&place, text + 1, size - 1);
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

/* What happens, and to what: "lock #3", "invoke write kv". */
static void
step_what(const struct record *record, const struct event *event, char *text, size_t size) {
    const struct description *description = &record->description;
    const bool invokes = event->kind == POINT_INVOKE;
    const char *kind = point_name(event->kind);
    if (event->object == 0) {
        snprintf(text, size, "%s", kind);
    } else if (!invokes && event->kind != POINT_RETURN) {
        const bool thread = point_about_thread(event->kind);
        snprintf(text, size, thread ? "%s thread %" PRIu32 : "%s #%" PRIu32, kind, event->object);
    } else if (event->object <= description->history_count) {
        const bool known = invokes && event->result > 0 && event->result < MODEL_OPERATION_COUNT;
        snprintf(text,
                 size,
                 "%s%s%s %s",
                 kind,
                 known ? " " : "",
                 known ? model_operation_name((enum model_operation)event->result) : "",
                 description->histories[event->object - 1].object);
    } else {
        snprintf(text, size, "%s", kind);
    }
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

static void steps_print(FILE *out, const struct record *record, struct symbols *symbols) {
    struct column_set columns;
    columns_choose(record, &columns);
    if (columns.count == 0) {
        return;
    }
    const int width = (REPORT_WIDTH - TIME_WIDTH) / (int)columns.count - 1;
    struct symbols_place head = {.file = ""};
    if (record->verdict.site != 0) {
        symbols_find(symbols, record->verdict.site, &head);
    }
    fprintf(out, "\n%*s", TIME_WIDTH - 1, "us");
    for (unsigned i = 0; i < columns.count; i++) {
        char title[128];
        const bool several = record->description.node_count > 1;
        snprintf(title,
                 sizeof title,
                 "thread %" PRIu32 "%s%s",
                 columns.threads[i],
                 several ? " of " : "",
                 several ? report_node(record, columns.nodes[i]) : "");
        fprintf(out, " %-*.*s", i + 1 == columns.count ? 0 : width, width, title);
    }
    fprintf(out, "\n");
    const uint64_t after = events_after(record);
    const uint64_t before = record->trace.count - after;
    uint64_t shown = after + (before < REPORT_STEPS ? before : REPORT_STEPS);
    while (shown-- > after) {
        uint64_t site = 0;
        const struct event *event = trace_last(&record->trace, shown, &site);
        const int column = event == NULL ? -1 : column_of_event(&columns, event);
        if (column < 0 || goes_on(record, shown)) {
            continue;
        }
        char text[REPORT_WIDTH + 1];
        char what[64];
        char where[128];
        step_what(record, event, what, sizeof what);
        step_place(symbols, event, site, where, sizeof where);
        const int indent = column * (width + 1);
        const bool last = column + 1 == (int)columns.count; /* it goes on to the edge */
        const int room = last ? REPORT_WIDTH - TIME_WIDTH - indent : width;
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

static void threads_print(FILE *out, const struct record *record, struct symbols *symbols) {
    if (record->verdict.kind != VERDICT_DEADLOCK || record->thread_count == 0) {
        return;
    }
    fprintf(out, "\n");
    for (uint32_t i = 0; i < record->thread_count; i++) {
        const struct record_thread *thread = &record->threads[i];
        char where[128];
        char line[512];
        char holder[48] = "";
        char name[THREAD_NAME_SIZE + 8] = "";
        if (thread->name[0] != '\0') {
            snprintf(name, sizeof name, " \"%s\"", thread->name);
        }
        report_site(symbols, thread->site, where, sizeof where);
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
                 report_node(record, thread->node),
                 wait,
                 holder,
                 where);
        fold(out, "", line);
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
    strategy_print(&record->strategy, strategy, sizeof strategy);
    snprintf(line,
             sizeof line,
             " %s: %s: %s.",
             record->description.name,
             verdict_name((enum verdict_kind)verdict->kind),
             verdict->message);
    paint_word(out, PAINT_BAD, "FAIL");
    fold(out, "FAIL", line);
    if (verdict->site != 0) {
        report_site(symbols, verdict->site, where, sizeof where);
        fprintf(out,
                "  at %s, thread %" PRIu32 " of %s\n",
                where,
                verdict->thread,
                report_node(record, verdict->node));
    }
    fprintf(out, "  seed %" PRIu64 ", %s\n", record->seed, strategy);
    fprintf(out,
            "  %" PRIu64 " event%s, %" PRIu64 " of %" PRIu64 " choices differ from production\n",
            record->trace.count,
            record->trace.count == 1 ? "" : "s",
            record->record_count,
            record->choices_asked);
    steps_print(out, record, symbols);
    threads_print(out, record, symbols);
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
    if (site != 0) {
        report_site(symbols, site, where, sizeof where);
    }
    fprintf(out,
            "%12" PRIu64 ".%03" PRIu64 " %-10s %4" PRIu32 "  %-15s %6" PRIu32 " %12" PRId64
            "  %s\n",
            event->time_ns / NS_PER_US,
            event->time_ns % NS_PER_US,
            report_node(record, event->node),
            event->thread,
            event->kind < POINT_KIND_COUNT ? point_name(event->kind) : "?",
            event->object,
            event->result,
            where);
}

void report_event_json(FILE *out,
                       const struct record *record,
                       struct symbols *symbols,
                       const struct event *event,
                       uint64_t site) {
    char where[128] = "";
    if (site != 0) {
        report_site(symbols, site, where, sizeof where);
    }
    fprintf(out, "{\"time_ns\":%" PRIu64 ",", event->time_ns);
    json_field(out, "node", report_node(record, event->node));
    fprintf(out,
            ",\"thread\":%" PRIu32 ",\"what\":\"%s\",\"object\":%" PRIu32 ",\"result\":%" PRId64
            ",",
            event->thread,
            point_name(event->kind),
            event->object,
            event->result);
    json_field(out, "where", where);
    fprintf(out, "}\n");
}
