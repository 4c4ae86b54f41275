/* What is done with descriptor numbers: close(), dup(), fcntl(), ioctl() … */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"

#define STATUS_SETTABLE (O_APPEND | O_NONBLOCK)

/* ---- closing ---- */

HOOK int close(int number) {
    if (!hook_simulated()) {
        return REAL(close)(number);
    }
    struct descriptors *descriptors = hook_descriptors();
    const uint32_t file = descriptor_enter(descriptors, number, POINT_CLOSE, HOOK_SITE);
    const int64_t result = file == 0 ? -EBADF : descriptor_close(descriptors, number);
    return hook_result(descriptor_leave(descriptors, file, POINT_CLOSE, result, HOOK_SITE));
}

static int64_t close_numbers(unsigned first, unsigned last, unsigned flags, const void *site) {
    hook_point(POINT_CLOSE, 0, true, site);
    int64_t result = -EINVAL;
    if (first <= last && (flags & ~CLOSE_RANGE_CLOEXEC) == 0) {
        descriptor_close_range(hook_descriptors(), first, last, (flags & CLOSE_RANGE_CLOEXEC) != 0);
        result = 0;
    }
    schedule_event(hook_schedule(), POINT_CLOSE, 0, result, site);
    return result;
}

HOOK int close_range(unsigned first, unsigned last, int flags) {
    if (!hook_simulated()) {
        return REAL(close_range)(first, last, flags);
    }
    if (((unsigned)flags & CLOSE_RANGE_UNSHARE) != 0) {
        hook_escape(HOOK_SITE, "close_range() with flag CLOSE_RANGE_UNSHARE");
    }
    return hook_result(close_numbers(first, last, (unsigned)flags, HOOK_SITE));
}

HOOK void closefrom(int first) {
    if (!hook_simulated()) {
        REAL(closefrom)(first);
        return;
    }
    close_numbers(first < 0 ? 0 : (unsigned)first, UINT_MAX, 0, HOOK_SITE);
}

/* ---- duplicates ---- */

static int64_t duplicate(uint32_t file, int64_t minimum, bool close_on_exec) {
    if (minimum < 0) {
        return -EINVAL;
    }
    file_hold(hook_kernel()->files, file);
    return descriptor_install(hook_descriptors(),
                              file,
                              (uint64_t)minimum,
                              hooks_environment_files_max(),
                              close_on_exec);
}

HOOK int dup(int number) {
    if (!hook_simulated()) {
        return REAL(dup)(number);
    }
    const uint32_t file = descriptor_enter(hook_descriptors(), number, POINT_CONTROL, HOOK_SITE);
    const int64_t result = file == 0 ? -EBADF : duplicate(file, 0, false);
    return hook_result(
        descriptor_leave(hook_descriptors(), file, POINT_CONTROL, result, HOOK_SITE));
}

static int64_t duplicate_to(int number, int wanted, bool close_on_exec, const void *site) {
    struct descriptors *descriptors = hook_descriptors();
    const uint32_t file = descriptor_enter(descriptors, number, POINT_CONTROL, site);
    const uint64_t limit = hooks_environment_files_max();
    int64_t result = -EBADF;
    if (file != 0 && wanted >= 0 && (uint64_t)wanted < limit && wanted < (int)DESCRIPTORS_MAX) {
        if (wanted != number) {
            file_hold(hook_kernel()->files, file);
            descriptor_replace(descriptors, file, (uint32_t)wanted, close_on_exec);
        }
        result = wanted;
    }
    return descriptor_leave(descriptors, file, POINT_CONTROL, result, site);
}

HOOK int dup2(int number, int wanted) {
    if (!hook_simulated()) {
        return REAL(dup2)(number, wanted);
    }
    return hook_result(duplicate_to(number, wanted, false, HOOK_SITE));
}

HOOK int dup3(int number, int wanted, int flags) {
    if (!hook_simulated()) {
        return REAL(dup3)(number, wanted, flags);
    }
    if ((flags & ~O_CLOEXEC) != 0 || number == wanted) {
        return hook_result(-EINVAL);
    }
    return hook_result(duplicate_to(number, wanted, (flags & O_CLOEXEC) != 0, HOOK_SITE));
}

/* ---- fcntl ---- */

static int64_t status_set(struct file *file, int flags, const void *site) {
    if ((flags & O_ASYNC) != 0 || ((flags & O_DIRECT) != 0 && file->kind == FILE_PIPE)) {
        hook_escape(site, "fcntl(F_SETFL) with flags %#x", (unsigned)flags);
    }
    file->status =
        (file->status & ~(uint32_t)STATUS_SETTABLE) | ((uint32_t)flags & STATUS_SETTABLE);
    return 0;
}

static int64_t pipe_size(uint32_t file, int command, long argument) {
    struct kernel *kernel = hook_kernel();
    if (file_at(kernel->files, file)->kind != FILE_PIPE) {
        return -EBADF;
    }
    return command == F_GETPIPE_SZ ? pipe_capacity(&kernel->pipes, file)
                                   : pipe_capacity_set(&kernel->pipes, file, (uint32_t)argument);
}

