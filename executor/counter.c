#include <ex/counter.h>

#include "executor/io.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int ex_counter_open(struct ex_io *io, struct ex_scheduler *scheduler, uint32_t count) {
    const int descriptor = eventfd(count, EFD_NONBLOCK | EFD_CLOEXEC);

    return descriptor < 0 ? -errno : ex_io_adopt_new(io, scheduler, descriptor, false);
}

int ex_counter_add(struct ex_io io, uint64_t count) {
    const int descriptor = ex_io_hold(io);

    if (descriptor < 0) {
        return descriptor;
    }
    const int status = write(descriptor, &count, sizeof count) < 0 ? -errno : 0;
    ex_io_release(io);
    return status;
}

static int64_t take(struct ex_io_operation *self, int descriptor) {
    uint64_t count;
    (void)self;

    const ssize_t size = read(descriptor, &count, sizeof count);
    if (size < 0) {
        return ex_io_error();
    }
    EX_REQUIRE(size == (ssize_t)sizeof count,
               "ex_counter_take: the handle is not of ex_counter_open");
    return count < INT64_MAX ? (int64_t)count : INT64_MAX;
}

struct ex_frame *ex_counter_take(struct ex_counter_take *self, struct ex_io io) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, take};

    return ex_io_operation(&self->operation, io, &kind);
}
