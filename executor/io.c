#include "executor/io.h"

#include "executor/reactor.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { VECTOR_COUNT_MAX = 16 }; /* of the buffers handed to the system at one time */

/* ---- handles ---- */

static int adopt(struct ex_io *io, struct ex_scheduler *scheduler, int descriptor, bool is_socket) {
    struct ex_reactor *reactor;
    struct ex_source *source;

    EX_REQUIRE(scheduler != NULL || ex_worker_self != NULL,
               "ex_io_open or the like: a NULL scheduler outside of any task; name the scheduler");
    EX_REQUIRE(scheduler == NULL ||
                   __atomic_load_n(&scheduler->life, __ATOMIC_RELAXED) == EX_CREW_ALIVE,
               "ex_io_open or the like: the scheduler was destroyed, or never created");
    int status = ex_reactor_of(scheduler != NULL ? scheduler : ex_worker_self->scheduler, &reactor);
    if (status == 0) {
        status = ex_source_open(&reactor->sources, descriptor, is_socket, &source);
    }
    if (status == 0) {
        *io = (struct ex_io){source, source->generation};
    }
    return status;
}

int ex_io_adopt_new(struct ex_io *io,
                    struct ex_scheduler *scheduler,
                    int descriptor,
                    bool is_socket) {
    const int status = adopt(io, scheduler, descriptor, is_socket);

    if (status != 0) {
        close(descriptor);
    }
    return status;
}

int ex_io_open(struct ex_io *io, struct ex_scheduler *scheduler, int descriptor) {
    const int flags = fcntl(descriptor, F_GETFL);
    int type;
    socklen_t size = sizeof type;

    if (flags < 0 ||
        ((flags & O_NONBLOCK) == 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0)) {
        return -errno;
    }
    const bool is_socket = getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
    return adopt(io, scheduler, descriptor, is_socket);
}

int ex_io_adopt_beside(struct ex_io *io, struct ex_io beside, int descriptor, bool is_socket) {
    struct ex_source *source;
    const int status = ex_source_open(beside.source->pool, descriptor, is_socket, &source);

    if (status != 0) {
        close(descriptor);
        return status;
    }
    *io = (struct ex_io){source, source->generation};
    return 0;
}

int ex_io_adopt_pair(struct ex_io ends[2],
                     struct ex_scheduler *scheduler,
                     const int descriptors[2],
                     bool is_socket) {
    int status = ex_io_adopt_new(&ends[0], scheduler, descriptors[0], is_socket);

    if (status != 0) {
        close(descriptors[1]);
        return status;
    }
    status = ex_io_adopt_new(&ends[1], scheduler, descriptors[1], is_socket);
    if (status != 0) {
        ex_io_close(ends[0]);
    }
    return status;
}

int ex_io_pipe(struct ex_io ends[2], struct ex_scheduler *scheduler) {
    int descriptors[2];

    if (pipe2(descriptors, O_CLOEXEC | O_NONBLOCK) != 0) {
        return -errno;
    }
    return ex_io_adopt_pair(ends, scheduler, descriptors, false);
}

int ex_io_close(struct ex_io io) {
    return io.source == NULL ? -EBADF : ex_source_close(io.source, io.generation);
}

int ex_io_hold(struct ex_io io) {
    if (io.source == NULL) {
        return -EBADF;
    }
    ex_wait_enter(&io.source->guard);
    if (io.source->is_open && io.source->generation == io.generation) {
        return io.source->descriptor;
    }
    ex_wait_leave(&io.source->guard);
    return -EBADF;
}

void ex_io_release(struct ex_io io) {
    ex_wait_leave(&io.source->guard);
}

int ex_io_descriptor(struct ex_io io) {
    const int descriptor = ex_io_hold(io);

    if (descriptor >= 0) {
        ex_io_release(io);
    }
    return descriptor;
}

/* ---- every operation ---- */

int64_t ex_io_error(void) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return EX_SOURCE_WAIT;
    }
    return errno == EINTR ? EX_SOURCE_AGAIN : -errno;
}

/* Its result, EX_PENDING: it waits, EX_SOURCE_AGAIN: others first. */
static int64_t go_on(struct ex_io_operation *self, struct ex_strand *strand) {
    const unsigned direction = self->kind->direction;

    for (;;) {
        const int descriptor = ex_source_try(self->io.source, direction, strand);
        if (descriptor < 0) {
            return descriptor == -EAGAIN ? EX_PENDING : descriptor;
        }
        const int64_t value = self->kind->attempt(self, descriptor);
        ex_source_tried(self->io.source, direction, value != EX_SOURCE_WAIT);
        if (value == EX_SOURCE_AGAIN && !ex_budget_spend()) {
            return value;
        }
        if (value != EX_SOURCE_WAIT && value != EX_SOURCE_AGAIN) {
            return value;
        }
    }
}

