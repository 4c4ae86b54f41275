/* open(), lseek(), and what is asked about files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"

#define BLOCK_SIZE 4096

static int open_at(int folder, const char *path, int flags, const void *site) {
    hook_point(POINT_OPEN, 0, true, site);
    const int64_t number = real_file_open(folder, path, flags, hooks_environment_files_max(), site);
    schedule_event(hook_schedule(), POINT_OPEN, 0, number, site);
    return hook_result(number);
}

/* The mode of a new file, when the call has one. */
static mode_t mode_of(int flags, va_list list) {
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
}

HOOK int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const mode_t mode = mode_of(flags, list);
    va_end(list);
    return hook_simulated() ? open_at(AT_FDCWD, path, flags, HOOK_SITE)
                            : REAL(open)(path, flags, mode);
}

HOOK int openat(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const mode_t mode = mode_of(flags, list);
    va_end(list);
    return hook_simulated() ? open_at(folder, path, flags, HOOK_SITE)
                            : REAL(openat)(folder, path, flags, mode);
}

HOOK int creat(const char *path, mode_t mode) {
    if (!hook_simulated()) {
        return REAL(creat)(path, mode);
    }
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, HOOK_SITE);
}

HOOK int __open_2(const char *path, int flags) {
    return hook_simulated() ? open_at(AT_FDCWD, path, flags, HOOK_SITE) : REAL(open)(path, flags);
}

HOOK int __openat_2(int folder, const char *path, int flags) {
    return hook_simulated() ? open_at(folder, path, flags, HOOK_SITE)
                            : REAL(openat)(folder, path, flags);
}

HOOK off_t lseek(int number, off_t offset, int whence) {
    if (!hook_simulated()) {
        return REAL(lseek)(number, offset, whence);
    }
    const uint32_t file = descriptor_enter(hook_descriptors(), number, POINT_CONTROL, HOOK_SITE);
    const int64_t result = file == 0 ? -EBADF : real_file_seek(file, offset, whence);
    descriptor_leave(hook_descriptors(), file, POINT_CONTROL, result, HOOK_SITE);
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* ---- stat ---- */

/* What the kernel tells of files that are none. */
static int64_t stat_simulated(uint32_t file, struct stat *status) {
    static const mode_t modes[FILE_KIND_COUNT] = {
        [FILE_STANDARD] = S_IFIFO | 0600,
        [FILE_EPOLL] = 0600,
        [FILE_EVENT] = 0600,
        [FILE_TIMER] = 0600,
        [FILE_SIGNAL] = 0600,
        [FILE_PIPE] = S_IFIFO | 0600,
        [FILE_SOCKET] = S_IFSOCK | 0777,
    };
    const struct file *found = file_at(hook_kernel()->files, file);
    const mode_t device = real_file_device_mode(file);
    *status = (struct stat){.st_mode = device != 0 ? device : modes[found->kind],
                            .st_ino = found->object,
                            .st_nlink = 1,
                            .st_blksize = BLOCK_SIZE};
    return 0;
}

static int64_t stat_file(int64_t number, struct stat *status) {
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    if (file == 0) {
        return -EBADF;
    }
    const int descriptor = real_file_descriptor(file);
    return descriptor < 0 ? stat_simulated(file, status)
                          : real_call3(SYS_fstat, descriptor, (long)status, 0);
}

static int64_t
stat_path(int folder, const char *path, struct stat *status, int flags, const void *site) {
    if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)) != 0) {
        hook_escape(site, "fstatat() with flags %#x", (unsigned)flags);
    }
    if (path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0) {
        return stat_file(folder, status);
    }
    int folder_real;
    const char *path_real;
    const int64_t refusal = real_file_path(folder, path, &folder_real, &path_real);
    return refusal != 0 ? refusal
                        : real_call6(SYS_newfstatat,
                                     folder_real,
                                     (long)path_real,
                                     (long)status,
                                     flags,
                                     0,
                                     0);
}

HOOK int fstat(int number, struct stat *status) {
    return hook_simulated() ? hook_result(stat_file(number, status)) : REAL(fstat)(number, status);
}

HOOK int stat(const char *restrict path, struct stat *restrict status) {
    return hook_simulated() ? hook_result(stat_path(AT_FDCWD, path, status, 0, HOOK_SITE))
                            : REAL(stat)(path, status);
}

HOOK int lstat(const char *restrict path, struct stat *restrict status) {
    return hook_simulated()
               ? hook_result(stat_path(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW, HOOK_SITE))
               : REAL(lstat)(path, status);
}

HOOK int fstatat(int folder, const char *restrict path, struct stat *restrict status, int flags) {
    return hook_simulated() ? hook_result(stat_path(folder, path, status, flags, HOOK_SITE))
                            : REAL(fstatat)(folder, path, status, flags);
}

static int64_t access_path(int folder, const char *path, int mode, const void *site) {
    if ((mode & ~(R_OK | W_OK | X_OK)) != 0) {
        return -EINVAL;
    }
    int folder_real;
    const char *path_real;
    const int64_t refusal = real_file_path(folder, path, &folder_real, &path_real);
    if (refusal != 0) {
        return refusal;
    }
    if ((mode & W_OK) != 0) {
        hook_escape(site, "whether the file %s may be written", path);
    }
    return real_call3(SYS_faccessat, folder_real, (long)path_real, mode);
}

HOOK int access(const char *path, int mode) {
    return hook_simulated() ? hook_result(access_path(AT_FDCWD, path, mode, HOOK_SITE))
                            : REAL(access)(path, mode);
}

HOOK int faccessat(int folder, const char *path, int mode, int flags) {
    if (!hook_simulated()) {
        return REAL(faccessat)(folder, path, mode, flags);
    }
    if ((flags & ~AT_EACCESS) != 0) {
        hook_escape(HOOK_SITE, "faccessat() with flags %#x", (unsigned)flags);
    }
    return hook_result(access_path(folder, path, mode, HOOK_SITE));
}

static int64_t read_link(int folder, const char *path, char *text, size_t size) {
    int folder_real;
    const char *path_real;
    const int64_t refusal = real_file_path(folder, path, &folder_real, &path_real);
    return refusal != 0 ? refusal
                        : real_call6(SYS_readlinkat,
                                     folder_real,
                                     (long)path_real,
                                     (long)text,
                                     (long)size,
                                     0,
                                     0);
}

HOOK ssize_t readlink(const char *restrict path, char *restrict text, size_t size) {
    return hook_simulated() ? hook_result(read_link(AT_FDCWD, path, text, size))
                            : REAL(readlink)(path, text, size);
}

HOOK ssize_t readlinkat(int folder, const char *restrict path, char *restrict text, size_t size) {
    return hook_simulated() ? hook_result(read_link(folder, path, text, size))
                            : REAL(readlinkat)(folder, path, text, size);
}

/* ---- the names for 64-bit offsets: the same functions here ---- */

#define HOOK_ALIAS(name) HOOK __attribute__((alias(name)))

HOOK_ALIAS("open") int open64(const char *path, int flags, ...);
HOOK_ALIAS("openat") int openat64(int folder, const char *path, int flags, ...);
HOOK_ALIAS("creat") int creat64(const char *path, mode_t mode);
HOOK_ALIAS("__open_2") int __open64_2(const char *path, int flags);
HOOK_ALIAS("__openat_2") int __openat64_2(int folder, const char *path, int flags);
HOOK_ALIAS("lseek") off64_t lseek64(int number, off64_t offset, int whence);
