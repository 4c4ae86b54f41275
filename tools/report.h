/* What a person reads about a finding: one sentence, the last steps in a column per thread, who
 * waits for whom, and the line that replays it.
 *
 * Memory:      borrows everything.
 * Limits:      PHRASE_WIDTH columns, REPORT_STEPS steps.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdio.h>

#include "sim/machine/record.h"
#include "tools/symbols.h"

#define REPORT_STEPS 16

/* The report of record's last run; `replay` is what follows `sim replay` to see it again, NULL when
 * it is not stored. */
void report_print(FILE *out,
                  const struct record *record,
                  struct symbols *symbols,
                  const char *replay);

/* The heading of what report_event prints. */
void report_event_head(FILE *out);

/* One event as a line of `sim trace`, or of `sim trace --json`. */
void report_event(FILE *out,
                  const struct record *record,
                  struct symbols *symbols,
                  const struct event *event,
                  uint64_t site);
void report_event_json(FILE *out,
                       const struct record *record,
                       struct symbols *symbols,
                       const struct event *event,
                       uint64_t site);

/* What the program printed in a run: all that was kept. */
void report_output(FILE *out, const struct record *record);

#endif
