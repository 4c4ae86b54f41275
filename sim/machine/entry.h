/* The way in for a worker: opens the machine with all its hooks, runs seeds, resets between.
 *
 * Memory:      the record is the supervisor's; see sim/machine/record.h.
 * Errors:      entry_open: record->error says why.
 * Threads:     the process's first thread.
 */
#ifndef SIM_MACHINE_ENTRY_H
#define SIM_MACHINE_ENTRY_H

#include <stdbool.h>

#include "sim/machine/machine.h"

#define ENTRY_EXPORT __attribute__((visibility("default")))

/* `crashed` is called when the process cannot go on, perhaps in a signal handler; the record then
 * holds verdict, trace and choices. It must not return. */
ENTRY_EXPORT bool
entry_open(struct record *record, const struct machine_options *options, void (*crashed)(void));

/* One run, in this process. */
ENTRY_EXPORT void entry_run(const struct world_spec *spec);

/* Writes events of the following runs to a descriptor as blocks: u32 count, count events, count
 * sites of 64 bits (sim/trace.h). `count` blocks of each run from its block `first` on; count 0:
 * all of them. Descriptor -1: no longer. */
ENTRY_EXPORT void entry_stream(int descriptor, uint64_t first, uint64_t count);

/* Before the next run in this process. */
ENTRY_EXPORT void entry_reset(void);

#endif
