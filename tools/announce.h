/* One run as one JSON object in a line, for `--json`.
 *
 *   {"event":"run","scenario":…,"number":…,"seed":…,"strategy":…,"verdict":…,"message":…,
 *    "fingerprint":…,"steps":…,"time_ns":…}        and for what was stored "signature", "id", "new"
 *
 * Memory:      none.
 */
#ifndef TOOLS_ANNOUNCE_H
#define TOOLS_ANNOUNCE_H

#include "corpus/cases.h"
#include "tools/quarry.h"

/* The quarry's last run; `stored` and `added` are NULL when it is not in the corpus. `event` says
 * what the object is. Must be called between board_print_begin and board_print_end. */
void announce_run(const struct quarry *quarry,
                  const char *event,
                  const struct case_record *stored,
                  const struct cases_added *added);

#endif
