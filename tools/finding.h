/* A finding as a case: everything that the corpus stores, from what a worker's record holds.
 *
 * Memory:      finding_case allocates choices; case_deinit frees them.
 * Errors:      enum status.
 */
#ifndef TOOLS_FINDING_H
#define TOOLS_FINDING_H

#include "sim/case.h"
#include "sim/machine/record.h"
#include "tools/symbols.h"

/* Of a file's content. */
MUST_USE enum status finding_file_hash(const char *path, struct hash *hash);

/* Of everything that executes in a worker: the scenario's module, libsim and every library that is
 * loaded, by content; where they lie does not matter. */
MUST_USE enum status
finding_build(const struct record *record, const char *module, struct hash *build);

/* What makes two findings the same bug; all that is needed to count one. */
struct hash finding_signature(const struct record *record, struct symbols *symbols);

/* Fills and seals a case. `module` is the scenario's path, `name` what the user called it. */
MUST_USE enum status finding_case(const struct record *record,
                                  struct symbols *symbols,
                                  const char *module,
                                  const char *name,
                                  struct case_record *stored);

#endif
