#include "tools/phrase.h"

#include <inttypes.h>
#include <string.h>

#include "sim/demand.h"
#include "sim/place.h"
#include "tools/columns.h"

const char *phrase_node(const struct record *record, uint32_t node) {
    return node >= 1 && node <= record->description.node_count
               ? record->description.nodes[node].name
               : "world";
}

void phrase_who(const struct record *record,
                uint32_t thread,
                uint64_t site,
                char text[PHRASE_WHO_SIZE]) {
    struct place place;
    if (!place_read(&record->labels, site, &place) || place.task == 0) {
        snprintf(text, PHRASE_WHO_SIZE, "thread %" PRIu32, thread);
    } else if (place.name[0] == '\0') {
        snprintf(text, PHRASE_WHO_SIZE, "task %" PRIu32, place.task);
    } else {
        snprintf(text, PHRASE_WHO_SIZE, "task %" PRIu32 " \"%s\"", place.task, place.name);
    }
}

void phrase_place(const struct symbols_place *place, char *text, size_t size) {
    if (place->line != 0) {
        snprintf(text, size, "%s:%d", place->file, place->line);
    } else {
        snprintf(text, size, "%s", place->function);
    }
}

void phrase_site(struct symbols *symbols, uint64_t site, char *text, size_t size) {
    struct symbols_place place;
    symbols_find(symbols, site, &place);
    phrase_place(&place, text, size);
}

void phrase_fold(FILE *out, const char *word, const char *text) {
    size_t width = PHRASE_WIDTH - strlen(word);
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
        width = PHRASE_WIDTH - 2;
    }
    fprintf(out, "%s%s\n", indent, text);
}

const char *phrase_mark(const struct record *record, const struct event *event) {
    return event->kind == POINT_MARK ? label_of_mark(&record->labels, event->node, event->result)
                                     : NULL;
}

bool phrase_fault(const struct record *record, const struct event *event, char *text, size_t size) {
    const uint64_t index = (uint64_t)event->result;
    const bool is_one = event->kind == POINT_FAULT || event->kind == POINT_HEAL ||
                        event->kind == POINT_CRASH || event->kind == POINT_PAUSE ||
                        event->kind == POINT_RESUME;
    if (!is_one || index >= record->description.fault_count) {
        return false;
    }
    demand_fault_name(&record->description, (uint32_t)index, text, size);
    return true;
}

void phrase_step(const struct record *record, const struct event *event, char *text, size_t size) {
    const struct description *description = &record->description;
    const bool invokes = event->kind == POINT_INVOKE;
    const char *kind = point_name(event->kind);
    const char *mark = phrase_mark(record, event);
    char fault[52];
    if (columns_is_fault(event) && phrase_fault(record, event, fault, sizeof fault)) {
        snprintf(text, size, "-- %s%s", fault, event->kind == POINT_HEAL ? " heals" : "");
    } else if (event->object == 0) {
        snprintf(text, size, "%s%s%s", kind, mark == NULL ? "" : " ", mark == NULL ? "" : mark);
    } else if (point_about_value(event->kind)) {
        const bool is_large = event->result == POINT_VALUE_LARGE;
        char value[24];
        snprintf(value, sizeof value, is_large ? "..." : "%" PRId64, event->result);
        snprintf(text, size, "%s #%" PRIu32 " = %s", kind, event->object, value);
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
