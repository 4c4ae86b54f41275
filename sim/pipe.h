/* Pipes: pipe2(), and the two ends it makes.
 *
 *   write ─► [page][page][page] ─► read        at most PIPE_PAGES_DEFAULT pages at once
 *
 * Room is counted in pages as Linux does (fs/pipe.c): a write goes into the rest of the last page
 * if its odd bytes fit there, and else into fresh pages; what a reader takes frees whole pages
 * only. So a pipe can be full below its capacity in bytes.
 *
 * Memory:      records and bytes in the world's arena.
 * Limits:      PIPES_MAX open at once, then -ENFILE; PIPE_PAGES_MAX pages each.
 * Units:       bytes.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_PIPE_H
#define SIM_PIPE_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/bytes.h"
#include "sim/readiness.h"

#define PIPES_MAX 16384u
#define PIPE_PAGES_DEFAULT 16u
#define PIPE_PAGES_MAX 256u

struct pipes {
    struct pool table;
    struct bytes *bytes;
    struct readiness *readiness;
    struct files *files;
    struct schedule *schedule;
};

uint64_t pipe_arena_size(void);

/* Once. Registers FILE_PIPE. Bytes in the pipes live in `bytes`. */
void pipe_init(struct pipes *pipes,
               struct arena *arena,
               struct readiness *readiness,
               struct bytes *bytes);

/* Starts a run. */
void pipe_begin(struct pipes *pipes);

/* pipe2(): the numbers of both ends. 0, -EMFILE, -ENFILE. flags: O_NONBLOCK, O_CLOEXEC. */
int64_t pipe_open(struct pipes *pipes, int flags, uint64_t limit, int numbers[2]);

/* fcntl(F_GETPIPE_SZ) and F_SETPIPE_SZ of a FILE_PIPE. The new capacity;
 * -EBUSY, -EINVAL, -EPERM. */
int64_t pipe_capacity(const struct pipes *pipes, uint32_t file);
int64_t pipe_capacity_set(struct pipes *pipes, uint32_t file, uint64_t size);

/* Bytes that a read would find, for ioctl(FIONREAD). */
uint32_t pipe_readable(const struct pipes *pipes, uint32_t file);

#endif
