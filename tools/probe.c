#include "tools/probe.h"

#include "sim/strategy.h"

void probe_request(struct record_request *request, unsigned index, uint32_t level) {
    const enum strategy_kind kind = index == 0 ? STRATEGY_FIFO : STRATEGY_RANDOM;
    *request = (struct record_request){.command = RECORD_RUN, .runs = 1, .exact_seed = 1};
    request->spec.strategy =
        (struct strategy_spec){.kind = kind, .level = level, .races = LEVEL_RACES_IGNORED};
    request->spec.mode = index == 0 ? CHOICES_ZERO : CHOICES_DRAW;
    request->spec.seed = index;
}

uint64_t probe_steps(const struct record *record, uint64_t before) {
    const uint64_t steps = record->choices_asked > 0 ? record->choices_asked : 1;
    return steps > before ? steps : before;
}
