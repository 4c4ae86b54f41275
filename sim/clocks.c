#include "sim/clocks.h"

#include <stddef.h>

#include "sim/identity.h"
#include "sim/panic.h"

_Static_assert(DESCRIPTION_OFFSET_MAX_NS < VCLOCK_EPOCH_NS, "no clock begins before 1970");

void clocks_init(struct clocks *clocks,
                 struct schedule *schedule,
                 const struct description *description) {
    clocks->schedule = schedule;
    clocks->description = description;
    clocks->listener_count = 0;
}

void clocks_listen(struct clocks *clocks, clocks_listener *listener, void *context) {
    ASSERT(clocks->listener_count < CLOCKS_LISTENERS_MAX);
    clocks->listeners[clocks->listener_count].function = listener;
    clocks->listeners[clocks->listener_count].context = context;
    clocks->listener_count++;
}

/* One of least, least + step … most; alternative 0 is 0. */
static int64_t draw(struct clocks *clocks,
                    uint32_t node,
                    struct decider *who,
                    const int64_t range[2],
                    uint64_t step) {
    if (range[0] == range[1]) {
        return range[0];
    }
    const uint64_t values = (uint64_t)(range[1] - range[0]) / step + 1;
    struct choices *choices = clocks->schedule->choices;
    const uint64_t taken = choices_draw(choices, CHOICE_CLOCK, node, who, NULL, values + 1);
    return taken == 0 ? 0 : range[0] + (int64_t)((taken - 1) * step);
}

/* Whether every clock is right, and stays so. */
static bool all_right(const struct description *description) {
    for (uint32_t i = 1; i <= description->node_count; i++) {
        if (description->nodes[i].clock.declared) {
            return false;
        }
    }
    for (uint32_t i = 0; i < description->fault_count; i++) {
        if (description->faults[i].kind == DESCRIPTION_JUMP) {
            return false;
        }
    }
    return true;
}

void clocks_begin(struct clocks *clocks) {
    const struct description *description = clocks->description;
    clocks->schedule->clock.nodes = NULL;
    if (all_right(description)) {
        return;
    }
    clocks->nodes[0] = (struct vclock_node){.rate = VCLOCK_RATE, .tick_ns = 1};
    for (uint32_t i = 1; i <= description->node_count; i++) {
        const struct description_clock *described = &description->nodes[i].clock;
        struct decider who = {.identity = identity_make(IDENTITY_CLOCK, 0, i)};
        const int64_t drift = draw(clocks, i, &who, described->drift_ppm, 1);
        clocks->nodes[i] = (struct vclock_node){
            .rate = (uint32_t)((int64_t)VCLOCK_RATE + drift),
            .tick_ns = described->tick_ns == 0 ? 1 : described->tick_ns,
            .offset_ns = draw(clocks, i, &who, described->offset_ns, CLOCKS_OFFSET_STEP_NS),
        };
    }
    clocks->schedule->clock.nodes = clocks->nodes;
}

static void jump(struct clocks *clocks, uint32_t node, int64_t by_ns) {
    const int64_t least = -(int64_t)VCLOCK_EPOCH_NS;
    const int64_t most = (int64_t)(VCLOCK_NS_MAX / 2);
    int64_t offset = clocks->nodes[node].offset_ns + by_ns;
    offset = offset < least ? least : offset;
    clocks->nodes[node].offset_ns = offset < most ? offset : most;
    schedule_wall_set(clocks->schedule, node);
    for (uint32_t i = 0; i < clocks->listener_count; i++) {
        clocks->listeners[i].function(clocks->listeners[i].context, node);
    }
}

void clocks_jump(struct clocks *clocks, uint32_t node, int64_t by_ns) {
    ASSERT(clocks->schedule->clock.nodes != NULL);
    ASSERT(node <= clocks->description->node_count);
    for (uint32_t i = 1; i <= clocks->description->node_count; i++) {
        if (node == 0 || node == i) {
            jump(clocks, i, by_ns);
        }
    }
}
