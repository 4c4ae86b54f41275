/* Descriptor numbers: a table for each node, and how a call gets at the file behind a number.
 *
 *   descriptor_enter ─► point; then the number is looked up and its file held ─┐
 *   effect on the file                                                         │
 *   descriptor_leave ─► event; the file is let go, closed if it was the last ◄─┘
 *
 * The number is looked up after the decision: another thread may have closed it in the meantime,
 * or opened something else under it. A call that waits keeps its file, whoever closes the number.
 * A node begins with 0, 1 and 2 open; its table is set up when it is first used.
 *
 * Memory:      tables in the world's arena, touched as far as used.
 * Limits:      DESCRIPTORS_MAX numbers for each node, and the limit that a call gives.
 * Errors:      negative errno values.
 * Threads:     the world's only; all calls concern the running thread's node.
 * Determinism: the lowest free number is taken.
 */
#ifndef SIM_DESCRIPTOR_H
#define SIM_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/file.h"
#include "sim/schedule.h"

#define DESCRIPTORS_MAX 65536u

struct descriptor_table {
    uint64_t run;    /* the run it was set up for */
    uint32_t high;   /* numbers from here on are free */
    uint32_t lowest; /* numbers below are taken */
    uint32_t open;
    uint32_t *slots; /* by number: file << 1 | close-on-exec */
};

struct descriptors {
    struct files *files;
    struct schedule *schedule;
    uint64_t run;
    struct descriptor_table *tables; /* by node */
};

uint64_t descriptor_arena_size(uint32_t nodes);

/* Once. */
void descriptor_init(struct descriptors *descriptors,
                     struct arena *arena,
                     struct files *files,
                     uint32_t nodes);

/* Starts a run. After file_begin. */
void descriptor_begin(struct descriptors *descriptors);

/* The file behind a number, 0 = not open. */
uint32_t descriptor_file(struct descriptors *descriptors, int64_t number);

/* Announces a point about a number; then returns its file, held, or 0 when it is not open. */
uint32_t descriptor_enter(struct descriptors *descriptors,
                          int64_t number,
                          enum point_kind kind,
                          const void *site);

/* Leaves the event and lets the file go (0: there was none). Returns the result. */
int64_t descriptor_leave(struct descriptors *descriptors,
                         uint32_t file,
                         enum point_kind kind,
                         int64_t result,
                         const void *site);

/* Gives a file the lowest free number from `minimum` on, below `limit`; takes over the caller's
 * reference. -EMFILE: the file is dropped. -EINVAL: minimum is no such number. */
int64_t descriptor_install(struct descriptors *descriptors,
                           uint32_t file,
                           uint64_t minimum,
                           uint64_t limit,
                           bool close_on_exec);

/* The same for a new file of the running thread's node. Adds -ENFILE. */
int64_t descriptor_create(struct descriptors *descriptors,
                          enum file_kind kind,
                          uint32_t status,
                          uint32_t subject,
                          uint64_t limit,
                          bool close_on_exec);

/* 0, or -EMFILE: no number is free below `limit`. */
int64_t descriptor_room(struct descriptors *descriptors, uint64_t limit);

/* Gives a file this very number, closing what it was; takes over the caller's reference. */
void descriptor_replace(struct descriptors *descriptors,
                        uint32_t file,
                        uint32_t number,
                        bool close_on_exec);

/* 0 or -EBADF. No point, no event. */
int64_t descriptor_close(struct descriptors *descriptors, int64_t number);

/* close_range(): closes or marks all numbers from first to last. */
void descriptor_close_range(struct descriptors *descriptors,
                            uint32_t first,
                            uint32_t last,
                            bool only_mark);

/* Reads and sets close-on-exec of a number that is open. */
bool descriptor_close_on_exec(struct descriptors *descriptors, uint32_t number);
void descriptor_close_on_exec_set(struct descriptors *descriptors, uint32_t number, bool set);

/* The lowest open number from `from` on that is not one of the standard streams as the node began
 * with them; -1 = none. */
int64_t descriptor_next(struct descriptors *descriptors, uint32_t node, uint32_t from);

/* A node is gone: closes its numbers in ascending order, then what calls still held. */
void descriptor_node_end(struct descriptors *descriptors, uint32_t node);

/* After that: who runs there again begins with the standard streams alone. */
void descriptor_node_crash(struct descriptors *descriptors, uint32_t node);

#endif
