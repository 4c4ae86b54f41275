/* sim_interpret: where a program is that another program runs. */
#include "sim/machine/hooks_interpret.h"

#include <stdio.h>
#include <string.h>

#include "sim/machine/hook.h"
#include "sim/place.h"
#include "sim/scenario.h"

static struct sim_interpreter interpreters[DESCRIPTION_NODES_MAX + 1];
static bool is_used; /* some of them, since they were cleared */

/* 0: it is nowhere. */
static uint64_t site_of(const struct sim_place *said) {
    const struct place place = {.file = said->file,
                                .name = said->name == NULL ? "" : said->name,
                                .line = said->line,
                                .task = said->task};
    return place.file == NULL ? 0 : place_site(&machine.record->labels, &place);
}

static uint64_t locate(const void *site) {
    const struct sim_interpreter *interpreter = &interpreters[hook_node()];
    struct sim_place said = {0};
    const bool is_told =
        interpreter->here != NULL && interpreter->here(interpreter->context, &said) != 0;
    const uint64_t place = is_told ? site_of(&said) : 0;
    return place != 0 ? place : (uint64_t)(uintptr_t)site;
}

HOOK void sim_interpret(const struct sim_interpreter *interpreter) {
    if (!hook_simulated()) {
        return;
    }
    hooks_interpret_node_begin(hook_node());
    if (interpreter != NULL) {
        interpreters[hook_node()] = *interpreter;
        is_used = true;
        hook_schedule()->locate = locate;
    }
}

void hooks_interpret_begin(void) {
    if (is_used) { /* a run of few steps would be slower by a seventh */
        memset(interpreters, 0, sizeof interpreters);
        is_used = false;
    }
}

void hooks_interpret_node_begin(uint32_t node) {
    interpreters[node] = (struct sim_interpreter){0};
}

static void tasks_record(uint32_t node) {
    struct record *record = machine.record;
    const struct sim_interpreter *interpreter = &interpreters[node];
    struct sim_place said = {0};
    for (uint32_t i = 0; interpreter->task != NULL && record->task_count < RECORD_TASKS_MAX &&
                         interpreter->task(interpreter->context, i, &said) != 0;
         i++) {
        struct record_task *entry = &record->tasks[record->task_count++];
        *entry = (struct record_task){.node = node, .site = site_of(&said)};
        snprintf(entry->call, sizeof entry->call, "%s", said.call == NULL ? "" : said.call);
        said = (struct sim_place){0};
    }
}

void hooks_interpret_record(void) {
    struct record *record = machine.record;
    if (record->verdict.kind != VERDICT_DEADLOCK) {
        return;
    }
    for (uint32_t node = 1; node <= record->description.node_count; node++) {
        tasks_record(node);
    }
    for (uint32_t i = record->task_count; i-- > 0;) {
        if (record->tasks[i].node == record->verdict.node && record->tasks[i].site != 0) {
            record->verdict.site = record->tasks[i].site; /* in the end, the first one's */
        }
    }
}
