/* read() and write() of descriptors, in all their forms. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"
#include "sim/machine/signals.h"
#include "sim/machine/standard.h"

_Noreturn void __chk_fail(void);

/* What one call wants. */
struct transfer {
    struct file_call call;
    bool write;
    bool positioned; /* pread(), pwrite() */
    bool wild;       /* more bytes than there is memory for */
    bool timed;      /* the socket has a timeout: who was interrupted does not begin anew */
    int64_t position;
};

static int64_t parts_refusal(const struct iovec *parts, int64_t count) {
    uint64_t total = 0;
    if (count < 0 || count > IOV_MAX) {
        return -EINVAL;
    }
    for (int64_t i = 0; i < count; i++) {
        if (parts[i].iov_len > SSIZE_MAX - total) {
            return -EINVAL;
        }
        total += parts[i].iov_len;
    }
    return 0;
}

static bool times_out(uint32_t file, bool write) {
    const struct kernel *kernel = hook_kernel();
    return file_at(kernel->files, file)->kind == FILE_SOCKET &&
           endpoint_times_out(&kernel->endpoints, socket_file_index(&kernel->sockets, file), write);
}

static int64_t effect(uint32_t file, struct transfer *transfer) {
    struct files *files = hook_kernel()->files;
    transfer->call.nonblocking = (file_at(files, file)->status & O_NONBLOCK) != 0;
    transfer->timed = times_out(file, transfer->write);
    if (transfer->wild) {
        const int64_t refusal = file_refusal(files, file, transfer->write);
        return refusal != 0 ? refusal : -EFAULT;
    }
    if (transfer->positioned) {
        return real_file_positioned(file, &transfer->call, transfer->write, transfer->position);
    }
    return transfer->write ? file_write(files, file, &transfer->call)
                           : file_read(files, file, &transfer->call);
}

/* SIGPIPE comes with pipes and streams, not with datagrams. */
static bool raises(uint32_t file, const struct transfer *transfer, int64_t result) {
    if (result != -EPIPE || !transfer->write) {
        return false;
    }
    struct kernel *kernel = hook_kernel();
    return file_at(kernel->files, file)->kind != FILE_SOCKET ||
           endpoint_raises(&kernel->endpoints,
                           socket_file_index(&kernel->sockets, file),
                           result,
                           0);
}

static int64_t run_once(int number, struct transfer *transfer) {
    struct descriptors *descriptors = hook_descriptors();
    const void *site = transfer->call.site;
    const enum point_kind kind = !transfer->write          ? POINT_READ
                                 : standard_output(number) ? POINT_OUTPUT
                                                           : POINT_WRITE;
    const uint32_t file = descriptor_enter(descriptors, number, kind, site);
    int64_t result = parts_refusal(transfer->call.parts, transfer->call.part_count);
    if (transfer->positioned && transfer->position < 0) {
        result = -EINVAL;
    } else if (file == 0) {
        result = -EBADF;
    } else if (result == 0) {
        result = effect(file, transfer);
    }
    const bool broken = file != 0 && raises(file, transfer, result);
    descriptor_leave(descriptors, file, kind, result, site);
    if (broken) {
        signals_pipe();
    }
    return result;
}

static enum mishap_call call_of(const struct transfer *transfer) {
    return transfer->write ? MISHAP_WRITE : MISHAP_READ;
}

static ssize_t run(int number, struct transfer *transfer) {
    int64_t result = hooks_mishap_file(call_of(transfer), number, transfer->call.site);
    if (result != 0) {
        return hook_size(result);
    }
    do {
        result = run_once(number, transfer);
    } while (result == -EINTR && signals_restart() && !transfer->timed);
    return hook_size(result);
}

/* One block of bytes, which a write only reads. */
static ssize_t run_block(int number, void *bytes, size_t size, struct transfer *transfer) {
    const size_t most = hooks_mishap_short(call_of(transfer), number, size, transfer->call.site);
    const struct iovec part = {.iov_base = bytes,
                               .iov_len = most < FILE_CALL_MAX ? most : FILE_CALL_MAX};
    transfer->wild = size > SSIZE_MAX;
    transfer->call.parts = &part;
    transfer->call.part_count = 1;
    return run(number, transfer);
}

static ssize_t
run_parts(int number, const struct iovec *parts, int count, struct transfer *transfer) {
    struct iovec first;
    transfer->call.parts = parts;
    transfer->call.part_count = count < 0 ? UINT32_MAX : (uint32_t)count;
    transfer->call.vector = true;
    if (count > 0 && hooks_mishap_declared(call_of(transfer))) { /* at most of the first part */
        const size_t size = parts[0].iov_len;
        first = parts[0];
        first.iov_len = hooks_mishap_short(call_of(transfer), number, size, transfer->call.site);
        if (first.iov_len < size) {
            transfer->call.parts = &first;
            transfer->call.part_count = 1;
        }
    }
    return run(number, transfer);
}

/* ---- at the position of the file ---- */

HOOK ssize_t read(int number, void *bytes, size_t size) {
    if (!hook_simulated()) {
        return REAL(read)(number, bytes, size);
    }
    struct transfer transfer = {.call.site = HOOK_SITE};
    return run_block(number, bytes, size, &transfer);
}

