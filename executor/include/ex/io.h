/* Descriptors that tasks wait for: sockets, pipes, terminals, whatever epoll knows.
 *
 *   struct ex_io pipe[2];
 *   int status = ex_io_pipe(pipe, NULL);
 *   …
 *   EX_AWAIT(ex_io_read(&self->read, pipe[0], self->bytes, sizeof self->bytes));
 *   if (value <= 0) …                          // the end (0), or a negative errno
 *
 *   operation ──► try ──► done: returns without having waited, as a plain call does
 *                  └─ EAGAIN ──► waits ──► ready ──► try …
 *
 * A handle names one opening: once it is closed, by whichever task, every operation on it returns
 * -EBADF, those that wait included, whatever became of its number. At any time one operation may
 * read from a descriptor (accept and receive are reads) and one may write (connect is a write); a
 * second one panics.
 *
 * The number is the library's from ex_io_open on. After a close(2) of it nobody who waits would
 * ever be told, and ex_io_close panics, before it closes what the number may be by then.
 *
 * Cancellation (ex/task.h) and deadlines (ex/timer.h) end an operation where it waits. One that has
 * transferred bytes returns how many, less than all, and the next await is told; one that has
 * transferred none returns -ECANCELED. So no byte is lost. The same goes for errors.
 *
 * A write to a pipe that nobody reads raises SIGPIPE: ignore it, to get -EPIPE. Sockets never do.
 * Regular files are always ready, and block: ex/file.h.
 *
 * Memory:  the scheduler's; buffers are borrowed until the operation returns. A build for a small
 *          machine (EX_SMALL) has nothing of this.
 * Errors:  negative errno values.
 * Threads: what belongs to a local scheduler, on its thread, and told while that scheduler is run;
 *          else any task of any worker. A number is closed once no thread is in a call with it.
 * Price:   two system calls to open and close, and one more for each wait.
 */
#ifndef EXECUTOR_INCLUDE_EX_IO_H
#define EXECUTOR_INCLUDE_EX_IO_H

#include <ex/strand.h>
#include <sys/types.h>
#include <sys/uio.h>

struct ex_scheduler;
struct ex_source;

struct ex_io {
    struct ex_source *source;
    uint32_t generation;
};

/* A handle that is not open. */
#define EX_IO_NONE ((struct ex_io){NULL, 0})

/* Takes a descriptor over, and makes it non-blocking. NULL: the calling task's scheduler, whose
 * destruction closes what is open still. On an error the descriptor remains the caller's: -EBADF
 * (no descriptor), -EPERM (a regular file), -EEXIST (taken over already), -EMFILE, -ENOMEM,
 * -ENOSPC. */
EX_PUBLIC int ex_io_open(struct ex_io *io, struct ex_scheduler *scheduler, int descriptor);

/* The two ends of a pipe: to read from, to write to. */
EX_PUBLIC int ex_io_pipe(struct ex_io ends[2], struct ex_scheduler *scheduler);

/* From any task or, unless the scheduler is local, any thread. -EBADF: it was closed. */
EX_PUBLIC int ex_io_close(struct ex_io io);

/* The number, borrowed, for fcntl and the like; -EBADF. */
EX_PUBLIC int ex_io_descriptor(struct ex_io io);

/* What every operation begins with. */
struct ex_io_operation {
    struct ex_frame frame;
    struct ex_io io;
    const struct ex_io_kind *kind;
    size_t done_size; /* bytes so far */
};

struct ex_io_transfer {
    struct ex_io_operation operation;
    union {
        void *into;       /* of a read */
        const void *from; /* of a write */
    } bytes;
    size_t size;
};

/* Awaitable: at least one byte, at most `size`; how many. 0: the end, or size was 0. */
struct ex_io_read {
    struct ex_io_transfer transfer;
};
EX_PUBLIC struct ex_frame *
ex_io_read(struct ex_io_read *self, struct ex_io io, void *bytes, size_t size);

/* Awaitable: `size` bytes; less: the end, an error, or a cancel. */
struct ex_io_read_all {
    struct ex_io_transfer transfer;
};
EX_PUBLIC struct ex_frame *
ex_io_read_all(struct ex_io_read_all *self, struct ex_io io, void *bytes, size_t size);

/* Awaitable: writes all; `size`. Less: an error, or a cancel. */
struct ex_io_write {
    struct ex_io_transfer transfer;
};
EX_PUBLIC struct ex_frame *
ex_io_write(struct ex_io_write *self, struct ex_io io, const void *bytes, size_t size);

struct ex_io_vector {
    struct ex_io_operation operation;
    const struct iovec *vector;
    size_t count;
};

/* Awaitable: ex_io_read into several buffers, in their order. */
struct ex_io_readv {
    struct ex_io_vector vector;
};
EX_PUBLIC struct ex_frame *
ex_io_readv(struct ex_io_readv *self, struct ex_io io, const struct iovec *vector, size_t count);

/* Awaitable: ex_io_write of several buffers, in their order. */
struct ex_io_writev {
    struct ex_io_vector vector;
};
EX_PUBLIC struct ex_frame *
ex_io_writev(struct ex_io_writev *self, struct ex_io io, const struct iovec *vector, size_t count);

/* Awaitable: 0 as soon as a read, or a write, would not block; for libraries that bring descriptors
 * of their own. */
struct ex_io_wait {
    struct ex_io_operation operation;
};
EX_PUBLIC struct ex_frame *ex_io_wait_readable(struct ex_io_wait *self, struct ex_io io);
EX_PUBLIC struct ex_frame *ex_io_wait_writable(struct ex_io_wait *self, struct ex_io io);

#endif
