#include "tools/marks.h"

#include <string.h>

#include "scenarios/lua_spelling.h"
#include "tools/json.h"

#define SHOWN_MAX 8 /* of those that came */

/* ---- counting ---- */

/* Whether a run in which the occasion does not come is one that says less. */
static bool is_wanted(const struct description *description, uint32_t occasion) {
    for (uint32_t i = 0; i < description->demanded.count; i++) {
        const struct constraint *constraint = &description->demanded.all[i];
        for (uint32_t j = 0; j < constraint->count; j++) {
            if (constraint->occasions[j] == occasion) {
                return true;
            }
        }
    }
    for (uint32_t i = 0; i < description->fault_count; i++) {
        const struct description_fault *fault = &description->faults[i];
        if (fault->begins_on == occasion + 1 || fault->heals_on == occasion + 1) {
            return true;
        }
    }
    for (uint32_t i = 0; i < description->property_count; i++) {
        const struct description_property *property = &description->properties[i];
        if (property->after == occasion + 1 ||
            (property->kind == DESCRIPTION_SOMETIMES && property->occasion == occasion + 1)) {
            return true;
        }
    }
    return false;
}

static void copy_wanted(struct marks *marks, const struct description *description) {
    marks->wanted_count = 0;
    for (uint32_t i = 1; i <= description->node_count; i++) {
        memcpy(marks->nodes[i], description->nodes[i].name, sizeof marks->nodes[i]);
    }
    for (uint32_t i = 0; i < description->demanded.occasion_count; i++) {
        const struct occasion *occasion = &description->demanded.occasions[i];
        if (occasion->instant == OCCASION_MARK && is_wanted(description, i)) {
            struct marks_one *wanted = &marks->wanted[marks->wanted_count++];
            wanted->node = occasion->node;
            snprintf(wanted->name, sizeof wanted->name, "%s", occasion->name);
        }
    }
}

/* Whether one is among those that came; node 0 is any. */
static bool has_come(const struct marks *marks, uint32_t node, const char *name) {
    for (uint32_t i = 0; i < marks->count; i++) {
        if ((node == 0 || marks->all[i].node == node) && strcmp(marks->all[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void marks_count(struct marks *marks, const struct record *record) {
    copy_wanted(marks, &record->description);
    for (uint32_t i = 0; i < LABELS_MAX; i++) {
        const struct label *label = &record->labels.all[i];
        if (label->node != 0 && marks->count < MARKS_MAX &&
            !has_come(marks, label->node, label->text)) {
            struct marks_one *one = &marks->all[marks->count++];
            one->node = label->node;
            memcpy(one->name, label->text, sizeof one->name);
        }
    }
}

/* ---- telling ---- */

struct near {
    int distance;
    const char *name;
};

static bool is_nearer(const struct near *a, const struct near *b) {
    return a->distance < b->distance ||
           (a->distance == b->distance && strcmp(a->name, b->name) < 0);
}

/* The nearest ones that came at the node, each name once; how many. */
static unsigned
choose(const struct marks *marks, const struct marks_one *wanted, struct near chosen[SHOWN_MAX]) {
    unsigned count = 0;
    for (uint32_t i = 0; i < marks->count; i++) {
        const struct near next = {lua_spelling_distance(wanted->name, marks->all[i].name),
                                  marks->all[i].name};
        bool is_known = wanted->node != 0 && marks->all[i].node != wanted->node;
        unsigned place = 0;
        for (unsigned j = 0; j < count; j++) {
            is_known = is_known || strcmp(chosen[j].name, next.name) == 0;
            place += is_nearer(&chosen[j], &next);
        }
        if (is_known || place == SHOWN_MAX) {
            continue;
        }
        count += count < SHOWN_MAX;
        memmove(&chosen[place + 1], &chosen[place], sizeof *chosen * (count - 1 - place));
        chosen[place] = next;
    }
    return count;
}

static void print_json(FILE *out,
                       const char *scenario,
                       const char *node,
                       const char *name,
                       const struct near *came,
                       unsigned count) {
    fprintf(out, "{\"event\":\"unmarked\",");
    json_field(out, "scenario", scenario);
    fprintf(out, ",");
    json_field(out, "node", node);
    fprintf(out, ",");
    json_field(out, "mark", name);
    fprintf(out, ",\"nearest\":");
    if (count > 0 && came[0].distance <= LUA_SPELLING_DISTANCE_MAX) {
        json_string(out, came[0].name);
    } else {
        fprintf(out, "null");
    }
    fprintf(out, "}\n");
}

static void print_text(FILE *out,
                       const char *scenario,
                       const char *node,
                       const char *name,
                       const struct near *came,
                       unsigned count) {
    fprintf(out, "  %s: mark %s of %s never came", scenario, name, node);
    if (count > 0 && came[0].distance <= LUA_SPELLING_DISTANCE_MAX) {
        fprintf(out, "; did you mean %s?\n", came[0].name);
    } else {
        fprintf(out, "\n");
    }
    fprintf(out, "    there came: ");
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : ", ", came[i].name);
    }
    fprintf(out, "%s%s\n", count == 0 ? "no mark" : "", count == SHOWN_MAX ? ", …" : "");
}

void marks_print(FILE *out, bool json, const char *scenario, const struct marks *marks) {
    struct near came[SHOWN_MAX];
    for (uint32_t i = 0; i < marks->wanted_count; i++) {
        const struct marks_one *wanted = &marks->wanted[i];
        const char *node = wanted->node == 0 ? "any node" : marks->nodes[wanted->node];
        bool is_told = has_come(marks, wanted->node, wanted->name);
        for (uint32_t j = 0; j < i; j++) { /* another time of the same mark */
            is_told = is_told || (marks->wanted[j].node == wanted->node &&
                                  strcmp(marks->wanted[j].name, wanted->name) == 0);
        }
        if (!is_told) {
            const unsigned count = choose(marks, wanted, came);
            (json ? print_json : print_text)(out, scenario, node, wanted->name, came, count);
        }
    }
}
