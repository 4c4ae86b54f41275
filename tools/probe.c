#include "tools/probe.h"

#include "sim/strategy.h"

#define RUNS 3

void probe_open(struct probe *probe, const struct strategy_spec *asked) {
    probe->asked = *asked;
    probe->runs = 0;
    probe->steps = asked->steps;
    pairs_clear(&probe->pairs);
}

bool probe_done(const struct probe *probe) {
    const bool knows = probe->asked.steps != 0 && !strategy_profiles(&probe->asked);
    return probe->runs == RUNS || knows || !strategy_probes(&probe->asked);
}

void probe_request(const struct probe *probe, struct record_request *request) {
    const bool first = probe->runs == 0;
    *request = (struct record_request){.command = RECORD_RUN, .runs = 1, .exact_seed = 1};
    request->spec.strategy = (struct strategy_spec){.kind = first ? STRATEGY_FIFO : STRATEGY_RANDOM,
                                                    .level = probe->asked.level,
                                                    .races = LEVEL_RACES_IGNORED,
                                                    .memory = probe->asked.memory};
    request->spec.mode = first ? CHOICES_ZERO : CHOICES_DRAW;
    request->spec.seed = probe->runs;
}

void probe_learn(struct probe *probe, const struct record *record) {
    const uint64_t steps = record->choices_asked > 0 ? record->choices_asked : 1;
    probe->runs++;
    if (probe->asked.steps == 0 && steps > probe->steps) {
        probe->steps = steps;
    }
    if (strategy_profiles(&probe->asked)) {
        pairs_gather(&probe->pairs, record);
    }
}

struct strategy_spec probe_tell(const struct probe *probe, struct record *record) {
    struct strategy_spec spec = probe->asked;
    const enum level level = description_level(&record->description, spec.level);
    const uint32_t id = pairs_tell(&probe->pairs, record);
    spec.steps = probe->steps;
    spec.profile = spec.kind == STRATEGY_MIX && level <= LEVEL_CALLS ? 0 : id;
    return spec;
}
