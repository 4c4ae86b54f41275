/* Files, without holding up the worker: each operation blocks a thread of the pool instead.
 *
 *   EX_AWAIT(ex_file_open(&self->open, "data", O_RDONLY, 0));
 *   self->file = (int)value;                                  // a plain number, or -errno
 *   EX_AWAIT(ex_file_read(&self->read, self->file, self->bytes, sizeof self->bytes, EX_FILE_HERE));
 *
 * Numbers are plain ones, to be closed by close(2). Whatever else a file needs (fstat, rename,
 * fallocate) goes by ex_blocking_call.
 *
 * Memory:  the frame's; paths and buffers are borrowed until the operation returns.
 * Errors:  negative errno values; -ECANCELED, -EAGAIN as in ex/blocking.h. An operation that has
 *          begun is finished: an open that was cancelled late returns a number to close.
 * Threads: a frame belongs to the strand that runs it.
 */
#ifndef EXECUTOR_INCLUDE_EX_FILE_H
#define EXECUTOR_INCLUDE_EX_FILE_H

#include <ex/blocking.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/types.h>

/* An offset: where the file stands, which moves on. For pipes and the like it must be this. */
#define EX_FILE_HERE ((off_t)-1)

/* Awaitable: open(2), close-on-exec; the number. */
struct ex_file_open {
    struct ex_blocking_call call;
    const char *path;
    int flags;
    mode_t mode;
};
EX_PUBLIC struct ex_frame *
ex_file_open(struct ex_file_open *self, const char *path, int flags, mode_t mode);

/* Awaitable: some bytes, at most `size`; how many. 0: the end. */
struct ex_file_read {
    struct ex_blocking_call call;
    int file;
    void *bytes;
    size_t size;
    off_t offset;
};
EX_PUBLIC struct ex_frame *
ex_file_read(struct ex_file_read *self, int file, void *bytes, size_t size, off_t offset);

/* Awaitable: writes all; `size`. Less: an error after so many, which the next write will tell. */
struct ex_file_write {
    struct ex_blocking_call call;
    int file;
    const void *bytes;
    size_t size;
    off_t offset;
};
EX_PUBLIC struct ex_frame *
ex_file_write(struct ex_file_write *self, int file, const void *bytes, size_t size, off_t offset);

/* Awaitable: fsync(2). */
struct ex_file_sync {
    struct ex_blocking_call call;
    int file;
};
EX_PUBLIC struct ex_frame *ex_file_sync(struct ex_file_sync *self, int file);

#endif
