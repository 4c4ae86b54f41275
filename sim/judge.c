#include "sim/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

#define NS_PER_US 1000
#define TEXT_SIZE 160

uint64_t judge_arena_size(const struct description *description) {
    const uint64_t each = sizeof(struct linear_operation) + sizeof(uint32_t);
    return description->history_count == 0 ? 0
                                           : linear_arena_size(HISTORY_OPERATIONS_MAX) +
                                                 HISTORY_OPERATIONS_MAX * each + UINT64_C(4096);
}

void judge_init(struct judge *judge, struct arena *arena, const struct history *history) {
    *judge = (struct judge){.history = history};
    if (history->description->history_count == 0) {
        return;
    }
    linear_init(&judge->linear, arena, HISTORY_OPERATIONS_MAX);
    judge->operations = arena_take(arena, HISTORY_OPERATIONS_MAX * sizeof *judge->operations);
    judge->numbers = arena_take(arena, HISTORY_OPERATIONS_MAX * sizeof *judge->numbers);
}

static const struct description_history *declaration(const struct judge *judge,
                                                     const struct history_group *group) {
    return &judge->history->description->histories[group->object];
}

static struct linear_history gather(struct judge *judge, const struct history_group *group) {
    uint32_t count = 0;
    for (uint32_t number = group->first; number != 0;) {
        const struct history_operation *operation = history_at(judge->history, number);
        judge->operations[count] = operation->linear;
        judge->numbers[count++] = number;
        number = operation->next;
    }
    ASSERT(count == group->count);
    return (struct linear_history){.kind = declaration(judge, group)->model,
                                   .count = count,
                                   .operations = judge->operations,
                                   .until = LINEAR_NEVER,
                                   .known = LINEAR_NEVER};
}

/* ---- the message ---- */

/* The operation that returned as this event. */
static const struct history_operation *returned_as(const struct judge *judge, uint32_t event) {
    uint32_t i = 0;
    while (judge->operations[i].returned != event) {
        i++;
    }
    return history_at(judge->history, judge->numbers[i]);
}

/* "thread 3 of client-2 read 1 (11.9 .. 12.3 us)" */
static void tell(const struct judge *judge, const struct history_operation *operation, char *text) {
    char did[64];
    model_print(&operation->linear.call, did, sizeof did);
    snprintf(text,
             TEXT_SIZE,
             "thread %" PRIu32 " of %s %s (%" PRIu64 ".%" PRIu64 " .. %" PRIu64 ".%" PRIu64 " us)",
             operation->invoked.thread,
             judge->history->description->nodes[operation->invoked.node].name,
             did,
             operation->invoked.time_ns / NS_PER_US,
             operation->invoked.time_ns % NS_PER_US / 100,
             operation->returned.time_ns / NS_PER_US,
             operation->returned.time_ns % NS_PER_US / 100);
}

/* Its key, when the object has several. */
static void tell_key(const struct judge *judge, const struct history_group *group, char *text) {
    const struct history *history = judge->history;
    text[0] = '\0';
    for (uint32_t i = 1; i <= history->group_count && text[0] == '\0'; i++) {
        if (history->groups[i].object == group->object && history->groups[i].key != group->key) {
            snprintf(text, TEXT_SIZE, "key %" PRId64 ": ", group->key);
        }
    }
}

static void
accuse(struct judge *judge, const struct history_group *group, struct linear_history *history) {
    char key[TEXT_SIZE];
    char did[TEXT_SIZE];
    char other[TEXT_SIZE] = "";
    uint64_t steps = JUDGE_STEPS_MAX;
    struct verdict *verdict = judge->history->verdict;
    const struct description_history *declared = declaration(judge, group);
    history->until = linear_shortest(&judge->linear, history, &steps);
    const uint32_t against = linear_contradicted(&judge->linear, history, &steps);
    const struct history_operation *wrong = returned_as(judge, history->until);
    tell_key(judge, group, key);
    tell(judge, wrong, did);
    if (against != LINEAR_NEVER) {
        tell(judge, returned_as(judge, against), other);
    }
    const bool before = against < wrong->linear.invoked;
    verdict_set(verdict,
                VERDICT_PROPERTY,
                "%s: %s is not linearizable: %s%s%s%s",
                declared->sentence,
                declared->object,
                key,
                did,
                other[0] != '\0' ? (before ? ", after " : ", while ")
                : steps > 0      ? ", whatever the others did"
                                 : "",
                other);
    verdict->named = (uint32_t)(strlen(declared->sentence) + strlen(": ") +
                                strlen(declared->object) + strlen(" is not linearizable"));
    verdict->thread = wrong->invoked.thread;
    verdict->node = wrong->invoked.node;
    verdict->time_ns = wrong->returned.time_ns;
    verdict->step = wrong->returned.step;
    verdict->site = (uint64_t)(uintptr_t)wrong->returned.site;
}

void judge_end(struct judge *judge) {
    const struct history *history = judge->history;
    uint64_t steps = JUDGE_STEPS_MAX;
    const struct history_group *undecided = NULL;
    for (uint32_t i = 1; i <= history->group_count && history->verdict->kind == VERDICT_NONE; i++) {
        const struct history_group *group = &history->groups[i];
        struct linear_history question = gather(judge, group);
        const enum linear_answer answer = linear_check(&judge->linear, &question, &steps);
        if (answer == LINEAR_NO) {
            accuse(judge, group, &question);
        } else if (answer == LINEAR_UNDECIDED) {
            undecided = group;
            break;
        }
    }
    if (undecided != NULL) {
        verdict_set(history->verdict,
                    VERDICT_LIMIT,
                    "whether %s is linearizable is not decided after %" PRIu64
                    " steps: let fewer operations be open at a time, or use more keys",
                    declaration(judge, undecided)->object,
                    (uint64_t)JUDGE_STEPS_MAX);
    }
}
