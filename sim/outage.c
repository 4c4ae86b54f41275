#include "sim/outage.h"

#include "sim/identity.h"
#include "sim/panic.h"

enum outage_change { OUTAGE_BEGINS, OUTAGE_ENDS };

static bool is_of_nodes(const struct description_fault *fault) {
    return fault->kind == DESCRIPTION_CRASH || fault->kind == DESCRIPTION_PAUSE;
}

bool outage_declared(const struct description *description,
                     enum description_fault_kind kind,
                     uint32_t node) {
    for (uint32_t i = 0; i < description->fault_count; i++) {
        const struct description_fault *fault = &description->faults[i];
        if (fault->kind == kind && (node == 0 || fault->from == node)) {
            return true;
        }
    }
    return false;
}

static const struct description_fault *fault_of(const struct outages *outages, uint32_t index) {
    return &outages->description->faults[index];
}

uint64_t outage_until_ns(const struct outages *outages, uint32_t index) {
    const uint64_t now_ns = schedule_now_ns(outages->schedule);
    const uint64_t lasts_ns = fault_of(outages, index)->lasts_ns;
    return lasts_ns < AGENDA_NEVER - now_ns ? now_ns + lasts_ns : AGENDA_NEVER;
}

/* ---- beginning and ending ---- */

static void begin(struct outages *outages, uint32_t index) {
    const struct description_fault *fault = fault_of(outages, index);
    const struct outage_effects *effects = &outages->effects;
    struct outage *outage = &outages->all[index];
    const struct outage before = *outage;
    outage->times++; /* what it brings about may end the run */
    outage->in_force = true;
    const bool happens = fault->kind == DESCRIPTION_CRASH ? effects->crash(effects->context, index)
                                                          : effects->pause(effects->context, index);
    if (!happens) {
        *outage = before;
        return;
    }
    const uint64_t until_ns = outage_until_ns(outages, index);
    if (until_ns != AGENDA_NEVER) {
        schedule_timer_start(outages->schedule,
                             until_ns,
                             outages->handler,
                             index,
                             OUTAGE_ENDS | (uint64_t)outage->times << 1);
    }
}

static void end(struct outages *outages, uint32_t index) {
    const struct outage_effects *effects = &outages->effects;
    if (outages->all[index].in_force) {
        outages->all[index].in_force = false;
        (void)(fault_of(outages, index)->kind == DESCRIPTION_CRASH
                   ? effects->restart(effects->context, index)
                   : effects->resume(effects->context, index));
    }
}

void outage_forget_pauses(struct outages *outages, uint32_t node) {
    for (uint32_t i = 0; i < outages->description->fault_count; i++) {
        const struct description_fault *fault = fault_of(outages, i);
        if (fault->kind == DESCRIPTION_PAUSE && fault->from == node) {
            outages->all[i].in_force = false;
        }
    }
}

/* What happens may bring about more. */
void outage_settle(struct outages *outages) {
    const bool any = outages->pending_count != 0;
    for (uint32_t i = 0; i < outages->pending_count; i++) {
        const uint32_t index = outages->pending[i] >> 1;
        ((outages->pending[i] & 1) == OUTAGE_BEGINS ? begin : end)(outages, index);
    }
    outages->pending_count = 0;
    if (any) {
        outages->effects.settled(outages->effects.context);
    }
}

static void put_down(struct outages *outages, uint32_t index, enum outage_change change) {
    const uint32_t item = index << 1 | (uint32_t)change;
    for (uint32_t i = 0; i < outages->pending_count; i++) {
        if (outages->pending[i] == item) {
            return; /* at once is once */
        }
    }
    ASSERT(outages->pending_count < 2 * DESCRIPTION_FAULTS_MAX);
    outages->pending[outages->pending_count++] = item;
}

void outage_heard(struct outages *outages, uint32_t occasion) {
    for (uint32_t i = 0; i < outages->description->fault_count; i++) {
        const struct description_fault *fault = fault_of(outages, i);
        if (is_of_nodes(fault) && fault->heals_on == occasion + 1) {
            put_down(outages, i, OUTAGE_ENDS);
        }
        if (is_of_nodes(fault) && fault->begins_on == occasion + 1) {
            put_down(outages, i, OUTAGE_BEGINS);
        }
    }
}

static void on_due(void *context, const struct agenda_item *item) {
    struct outages *outages = context;
    const uint32_t index = item->subject;
    if ((item->value & 1) == OUTAGE_BEGINS) {
        put_down(outages, index, OUTAGE_BEGINS);
    } else if (item->value >> 1 == outages->all[index].times) {
        put_down(outages, index, OUTAGE_ENDS);
    }
    outage_settle(outages);
}

/* ---- a run ---- */

void outage_init(struct outages *outages,
                 struct schedule *schedule,
                 const struct description *description,
                 const struct outage_effects *effects) {
    *outages =
        (struct outages){.schedule = schedule, .description = description, .effects = *effects};
    outages->handler = schedule_handler_add(schedule, on_due, outages);
}

/* When a fault begins; AGENDA_NEVER: not in this run. */
static uint64_t draw_ns(struct outages *outages, uint32_t index) {
    const struct description_fault *fault = fault_of(outages, index);
    struct decider *who = &outages->all[index].decider;
    struct choices *choices = outages->schedule->choices;
    if (fault->at_max_ns == 0) {
        return fault->at_ns;
    }
    if (choices_draw(choices, CHOICE_FAULT, fault->from, who, NULL, 2) == 0) {
        return AGENDA_NEVER;
    }
    const uint64_t steps = (fault->at_max_ns - fault->at_ns) / OUTAGE_STEP_NS + 1;
    return fault->at_ns +
           OUTAGE_STEP_NS * choices_draw(choices, CHOICE_FAULT, fault->from, who, NULL, steps);
}

void outage_begin(struct outages *outages) {
    outages->pending_count = 0;
    for (uint32_t i = 0; i < outages->description->fault_count; i++) {
        const struct description_fault *fault = fault_of(outages, i);
        outages->all[i] =
            (struct outage){.decider.identity = identity_make(IDENTITY_FAULT, 0, i + 1)};
        if (!is_of_nodes(fault) || fault->begins_on != 0) {
            continue;
        }
        const uint64_t at_ns = draw_ns(outages, i);
        if (at_ns != AGENDA_NEVER) {
            schedule_timer_start(outages->schedule, at_ns, outages->handler, i, OUTAGE_BEGINS);
        }
    }
}
