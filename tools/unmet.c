#include "tools/unmet.h"

#include <inttypes.h>

#include "tools/json.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)

static void raise_to(_Atomic uint64_t *greatest, uint64_t value) {
    uint64_t seen = *greatest;
    while (seen < value && !atomic_compare_exchange_weak(greatest, &seen, value)) {
    }
}

static void widen(struct unmet_interval *interval, uint64_t from_ns, uint64_t to_ns) {
    raise_to(&interval->least_inverted, ~from_ns);
    raise_to(&interval->greatest, to_ns);
}

void unmet_count(struct unmet *unmet, const struct record *record) {
    for (uint32_t i = 0; i < record->description.demanded.count; i++) {
        const struct record_conflict *conflict = &record->conflicts[i];
        const uint64_t infeasible = record->outcomes[i][CONSTRAINT_INFEASIBLE];
        unmet[i].refused += record->outcomes[i][CONSTRAINT_REFUSED];
        unmet[i].infeasible += infeasible;
        if (infeasible > 0) {
            widen(&unmet[i].arrives, conflict->earliest_ns, conflict->latest_ns);
        }
        if (infeasible > 0 && conflict->came_count > 0) {
            unmet[i].awaited_count += conflict->came_count;
            widen(&unmet[i].awaited, conflict->came_first_ns, conflict->came_last_ns);
        }
    }
}

static void print_ms(FILE *out, uint64_t ns) {
    fprintf(out, "%" PRIu64 ".%03" PRIu64, ns / NS_PER_MS, ns % NS_PER_MS / NS_PER_US);
}

static void print_interval(FILE *out, const struct unmet_interval *interval) {
    print_ms(out, ~interval->least_inverted);
    fprintf(out, " to ");
    print_ms(out, interval->greatest);
    fprintf(out, " ms");
}

static const char *plural(uint64_t runs) {
    return runs == 1 ? "" : "s";
}

static void print_infeasible(FILE *out, const struct unmet *unmet) {
    fprintf(out,
            "    infeasible in %" PRIu64 " run%s: the message can arrive from ",
            unmet->infeasible,
            plural(unmet->infeasible));
    print_interval(out, &unmet->arrives);
    if (unmet->awaited_count == 0) {
        fprintf(out, ",\n    and what it was held for never came\n");
        return;
    }
    fprintf(out, ",\n    and what it was held for came from ");
    print_interval(out, &unmet->awaited);
    if (unmet->awaited_count < unmet->infeasible) {
        const uint64_t never = unmet->infeasible - unmet->awaited_count;
        fprintf(out, ", or never (%" PRIu64 " run%s)", never, plural(never));
    }
    fprintf(out, "\n");
}

static void print_json(FILE *out, const char *scenario, const struct unmet *unmet) {
    fprintf(out, "{\"event\":\"unmet\",");
    json_field(out, "scenario", scenario);
    fprintf(out,
            ",\"refused\":%" PRIu64 ",\"infeasible\":%" PRIu64,
            unmet->refused,
            unmet->infeasible);
    if (unmet->infeasible > 0) {
        fprintf(out,
                ",\"arrives_ns\":[%" PRIu64 ",%" PRIu64 "]",
                ~unmet->arrives.least_inverted,
                unmet->arrives.greatest);
    }
    if (unmet->awaited_count > 0) {
        fprintf(out,
                ",\"awaited_ns\":[%" PRIu64 ",%" PRIu64 "]",
                ~unmet->awaited.least_inverted,
                unmet->awaited.greatest);
    }
    fprintf(out, "}\n");
}

void unmet_print(FILE *out, bool json, const char *scenario, const struct unmet *unmet) {
    if (unmet->refused == 0 && unmet->infeasible == 0) {
        return;
    }
    if (json) {
        print_json(out, scenario, unmet);
        return;
    }
    if (unmet->refused > 0) {
        fprintf(out,
                "    refused in %" PRIu64 " run%s: nothing else could go on than who was held\n",
                unmet->refused,
                plural(unmet->refused));
    }
    if (unmet->infeasible > 0) {
        print_infeasible(out, unmet);
    }
}
