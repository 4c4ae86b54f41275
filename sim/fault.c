#include "sim/fault.h"

#include <stddef.h>

#include "sim/identity.h"
#include "sim/panic.h"

/* Of an entry's value and of what is put down; above them, in a value, which time it is. */
enum fault_change { FAULT_BEGINS = 1, FAULT_ENDS = 2 };
#define FAULT_CHANGE_BITS 2

#define MANY 2u

bool fault_declared(const struct description *description,
                    enum description_fault_kind kind,
                    uint32_t node) {
    for (uint32_t i = 0; i < description->fault_count; i++) {
        const struct description_fault *declared = &description->faults[i];
        if (declared->kind == kind && (node == 0 || declared->from == node)) {
            return true;
        }
    }
    return false;
}

static const struct description_fault *declared_at(const struct faults *faults, uint32_t index) {
    return &faults->description->faults[index];
}

static const struct fault_effect *effect_of(const struct faults *faults, uint32_t index) {
    return &faults->effects.kinds[declared_at(faults, index)->kind];
}

/* ---- beginning and ending ---- */

/* A time from the least to the greatest, at a step. */
static uint64_t
draw_between(struct faults *faults, uint32_t index, uint64_t least_ns, uint64_t greatest_ns) {
    return least_ns + FAULT_STEP_NS * choices_draw(faults->schedule->choices,
                                                   CHOICE_FAULT,
                                                   declared_at(faults, index)->from,
                                                   &faults->all[index].decider,
                                                   NULL,
                                                   (greatest_ns - least_ns) / FAULT_STEP_NS + 1);
}

/* When a fault that begins now ends. */
static uint64_t until_ns(struct faults *faults, uint32_t index) {
    const struct description_fault *declared = declared_at(faults, index);
    const uint64_t now_ns = schedule_now_ns(faults->schedule);
    if (declared->lasts_ns == 0 && declared->lasts_max_ns == 0) {
        return declared->until_ns > now_ns ? declared->until_ns : now_ns;
    }
    const uint64_t lasts_ns =
        declared->lasts_max_ns == 0
            ? declared->lasts_ns
            : draw_between(faults, index, declared->lasts_ns, declared->lasts_max_ns);
    return lasts_ns < AGENDA_NEVER - now_ns ? now_ns + lasts_ns : AGENDA_NEVER;
}

static void begin(struct faults *faults, uint32_t index) {
    const struct fault_effect *effect = effect_of(faults, index);
    struct fault *fault = &faults->all[index];
    if (fault->in_force || fault_calmed(faults, index)) {
        return;
    }
    fault->times++; /* what it brings about may end the run */
    fault->in_force = effect->end != NULL;
    fault->until_ns = fault->in_force ? until_ns(faults, index) : AGENDA_NEVER;
    if (!effect->begin(faults->effects.context, index)) {
        fault->times--;
        fault->in_force = false;
    } else if (fault->until_ns != AGENDA_NEVER) {
        schedule_timer_start(faults->schedule,
                             fault->until_ns,
                             faults->handler,
                             index,
                             FAULT_ENDS | (uint64_t)fault->times << FAULT_CHANGE_BITS);
    }
}

static void end(struct faults *faults, uint32_t index) {
    faults->all[index].in_force = false;
    effect_of(faults, index)->end(faults->effects.context, index);
}

static void change(struct faults *faults, uint32_t index, uint32_t changes) {
    if ((changes & FAULT_ENDS) != 0 && faults->all[index].in_force) {
        end(faults, index);
    } else if ((changes & FAULT_BEGINS) != 0) {
        begin(faults, index);
    }
}

void fault_forget_pauses(struct faults *faults, uint32_t node) {
    for (uint32_t i = 0; i < faults->description->fault_count; i++) {
        const struct description_fault *declared = declared_at(faults, i);
        if (declared->kind == DESCRIPTION_PAUSE && declared->from == node) {
            faults->all[i].in_force = false;
        }
    }
}

/* ---- what settles ---- */

/* What happens may bring about more. */
void fault_settle(struct faults *faults) {
    const bool any = faults->pending_count != 0;
    for (uint32_t i = 0; i < faults->pending_count; i++) {
        const uint32_t item = faults->pending[i];
        change(faults, item >> FAULT_CHANGE_BITS, item & (FAULT_BEGINS | FAULT_ENDS));
    }
    faults->pending_count = 0;
    if (any) {
        faults->effects.settled(faults->effects.context);
    }
}

static void put_down(struct faults *faults, uint32_t index, uint32_t changes) {
    const uint32_t item = index << FAULT_CHANGE_BITS | changes;
    for (uint32_t i = 0; i < faults->pending_count; i++) {
        if (faults->pending[i] == item) {
            return; /* at once is once */
        }
    }
    ASSERT(faults->pending_count < FAULT_PENDING_MAX);
    faults->pending[faults->pending_count++] = item;
}