/* An operation with something to report leaves the cancel to the next await. */
static bool is_cancelled(const struct ex_io_operation *self, struct ex_strand *strand) {
    if (self->done_size == 0) {
        return ex_strand_take_cancel(strand);
    }
    return ex_strand_is(strand, EX_STRAND_CANCEL) && !ex_strand_is(strand, EX_STRAND_SHIELDS);
}

static int begin(const struct ex_io_operation *self) {
    return self->io.source == NULL
               ? -EBADF
               : ex_source_begin(self->io.source, self->io.generation, self->kind->direction, self);
}

/* What it returns. */
static int64_t end(const struct ex_io_operation *self, int64_t value) {
    const bool is_reported = value < 0 && self->done_size > 0;
    const bool is_kept = is_reported && value != -ECANCELED; /* that one the strand keeps */

    ex_source_end(self->io.source, self->kind->direction, is_kept ? (int)value : 0);
    return is_reported ? (int64_t)self->done_size : value;
}

EX_RESUME(ex_io_operation) {
    EX_BEGIN(ex_io_operation);
    EX_WAIT_BEGIN();
    value = begin(self);
    if (value != 0) {
        EX_RETURN(value);
    }
    for (;;) {
        value = go_on(self, strand);
        if (value == EX_PENDING) {
            EX_SUSPEND();
        } else if (value == EX_SOURCE_AGAIN) {
            EX_YIELD();
        } else {
            break;
        }
        if (is_cancelled(self, strand)) {
            value = -ECANCELED;
            break;
        }
    }
    EX_RETURN(end(self, value));
    EX_END();
}

struct ex_frame *
ex_io_operation(struct ex_io_operation *self, struct ex_io io, const struct ex_io_kind *kind) {
    self->io = io;
    self->kind = kind;
    self->done_size = 0;
    return EX_FRAME(self, ex_io_operation);
}

/* ---- one buffer ---- */

static struct ex_io_transfer *transfer_of(struct ex_io_operation *operation) {
    _Static_assert(offsetof(struct ex_io_transfer, operation) == 0, "the operation is first");
    return (struct ex_io_transfer *)(void *)operation;
}

static size_t bounded(size_t size) {
    return size < SSIZE_MAX ? size : SSIZE_MAX;
}

static int64_t read_some(struct ex_io_operation *operation, int descriptor) {
    const struct ex_io_transfer *const self = transfer_of(operation);
    const ssize_t size = read(descriptor, self->bytes.into, bounded(self->size));

    return size < 0 ? ex_io_error() : size;
}

static int64_t read_all(struct ex_io_operation *operation, int descriptor) {
    const struct ex_io_transfer *const self = transfer_of(operation);
    const size_t left_size = bounded(self->size - operation->done_size);
    const ssize_t size =
        read(descriptor, (char *)self->bytes.into + operation->done_size, left_size);

    if (size < 0) {
        return ex_io_error();
    }
    operation->done_size += (size_t)size;
    return size == 0 || operation->done_size == self->size ? (int64_t)operation->done_size
                                                           : EX_SOURCE_AGAIN;
}

static int64_t write_all(struct ex_io_operation *operation, int descriptor) {
    const struct ex_io_transfer *const self = transfer_of(operation);
    const void *const bytes = (const char *)self->bytes.from + operation->done_size;
    const size_t left_size = bounded(self->size - operation->done_size);
    const ssize_t size = operation->io.source->is_socket
                             ? send(descriptor, bytes, left_size, MSG_NOSIGNAL)
                             : write(descriptor, bytes, left_size);

    if (size < 0) {
        return ex_io_error();
    }
    operation->done_size += (size_t)size;
    return operation->done_size == self->size ? (int64_t)self->size : EX_SOURCE_AGAIN;
}

static struct ex_frame *read_into(struct ex_io_transfer *self,
                                  struct ex_io io,
                                  void *bytes,
                                  size_t size,
                                  const struct ex_io_kind *kind) {
    self->bytes.into = bytes;
    self->size = size;
    return ex_io_operation(&self->operation, io, kind);
}

struct ex_frame *ex_io_read(struct ex_io_read *self, struct ex_io io, void *bytes, size_t size) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, read_some};

    return read_into(&self->transfer, io, bytes, size, &kind);
}

