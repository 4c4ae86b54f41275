/* How a run begins: nobody is held, and what it keeps of the constraints is drawn. */
#include <string.h>

#include "sim/gate.h"
#include "sim/identity.h"

/* One entry for each time that is named, and for each by which a predicate must hold. */
static void times_start(struct gates *gates) {
    for (uint32_t i = 0; i < gates->demanded->occasion_count; i++) {
        const struct occasion *occasion = &gates->demanded->occasions[i];
        bool again = occasion->instant != OCCASION_TIME;
        for (uint32_t j = 0; j < i; j++) {
            again = again || occasion_matches(&gates->demanded->occasions[j], occasion);
        }
        if (!again) {
            schedule_timer_start(gates->schedule, occasion->at_ns, gates->time_handler, i, 0);
        }
        if (occasion->instant == OCCASION_HOLDS && occasion->at_ns != 0) {
            schedule_timer_start(gates->schedule, occasion->at_ns, gates->late_handler, i, 0);
        }
    }
}

/* Of the constraints of one group, of which this is the first, one stays in force. */
static void draw_group(struct gates *gates, uint32_t first) {
    const uint32_t group = gates->demanded->all[first].group;
    uint32_t members = 0;
    for (uint32_t i = first; i < gates->demanded->count; i++) {
        members += gates->demanded->all[i].group == group;
    }
    uint64_t taken = choices_draw(gates->schedule->choices,
                                  CHOICE_ONE_OF,
                                  0,
                                  &gates->state[first].decider,
                                  NULL,
                                  members);
    for (uint32_t i = first; i < gates->demanded->count; i++) {
        if (gates->demanded->all[i].group == group) {
            gates->state[i].in_force = taken-- == 0;
        }
    }
}

static bool is_first_of_group(const struct gates *gates, uint32_t index) {
    const uint32_t group = gates->demanded->all[index].group;
    uint32_t first = 0;
    while (gates->demanded->all[first].group != group) {
        first++;
    }
    return group != 0 && first == index;
}

/* Which constraints this run keeps. */
static void draw(struct gates *gates) {
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        if (is_first_of_group(gates, index)) {
            draw_group(gates, index);
        }
    }
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        const struct constraint *constraint = &gates->demanded->all[index];
        struct gate_constraint *state = &gates->state[index];
        if (constraint->chances != 0 && state->in_force) {
            state->in_force = choices_chance(gates->schedule->choices,
                                             CHOICE_MAYBE,
                                             0,
                                             &state->decider,
                                             NULL,
                                             constraint->chance,
                                             constraint->chances);
        }
    }
}

void gate_begin(struct gates *gates) {
    gates->late = 0;
    gates->held = (struct wait_queue){0};
    gates->asleep = (struct wait_queue){0};
    if (gates->pauses) {
        memset(gates->paused, 0, sizeof gates->paused);
        gates->pauses = false;
    }
    for (uint32_t i = 0; i < gates->demanded->occasion_count; i++) {
        gates->met[i] = (struct gate_occasion){0};
    }
    for (uint32_t index = 0; index < gates->demanded->count; index++) {
        gates->state[index] = (struct gate_constraint){
            .decider.identity = identity_make(IDENTITY_CONSTRAINT, 0, index + 1),
            .in_force = true,
        };
    }
    draw(gates);
    times_start(gates);
}
