/* What becomes of a failed run: confirmed in a fresh process, stored, reported; or counted, when
 * its bug is known well enough; or refused, when it does not repeat.
 *
 *   signature ─┬─ met often, not shorter ─► a hit more
 *              └─ else: strict replay ─┬─ the same ─► corpus, fully synchronised ─► "found"
 *                                      └─ not the same ─► nondeterminism, never stored
 *
 * Memory:      none.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_CONFIRM_H
#define TOOLS_CONFIRM_H

#include "tools/quarry.h"

/* The quarry's last run ended with a finding. */
int confirm_finding(struct quarry *quarry);

/* Tells of the last run, which is not stored: all of it where every run is told (hunt->tells_runs),
 * what the program printed where one run was asked for. */
void confirm_tell(const struct quarry *quarry);

/* Counts in the corpus what was seen again and not stored. */
int confirm_flush(struct quarry *quarry);

/* The twin's last run, the same seed as the worker's, came out differently. */
void confirm_twin_differs(struct quarry *quarry);

/* Equal verdicts and fingerprints. */
bool confirm_same(const struct record *a, const struct record *b);

#endif
