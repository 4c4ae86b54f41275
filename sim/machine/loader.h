/* A copy of a module, and of the libraries it needs, for every node.
 *
 *   module.so ── needs ─► libuv.so.1        node 1: 001ule.so ── needs ─► 001uv.so.1
 *                                           node 2: 002ule.so ── needs ─► 002uv.so.1
 *
 * Nodes are processes: each has its own globals. A copy is the file with the first letters of its
 * own name and of the names it needs replaced, in memory, opened with dlopen. libc, ld.so and the
 * compilers' run-time libraries are not copied: the simulator supplies what is per process there.
 *
 * Memory:      copies stay for the life of the process.
 * Limits:      LOADER_LIBRARIES_MAX images of all modules; 238,328 nodes.
 * Errors:      false, with a sentence in `error`.
 * Threads:     the process's first thread, before any run.
 * Determinism: addresses differ from process to process (ASLR); nothing may depend on them.
 */
#ifndef SIM_MACHINE_LOADER_H
#define SIM_MACHINE_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/machine/record.h"

#define LOADER_LIBRARIES_MAX 128
#define LOADER_MODULES_MAX 32

/* Opens a module itself, under a number of its own below LOADER_MODULES_MAX: 0 is the one with the
 * description. NULL: `error` says why. */
void *loader_open(uint32_t module, const char *path, char *error, size_t error_size);

/* Makes one node's copies of a module that is open; returns its handle, NULL: `error` says why. */
void *loader_copy(uint32_t module, uint32_t node, char *error, size_t error_size);

/* The node whose copy of an image lies at this base, 0 = it is none. */
uint32_t loader_node(uintptr_t base);

/* Lists every image of the process, copies under their original's path. */
void loader_list(struct record_image *images, uint32_t *count);

#endif