void fault_heard(struct faults *faults, uint32_t occasion) {
    for (uint32_t i = 0; i < faults->description->fault_count; i++) {
        const struct description_fault *declared = declared_at(faults, i);
        const uint32_t changes = (declared->begins_on == occasion + 1 ? FAULT_BEGINS : 0u) |
                                 (declared->heals_on == occasion + 1 ? FAULT_ENDS : 0u);
        if (changes == 0) {
            continue;
        }
        switch (effect_of(faults, i)->manner) {
        case FAULT_AT_ONCE:
            change(faults, i, changes);
            break;
        case FAULT_SETTLED:
            put_down(faults, i, changes);
            break;
        case FAULT_APART:
            schedule_timer_start(faults->schedule,
                                 schedule_now_ns(faults->schedule),
                                 faults->handler,
                                 i,
                                 changes);
            break;
        }
    }
}

static void on_due(void *context, const struct agenda_item *item) {
    struct faults *faults = context;
    const uint32_t index = item->subject;
    const uint32_t changes = (uint32_t)item->value & (FAULT_BEGINS | FAULT_ENDS);
    if (changes == FAULT_ENDS && item->value >> FAULT_CHANGE_BITS != faults->all[index].times) {
        return; /* the end of one before */
    }
    if (effect_of(faults, index)->manner == FAULT_SETTLED) {
        put_down(faults, index, changes);
        fault_settle(faults);
    } else {
        change(faults, index, changes);
    }
}

void fault_calm(struct faults *faults) {
    faults->calm = true;
    for (uint32_t i = 0; i < faults->description->fault_count; i++) {
        if (fault_calmed(faults, i) && effect_of(faults, i)->end != NULL) {
            put_down(faults, i, FAULT_ENDS);
        }
    }
}

/* ---- a run ---- */

void fault_init(struct faults *faults,
                struct schedule *schedule,
                const struct description *description,
                const struct fault_effects *effects) {
    *faults =
        (struct faults){.schedule = schedule, .description = description, .effects = *effects};
    faults->handler = schedule_handler_add(schedule, on_due, faults);
}

/* Only a chance that may fail is one. */
static bool strikes_by_chance(const struct description_fault *declared) {
    return declared->chance_ppm != 0 && declared->chance_ppm < DESCRIPTION_PPM;
}

static uint32_t class_of(const struct description_fault *declared) {
    const bool is_short = declared->kind == DESCRIPTION_FAILURE && declared->error == 0;
    return is_short ? FAULT_CLASSES - 1 : declared->kind;
}

/* A class in which the seed would say one thing alone is that thing: only of more it is asked. */
static void draw_classes(struct faults *faults) {
    if (faults->description->fault_count == 0) {
        return;
    }
    uint32_t counts[FAULT_CLASSES] = {0}; /* of what it would say, MANY: for each call */
    for (uint32_t i = 0; i < faults->description->fault_count; i++) {
        const struct description_fault *declared = declared_at(faults, i);
        counts[class_of(declared)] += strikes_by_chance(declared) ? MANY
                                      : declared->at_max_ns != 0  ? 1
                                                                  : 0;
    }
    for (uint32_t i = 0; i < FAULT_CLASSES; i++) {
        struct fault_class *class = &faults->classes[i];
        *class = (struct fault_class){.decider.identity = identity_make(IDENTITY_FAULT, 1, i)};
        class->is_off =
            counts[i] >= MANY &&
            choices_draw(faults->schedule->choices, CHOICE_CLASS, 0, &class->decider, NULL, 2) == 0;
    }
}

/* When a fault begins; AGENDA_NEVER: not in this run, or not at a time. */
static uint64_t draw_ns(struct faults *faults, uint32_t index) {
    const struct description_fault *declared = declared_at(faults, index);
    if (declared->begins_on != 0 || declared->chance_ppm != 0 || declared->nth != 0) {
        return AGENDA_NEVER;
    }
    if (declared->at_max_ns == 0) {
        return declared->at_ns;
    }
    if (faults->classes[class_of(declared)].is_off || choices_draw(faults->schedule->choices,
                                                                   CHOICE_FAULT,
                                                                   declared->from,
                                                                   &faults->all[index].decider,
                                                                   NULL,
                                                                   2) == 0) {
        return AGENDA_NEVER;
    }
    return draw_between(faults, index, declared->at_ns, declared->at_max_ns);
}

void fault_begin(struct faults *faults) {
    faults->calm = false;
    faults->pending_count = 0;
    draw_classes(faults);
    for (uint32_t i = 0; i < faults->description->fault_count; i++) {
        const struct description_fault *declared = declared_at(faults, i);
        const bool is_off =
            strikes_by_chance(declared) && faults->classes[class_of(declared)].is_off;
        faults->all[i] = (struct fault){.decider.identity = identity_make(IDENTITY_FAULT, 0, i + 1),
                                        .in_force = declared->chance_ppm != 0 && !is_off};
        const uint64_t at_ns = draw_ns(faults, i);
        if (at_ns != AGENDA_NEVER) {
            schedule_timer_start(faults->schedule, at_ns, faults->handler, i, FAULT_BEGINS);
        }
    }
}
