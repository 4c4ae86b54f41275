/* Where the contents of files that a run writes lie: files without a name, in $TMPDIR or /tmp.
 *
 *   storage_take ─► an empty file of the host, by descriptor ─► storage_give: empty and free again
 *
 * Context:     what a run writes must never reach the host's files, and must be gone afterwards,
 *              however the worker ends.
 * Decision:    the files have no name (O_TMPFILE): only their descriptors lead to them, and the
 *              kernel removes them with the process, also after kill -9. Names, modes and times
 *              are kept in memory (sim/machine/tree.h).
 * Price:       a descriptor of the host for each file that a run writes. Where the folder's file
 *              system has no files without a name, they lie in memory (memfd).
 *
 * Memory:      a table of descriptors, REAL_DESCRIPTOR_FIRST and above, kept for later runs.
 * Limits:      STORAGE_FILES_MAX in use at once; beyond them VERDICT_LIMIT.
 * Errors:      a full disk and the like are the host's, no finding: record->error says so and the
 *              worker ends.
 * Threads:     simulated threads.
 * Determinism: a file that is taken is empty, whoever had it before.
 */
#ifndef SIM_MACHINE_STORAGE_H
#define SIM_MACHINE_STORAGE_H

#include <stdint.h>

#define STORAGE_FILES_MAX 262144u

/* Once, before the first run: finds out where. */
void storage_open(void);

/* Before a run: all files are empty and free. */
void storage_begin(void);

int storage_take(void);
void storage_give(int descriptor);

/* Writes all bytes at a position. 0, or -EFAULT: the program has no such memory. */
int64_t storage_write(int descriptor, const void *bytes, uint64_t size, uint64_t position);

void storage_resize(int descriptor, uint64_t size);

/* Copies what another descriptor of the host holds; returns its size. */
uint64_t storage_copy(int descriptor, int from);

/* Makes room on the disk for what a mapping will write. */
void storage_reserve(int descriptor, uint64_t position, uint64_t size);

#endif
