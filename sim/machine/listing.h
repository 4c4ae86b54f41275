/* What an open folder shows: its names in order, as they were when it was first read.
 *
 * Memory:      a mapping of its own, until it is destroyed.
 * Limits:      LISTING_SIZE bytes of names: VERDICT_LIMIT.
 * Errors:      negative errno values.
 * Threads:     simulated threads.
 * Determinism: "." and "..", then by bytes: the host's order depends on its file system.
 */
#ifndef SIM_MACHINE_LISTING_H
#define SIM_MACHINE_LISTING_H

#include <stdint.h>

struct listing;

/* 0, or why the host's folder cannot be read. */
int64_t listing_create(uint32_t folder, struct listing **listing);
void listing_destroy(struct listing *listing);

/* getdents64() from the name at `*at` on, which is moved. Bytes; -EINVAL: no room for one. */
int64_t listing_read(const struct listing *listing, int64_t *at, void *records, uint64_t size);

#endif
