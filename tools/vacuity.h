/* What scenarios say must happen sometimes, and in how many runs of a campaign it did.
 *
 *   lanes ──vacuity_count──► board ──ledger──► corpus ──sum of all days──► the last lines
 *
 * A search in which one never held says nothing about what it was made for. Neither does one in
 * which some occasion of a constraint never came, or the one that a fault waits for.
 *
 * Memory:      part of the board, shared by the processes of the campaign.
 * Limits:      VACUITY_MARKS_MAX a scenario.
 * Threads:     any process may count; the reader sees a mark once its sentence is complete.
 */
#ifndef TOOLS_VACUITY_H
#define TOOLS_VACUITY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/machine/record.h"
#include "tools/unmet.h"

#define VACUITY_MARKS_MAX (DESCRIPTION_PROPERTIES_MAX + CONSTRAINTS_MAX + DESCRIPTION_FAULTS_MAX)
#define VACUITY_SENTENCE_SIZE 256

/* Properties, then constraints, then faults, by their index in the scenario's description. All
 * zero: no worker has told yet. */
struct vacuity {
    atomic_uint told; /* 0, 1 while one process writes the sentences, 2 */
    char sentences[VACUITY_MARKS_MAX][VACUITY_SENTENCE_SIZE]; /* "" = not asked */
    _Atomic uint64_t runs[VACUITY_MARKS_MAX];                 /* in which it held, or came */
    char counters[DESCRIPTION_PROPERTIES_MAX][DESCRIPTION_NAME_SIZE]; /* of the other properties */
    _Atomic uint64_t counted[DESCRIPTION_PROPERTIES_MAX]; /* runs in which somebody counted it */
    struct unmet unmet[CONSTRAINTS_MAX];                  /* the constraints' */
};

/* Adds the runs of the record's last request. */
void vacuity_count(struct vacuity *vacuity, const struct record *record);

/* The sentence of a mark, NULL when the property is none. */
const char *vacuity_sentence(const struct vacuity *vacuity, uint32_t index);

/* Why the constraint with this mark was not met in some runs; NULL when it is no constraint's. */
const struct unmet *vacuity_unmet(const struct vacuity *vacuity, uint32_t index);

/* A counter that a property is about and that no run counted, NULL when there is none with this
 * index or it has been named with a lower one. A misspelt one looks like this; so does a counter of
 * errors when there are none. */
const char *vacuity_uncounted(const struct vacuity *vacuity, uint32_t index);

void vacuity_uncounted_print(FILE *out, bool json, const char *scenario, const char *counter);

/* One line about one mark. */
void vacuity_print(FILE *out, bool json, const char *scenario, const char *sentence, uint64_t runs);

#endif
