/* What all operations on descriptors share: one resume function, and for each kind what it tries.
 *
 *   operation ──begin──► source ──ready──► kind->attempt ──► its result
 *                          └─ not ready ──► the strand waits (executor/source.h)
 *
 * The table of kinds is the seam for another back end: one on io_uring would fill a submission from
 * the same frames in place of `attempt`, wait for its completion in place of the source, and on a
 * cancel ask for the operation's end and wait for that, since the kernel owns the buffers until
 * then. The frames, their initialisers and their results stay as they are.
 *
 * Threads: an operation belongs to its strand.
 */
#ifndef EXECUTOR_IO_H
#define EXECUTOR_IO_H

#include "executor/source.h"

#include <ex/io.h>

struct ex_io_kind {
    unsigned direction; /* EX_SOURCE_READ, EX_SOURCE_WRITE */
    /* One system call on a descriptor that does not block. What the operation returns, or
     * EX_SOURCE_WAIT, or EX_SOURCE_AGAIN; adds to done_size what it transferred so far. */
    int64_t (*attempt)(struct ex_io_operation *self, int descriptor);
};

/* The frame of an operation, ready to be awaited. */
struct ex_frame *
ex_io_operation(struct ex_io_operation *self, struct ex_io io, const struct ex_io_kind *kind);

/* What a system call that failed means to the operation:
 * EX_SOURCE_WAIT, EX_SOURCE_AGAIN, -errno. */
int64_t ex_io_error(void);

/* The number, which nobody gives back to the system until the release; -EBADF, and nothing to
 * release. For one call that does not wait. */
int ex_io_hold(struct ex_io io);
void ex_io_release(struct ex_io io);

/* Takes over a descriptor that was made for nothing else and does not block: on an error it is
 * closed. */
int ex_io_adopt_new(struct ex_io *io,
                    struct ex_scheduler *scheduler,
                    int descriptor,
                    bool is_socket);

/* The same for two, both or none. */
int ex_io_adopt_pair(struct ex_io ends[2],
                     struct ex_scheduler *scheduler,
                     const int descriptors[2],
                     bool is_socket);

/* The same, in the scheduler of `beside`, on which an operation is under way. */
int ex_io_adopt_beside(struct ex_io *io, struct ex_io beside, int descriptor, bool is_socket);

#endif