HOOK ssize_t __read_chk(int number, void *bytes, size_t size, size_t room) {
    if (size > room) {
        __chk_fail();
    }
    if (!hook_simulated()) {
        return REAL(read)(number, bytes, size);
    }
    struct transfer transfer = {.call.site = HOOK_SITE};
    return run_block(number, bytes, size, &transfer);
}

HOOK ssize_t write(int number, const void *bytes, size_t size) {
    if (!hook_simulated()) {
        return REAL(write)(number, bytes, size);
    }
    struct transfer transfer = {.call.site = HOOK_SITE, .write = true};
    return run_block(number, (void *)(uintptr_t)bytes, size, &transfer);
}

HOOK ssize_t readv(int number, const struct iovec *parts, int count) {
    if (!hook_simulated()) {
        return REAL(readv)(number, parts, count);
    }
    struct transfer transfer = {.call.site = HOOK_SITE};
    return run_parts(number, parts, count, &transfer);
}

HOOK ssize_t writev(int number, const struct iovec *parts, int count) {
    if (!hook_simulated()) {
        return REAL(writev)(number, parts, count);
    }
    struct transfer transfer = {.call.site = HOOK_SITE, .write = true};
    return run_parts(number, parts, count, &transfer);
}

/* ---- at a position of the call's own ---- */

HOOK ssize_t pread(int number, void *bytes, size_t size, off_t position) {
    if (!hook_simulated()) {
        return REAL(pread)(number, bytes, size, position);
    }
    struct transfer transfer = {.call.site = HOOK_SITE, .positioned = true, .position = position};
    return run_block(number, bytes, size, &transfer);
}

HOOK ssize_t __pread_chk(int number, void *bytes, size_t size, off_t position, size_t room) {
    if (size > room) {
        __chk_fail();
    }
    if (!hook_simulated()) {
        return REAL(pread)(number, bytes, size, position);
    }
    struct transfer transfer = {.call.site = HOOK_SITE, .positioned = true, .position = position};
    return run_block(number, bytes, size, &transfer);
}

HOOK ssize_t pwrite(int number, const void *bytes, size_t size, off_t position) {
    if (!hook_simulated()) {
        return REAL(pwrite)(number, bytes, size, position);
    }
    struct transfer transfer = {.call.site = HOOK_SITE,
                                .write = true,
                                .positioned = true,
                                .position = position};
    return run_block(number, (void *)(uintptr_t)bytes, size, &transfer);
}

HOOK ssize_t preadv(int number, const struct iovec *parts, int count, off_t position) {
    if (!hook_simulated()) {
        return REAL(preadv)(number, parts, count, position);
    }
    struct transfer transfer = {.call.site = HOOK_SITE, .positioned = true, .position = position};
    return run_parts(number, parts, count, &transfer);
}

HOOK ssize_t pwritev(int number, const struct iovec *parts, int count, off_t position) {
    if (!hook_simulated()) {
        return REAL(pwritev)(number, parts, count, position);
    }
    struct transfer transfer = {.call.site = HOOK_SITE,
                                .write = true,
                                .positioned = true,
                                .position = position};
    return run_parts(number, parts, count, &transfer);
}

HOOK ssize_t preadv2(int number, const struct iovec *parts, int count, off_t position, int flags) {
    if (!hook_simulated()) {
        return REAL(preadv2)(number, parts, count, position, flags);
    }
    if (flags != 0) {
        hook_escape(HOOK_SITE, "preadv2() with flags %#x", (unsigned)flags);
    }
    struct transfer transfer = {.call.site = HOOK_SITE,
                                .positioned = position != -1,
                                .position = position};
    return run_parts(number, parts, count, &transfer);
}

HOOK ssize_t pwritev2(int number, const struct iovec *parts, int count, off_t position, int flags) {
    if (!hook_simulated()) {
        return REAL(pwritev2)(number, parts, count, position, flags);
    }
    if (flags != 0) {
        hook_escape(HOOK_SITE, "pwritev2() with flags %#x", (unsigned)flags);
    }
    struct transfer transfer = {.call.site = HOOK_SITE,
                                .write = true,
                                .positioned = position != -1,
                                .position = position};
    return run_parts(number, parts, count, &transfer);
}

/* ---- the names for 64-bit offsets: the same functions here ---- */

#define HOOK_ALIAS(name) HOOK __attribute__((alias(name)))

HOOK_ALIAS("pread") ssize_t pread64(int number, void *bytes, size_t size, off64_t position);
HOOK_ALIAS("__pread_chk")
ssize_t __pread64_chk(int number, void *bytes, size_t size, off64_t position, size_t room);
HOOK_ALIAS("pwrite") ssize_t pwrite64(int number, const void *bytes, size_t size, off64_t position);
HOOK_ALIAS("preadv")
ssize_t preadv64(int number, const struct iovec *parts, int count, off64_t position);
HOOK_ALIAS("pwritev")
ssize_t pwritev64(int number, const struct iovec *parts, int count, off64_t position);
HOOK_ALIAS("preadv2")
ssize_t preadv64v2(int number, const struct iovec *parts, int count, off64_t position, int flags);
HOOK_ALIAS("pwritev2")
ssize_t pwritev64v2(int number, const struct iovec *parts, int count, off64_t position, int flags);