/* Locks are the process's own: none of its files stands in the way of another. */
static int64_t lock(const struct file *file, int command, struct flock *lock) {
    const uint32_t access = file->status & O_ACCMODE;
    if ((file->status & O_PATH) != 0 ||
        (command != F_GETLK && lock->l_type == F_RDLCK && access == O_WRONLY) ||
        (command != F_GETLK && lock->l_type == F_WRLCK && access == O_RDONLY)) {
        return -EBADF;
    }
    if (lock->l_whence < SEEK_SET || lock->l_whence > SEEK_END || lock->l_type < F_RDLCK ||
        lock->l_type > F_UNLCK || (command == F_GETLK && lock->l_type == F_UNLCK)) {
        return -EINVAL;
    }
    if (command == F_GETLK) {
        lock->l_type = F_UNLCK;
    }
    return 0;
}

static int64_t control(uint32_t file, int number, int command, long argument, const void *site) {
    struct descriptors *descriptors = hook_descriptors();
    struct file *record = file_at(descriptors->files, file);
    const bool of_numbers = command == F_DUPFD || command == F_DUPFD_CLOEXEC ||
                            command == F_GETFD || command == F_SETFD || command == F_GETFL;
    if ((record->status & O_PATH) != 0 && !of_numbers) {
        return -EBADF;
    }
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate(file, (int)argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return descriptor_close_on_exec(descriptors, (uint32_t)number) ? FD_CLOEXEC : 0;
    case F_SETFD:
        descriptor_close_on_exec_set(descriptors, (uint32_t)number, (argument & FD_CLOEXEC) != 0);
        return 0;
    case F_GETFL:
        return record->status;
    case F_SETFL:
        return status_set(record, (int)argument, site);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
        return lock(record, command, (struct flock *)argument);
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ:
        return pipe_size(file, command, argument);
    default:
        hook_escape(site, "fcntl() with command %d", command);
    }
}

static int control_call(int number, int command, long argument, const void *site) {
    struct descriptors *descriptors = hook_descriptors();
    const uint32_t file = descriptor_enter(descriptors, number, POINT_CONTROL, site);
    const int64_t result = file == 0 ? -EBADF : control(file, number, command, argument, site);
    return hook_result(descriptor_leave(descriptors, file, POINT_CONTROL, result, site));
}

HOOK int fcntl(int number, int command, ...) {
    va_list list;
    va_start(list, command);
    const long argument = va_arg(list, long);
    va_end(list);
    return hook_simulated() ? control_call(number, command, argument, HOOK_SITE)
                            : REAL(fcntl)(number, command, argument);
}

HOOK __attribute__((alias("fcntl"))) int fcntl64(int number, int command, ...);

/* ---- ioctl ---- */

/* Bytes that a read would find. */
static int64_t readable(uint32_t file) {
    struct kernel *kernel = hook_kernel();
    switch (file_at(kernel->files, file)->kind) {
    case FILE_PIPE:
        return pipe_readable(&kernel->pipes, file);
    case FILE_SOCKET:
        return endpoint_readable(&kernel->endpoints, socket_file_index(&kernel->sockets, file));
    case FILE_STANDARD:
        return 0;
    case FILE_REAL:
        return real_file_readable(file);
    default:
        return -ENOTTY;
    }
}

/* Bytes that were sent and are still on their way. */
static int64_t unsent(uint32_t file, const void *site) {
    struct kernel *kernel = hook_kernel();
    if (file_at(kernel->files, file)->kind != FILE_SOCKET) {
        return -ENOTTY;
    }
    const uint32_t index = socket_file_index(&kernel->sockets, file);
    if (socket_at(&kernel->endpoints.sockets, index)->domain == AF_UNIX) {
        hook_escape(site, "ioctl() with request SIOCOUTQ of an AF_UNIX socket");
    }
    return endpoint_unsent(&kernel->endpoints, index);
}

static int64_t
device_control(uint32_t file, int number, unsigned long request, void *argument, const void *site) {
    struct descriptors *descriptors = hook_descriptors();
    struct file *record = file_at(descriptors->files, file);
    if ((record->status & O_PATH) != 0) {
        return -EBADF;
    }
    switch (request) {
    case FIONBIO:
        record->status &= ~(uint32_t)O_NONBLOCK;
        record->status |= *(const int *)argument != 0 ? O_NONBLOCK : 0;
        return 0;
    case FIOCLEX:
    case FIONCLEX:
        descriptor_close_on_exec_set(descriptors, (uint32_t)number, request == FIOCLEX);
        return 0;
    case FIONREAD:
    case TIOCOUTQ: { /* SIOCOUTQ */
        const int64_t size = request == FIONREAD ? readable(file) : unsent(file, site);
        if (size >= 0) {
            *(int *)argument = (int)size;
        }
        return size < 0 ? size : 0;
    }
    case TCGETS: /* isatty() */
    case TIOCGWINSZ:
        return -ENOTTY;
    default:
        hook_escape(site, "ioctl() with request %#lx", request);
    }
}

HOOK int ioctl(int number, unsigned long request, ...) {
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (!hook_simulated()) {
        return REAL(ioctl)(number, request, argument);
    }
    struct descriptors *descriptors = hook_descriptors();
    const uint32_t file = descriptor_enter(descriptors, number, POINT_CONTROL, HOOK_SITE);
    const int64_t result =
        file == 0 ? -EBADF : device_control(file, number, request, argument, HOOK_SITE);
    return hook_result(descriptor_leave(descriptors, file, POINT_CONTROL, result, HOOK_SITE));
}

HOOK int isatty(int number) {
    if (!hook_simulated()) {
        return REAL(isatty)(number);
    }
    const bool open = descriptor_file(hook_descriptors(), number) != 0;
    errno = open ? ENOTTY : EBADF;
    return 0;
}
