/* The allocator behind malloc in a worker: three zones at fixed addresses.
 *
 *   persistent   before the first run: loaded images' constructors, ld.so. Tracked and restored.
 *   run          inside a run. Rewound and zeroed by a reset.
 *   machine      libsim's own needs between and during runs. Never reset.
 *
 *   block:  | size class u32 | state u32 | offset u64 |  payload, aligned to 16 …
 *
 * Size classes of 16 bytes up to 1 KiB, then four per power of two; freed blocks of a class are
 * taken again last first. Fresh memory is zero, so what a program reads from an uninitialised
 * block is a function of its run; with a fill byte set, every block is filled instead, so that a
 * program that depends on it comes out differently (the determinism self-check does this).
 *
 * Memory:      address space is reserved once; pages are touched as they are used.
 * Limits:      heap_set_limit bytes of a run; beyond it malloc returns NULL.
 * Errors:      NULL; a double or wild free is reported through heap_misuse.
 * Threads:     one simulated thread at a time; never a point, costs no virtual time.
 * Determinism: addresses of a run's blocks depend on its sequence of calls alone.
 */
#ifndef SIM_MACHINE_HEAP_H
#define SIM_MACHINE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_zone { HEAP_PERSISTENT, HEAP_RUN, HEAP_MACHINE, HEAP_ZONE_COUNT };

/* Where the zones lie, one behind the other. */
#define HEAP_BASE UINT64_C(0x200000000000)
#define HEAP_ZONE_STRIDE UINT64_C(0x010000000000)
#define HEAP_END (HEAP_BASE + HEAP_ZONE_COUNT * HEAP_ZONE_STRIDE)

/* Where the next allocations go. Returns the zone before, to go back to. */
enum heap_zone heap_enter(enum heap_zone zone);

/* True when they are of the run: the program's, or for it. */
bool heap_in_run(void);

/* Called with a sentence on a double free or the free of a pointer that malloc never gave. May
 * return: the free is then ignored. */
typedef void heap_misuse(const char *what, const void *pointer);

void heap_set_misuse(heap_misuse *function);

/* Bytes a run may use; the default is all that is reserved. */
void heap_set_limit(uint64_t bytes);

/* 0 = fresh memory is zero; else every new block of the run is filled with this byte. */
void heap_set_fill(unsigned char fill);

/* Empties the run zone and zeroes what was used of it. */
void heap_reset(void);

/* The address range of the persistent zone that is in use, for tracking. */
void heap_persistent_range(uintptr_t *start, uintptr_t *end);

/* Where the next fresh block of the persistent zone comes to lie, or behind it. */
uintptr_t heap_persistent_end(void);

void *heap_take(size_t size);
void *heap_take_aligned(size_t alignment, size_t size);
void *heap_resize(void *block, size_t size);
void heap_give(void *block);

/* A number that a block keeps until it is given back, and that number; 0 = it is none of ours. */
void heap_mark(void *block, uint32_t number);
uint32_t heap_marked(const void *block);
size_t heap_usable(const void *block);

#endif
