/* Restoring every writable page that a run changed.
 *
 *   image_track(start, end) … ─► protected ─► first write to a page: image_fault, once per worker:
 *                                             its content is kept, the page becomes "hot"
 *   image_reset ─► every hot page gets its kept content back
 *
 * After a few runs the pages that this scenario writes are all hot: a reset is then a handful of
 * copies of 4 KiB and no system call.
 *
 * Tracked are the writable segments of every loaded image but libsim and the worker's own program,
 * the persistent zone of the heap, and the stacks of simulated threads.
 *
 * Memory:      kept contents, in memory of our own.
 * Limits:      IMAGE_RANGES_MAX, IMAGE_HOT_MAX pages; beyond them we panic.
 * Errors:      none.
 * Threads:     one OS thread; image_fault runs in a signal handler.
 * Determinism: after a reset, tracked memory is as it was when it was protected.
 */
#ifndef SIM_MACHINE_IMAGE_H
#define SIM_MACHINE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_RANGES_MAX 16384
#define IMAGE_HOT_MAX (1u << 20)
#define IMAGE_PAGE_SIZE 4096

/* Tracks the writable segments of all loaded images, except those that contain one of the given
 * addresses. */
void image_track_loaded(const void *const *except, unsigned except_count);

/* Tracks and protects a range of whole pages. */
void image_track(uintptr_t start, uintptr_t end);

/* The same for memory that is all zero now. */
void image_track_zero(uintptr_t start, uintptr_t end);

/* A write to this address faulted. True when it was to a tracked page, which may now be written. */
bool image_fault(uintptr_t address);

/* Makes pages hot before the kernel writes to them on our behalf: it would get EFAULT. */
void image_prepare(void *bytes, size_t size);

void image_reset(void);

/* Keeps what is now in the writable segments of a node's copies, and in these bytes of the heap,
 * which its load has taken. Before the node first runs; once for each node. */
void image_keep(uint32_t node, uintptr_t heap_start, uintptr_t heap_end);

/* Puts it back. With any back end, also where nothing is tracked. */
void image_bring_back(uint32_t node);

#endif
