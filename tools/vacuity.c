#include "tools/vacuity.h"

#include <inttypes.h>
#include <string.h>

#include "sim/demand.h"
#include "tools/json.h"

enum { CONSTRAINTS = DESCRIPTION_PROPERTIES_MAX, FAULTS = CONSTRAINTS + CONSTRAINTS_MAX };

/* The first to come; every worker of a module has the same description. */
static void tell(struct vacuity *vacuity, const struct description *description) {
    unsigned nobody = 0;
    if (!atomic_compare_exchange_strong(&vacuity->told, &nobody, 1)) {
        return;
    }
    for (uint32_t i = 0; i < description->property_count; i++) {
        const struct description_property *property = &description->properties[i];
        if (property->kind == DESCRIPTION_SOMETIMES) {
            memcpy(vacuity->sentences[i], property->sentence, sizeof property->sentence);
        } else if (property->after != 0) {
            demand_after_print(description, i, vacuity->sentences[i], VACUITY_SENTENCE_SIZE);
        } else {
            memcpy(vacuity->counters[i], property->counter, sizeof property->counter);
        }
    }
    for (uint32_t i = 0; i < description->demanded.count; i++) {
        demand_print(description, i, vacuity->sentences[CONSTRAINTS + i], VACUITY_SENTENCE_SIZE);
    }
    for (uint32_t i = 0; i < description->fault_count; i++) {
        if (demand_fault_told(description, i)) {
            demand_fault_print(description,
                               i,
                               vacuity->sentences[FAULTS + i],
                               VACUITY_SENTENCE_SIZE);
        }
    }
    vacuity->told = 2;
}

void vacuity_count(struct vacuity *vacuity, const struct record *record) {
    tell(vacuity, &record->description);
    for (uint32_t i = 0; i < record->description.property_count; i++) {
        vacuity->runs[i] += record->held[i];
        vacuity->counted[i] += record->counted[i];
    }
    for (uint32_t i = 0; i < record->description.demanded.count; i++) {
        vacuity->runs[CONSTRAINTS + i] +=
            record->outcomes[i][CONSTRAINT_EXERCISED] + record->outcomes[i][CONSTRAINT_REFUSED];
    }
    for (uint32_t i = 0; i < record->description.fault_count; i++) {
        vacuity->runs[FAULTS + i] += record->begun[i];
    }
    unmet_count(vacuity->unmet, record);
}

const char *vacuity_sentence(const struct vacuity *vacuity, uint32_t index) {
    return vacuity->told == 2 && vacuity->sentences[index][0] != '\0' ? vacuity->sentences[index]
                                                                      : NULL;
}

const struct unmet *vacuity_unmet(const struct vacuity *vacuity, uint32_t index) {
    return index >= CONSTRAINTS && index < FAULTS ? &vacuity->unmet[index - CONSTRAINTS] : NULL;
}

const char *vacuity_uncounted(const struct vacuity *vacuity, uint32_t index) {
    const char *counter = vacuity->counters[index];
    if (vacuity->told != 2 || counter[0] == '\0' || vacuity->counted[index] > 0) {
        return NULL;
    }
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(vacuity->counters[i], counter) == 0) {
            return NULL;
        }
    }
    return counter;
}

void vacuity_uncounted_print(FILE *out, bool json, const char *scenario, const char *counter) {
    if (json) {
        fprintf(out, "{\"event\":\"uncounted\",");
        json_field(out, "scenario", scenario);
        fprintf(out, ",");
        json_field(out, "counter", counter);
        fprintf(out, "}\n");
    } else {
        fprintf(out,
                "  %s: no run counted \"%s\", which a property is about: is it spelt as in "
                "sim_count()?\n",
                scenario,
                counter);
    }
}

void vacuity_print(FILE *out,
                   bool json,
                   const char *scenario,
                   const char *sentence,
                   uint64_t runs) {
    if (json) {
        fprintf(out, "{\"event\":\"sometimes\",");
        json_field(out, "scenario", scenario);
        fprintf(out, ",");
        json_field(out, "sentence", sentence);
        fprintf(out, ",\"runs\":%" PRIu64 "}\n", runs);
    } else if (runs == 0) {
        fprintf(out, "  %s: %s: in no run\n", scenario, sentence);
    } else {
        fprintf(out,
                "  %s: %s: in %" PRIu64 " run%s\n",
                scenario,
                sentence,
                runs,
                runs == 1 ? "" : "s");
    }
}
