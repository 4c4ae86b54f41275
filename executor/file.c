#include <ex/file.h>

#include <errno.h>
#include <unistd.h>

static int64_t open_it(void *argument) {
    const struct ex_file_open *const self = argument;
    int file;

    do {
        file = open(self->path, self->flags | O_CLOEXEC, self->mode);
    } while (file < 0 && errno == EINTR);
    return file < 0 ? -errno : file;
}

struct ex_frame *ex_file_open(struct ex_file_open *self, const char *path, int flags, mode_t mode) {
    EX_REQUIRE(path != NULL, "ex_file_open: the path is NULL");
    self->path = path;
    self->flags = flags;
    self->mode = mode;
    return ex_blocking_call(&self->call, open_it, self);
}

static int64_t read_it(void *argument) {
    const struct ex_file_read *const self = argument;
    ssize_t size;

    do {
        size = self->offset == EX_FILE_HERE
                   ? read(self->file, self->bytes, self->size)
                   : pread(self->file, self->bytes, self->size, self->offset);
    } while (size < 0 && errno == EINTR);
    return size < 0 ? -errno : size;
}

struct ex_frame *
ex_file_read(struct ex_file_read *self, int file, void *bytes, size_t size, off_t offset) {
    self->file = file;
    self->bytes = bytes;
    self->size = size;
    self->offset = offset;
    return ex_blocking_call(&self->call, read_it, self);
}

static int64_t write_it(void *argument) {
    const struct ex_file_write *const self = argument;
    size_t done_size = 0;

    while (done_size < self->size) {
        const char *const bytes = (const char *)self->bytes + done_size;
        const size_t left_size = self->size - done_size;
        const ssize_t size =
            self->offset == EX_FILE_HERE
                ? write(self->file, bytes, left_size)
                : pwrite(self->file, bytes, left_size, self->offset + (off_t)done_size);
        if (size < 0 && errno != EINTR) {
            return done_size > 0 ? (int64_t)done_size : -errno;
        }
        done_size += size < 0 ? 0 : (size_t)size;
    }
    return (int64_t)done_size;
}

struct ex_frame *
ex_file_write(struct ex_file_write *self, int file, const void *bytes, size_t size, off_t offset) {
    self->file = file;
    self->bytes = bytes;
    self->size = size;
    self->offset = offset;
    return ex_blocking_call(&self->call, write_it, self);
}

static int64_t sync_it(void *argument) {
    const struct ex_file_sync *const self = argument;

    return fsync(self->file) == 0 ? 0 : -errno;
}

struct ex_frame *ex_file_sync(struct ex_file_sync *self, int file) {
    self->file = file;
    return ex_blocking_call(&self->call, sync_it, self);
}