struct ex_frame *
ex_io_read_all(struct ex_io_read_all *self, struct ex_io io, void *bytes, size_t size) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, read_all};

    return read_into(&self->transfer, io, bytes, size, &kind);
}

struct ex_frame *
ex_io_write(struct ex_io_write *self, struct ex_io io, const void *bytes, size_t size) {
    static const struct ex_io_kind kind = {EX_SOURCE_WRITE, write_all};

    self->transfer.bytes.from = bytes;
    self->transfer.size = size;
    return ex_io_operation(&self->transfer.operation, io, &kind);
}

/* ---- several buffers ---- */

static struct ex_io_vector *vector_of(struct ex_io_operation *operation) {
    _Static_assert(offsetof(struct ex_io_vector, operation) == 0, "the operation is first");
    return (struct ex_io_vector *)(void *)operation;
}

/* What comes after the first `skip` bytes, as much of it as `rest` holds; how many buffers. */
static size_t rest_of(const struct ex_io_vector *self, size_t skip, struct iovec *rest) {
    size_t count = 0;

    for (size_t i = 0; i < self->count && count < VECTOR_COUNT_MAX; i++) {
        const size_t length = self->vector[i].iov_len;
        if (skip >= length) {
            skip -= length;
            continue;
        }
        rest[count].iov_base = (char *)self->vector[i].iov_base + skip;
        rest[count].iov_len = length - skip;
        skip = 0;
        count++;
    }
    return count;
}

static int64_t read_vector(struct ex_io_operation *operation, int descriptor) {
    struct iovec rest[VECTOR_COUNT_MAX];
    const size_t count = rest_of(vector_of(operation), 0, rest);

    if (count == 0) {
        return 0;
    }
    const ssize_t size = readv(descriptor, rest, (int)count);

    return size < 0 ? ex_io_error() : size;
}

static int64_t write_vector(struct ex_io_operation *operation, int descriptor) {
    struct iovec rest[VECTOR_COUNT_MAX];
    const size_t count = rest_of(vector_of(operation), operation->done_size, rest);
    const struct msghdr message = {.msg_iov = rest, .msg_iovlen = count};

    if (count == 0) {
        return (int64_t)operation->done_size;
    }
    const ssize_t size = operation->io.source->is_socket
                             ? sendmsg(descriptor, &message, MSG_NOSIGNAL)
                             : writev(descriptor, rest, (int)count);
    if (size < 0) {
        return ex_io_error();
    }
    operation->done_size += (size_t)size;
    return EX_SOURCE_AGAIN;
}

static struct ex_frame *vector(struct ex_io_vector *self,
                               struct ex_io io,
                               const struct iovec *buffers,
                               size_t count,
                               const struct ex_io_kind *kind) {
    self->vector = buffers;
    self->count = count;
    return ex_io_operation(&self->operation, io, kind);
}

struct ex_frame *
ex_io_readv(struct ex_io_readv *self, struct ex_io io, const struct iovec *buffers, size_t count) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, read_vector};

    return vector(&self->vector, io, buffers, count, &kind);
}

struct ex_frame *ex_io_writev(struct ex_io_writev *self,
                              struct ex_io io,
                              const struct iovec *buffers,
                              size_t count) {
    static const struct ex_io_kind kind = {EX_SOURCE_WRITE, write_vector};

    return vector(&self->vector, io, buffers, count, &kind);
}

/* ---- readiness alone ---- */

static int64_t look(int descriptor, short events) {
    struct pollfd pollfd = {.fd = descriptor, .events = events};
    const int count = poll(&pollfd, 1, 0);

    if (count < 0) {
        return ex_io_error();
    }
    return count == 0 ? EX_SOURCE_WAIT : 0;
}

static int64_t look_to_read(struct ex_io_operation *self, int descriptor) {
    (void)self;
    return look(descriptor, POLLIN | POLLRDHUP);
}

static int64_t look_to_write(struct ex_io_operation *self, int descriptor) {
    (void)self;
    return look(descriptor, POLLOUT);
}

struct ex_frame *ex_io_wait_readable(struct ex_io_wait *self, struct ex_io io) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, look_to_read};

    return ex_io_operation(&self->operation, io, &kind);
}

struct ex_frame *ex_io_wait_writable(struct ex_io_wait *self, struct ex_io io) {
    static const struct ex_io_kind kind = {EX_SOURCE_WRITE, look_to_write};

    return ex_io_operation(&self->operation, io, &kind);
}
