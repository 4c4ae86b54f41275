/* open(), and what is done with the content of files that are open. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine/content.h"
#include "sim/machine/durable.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"

static int open_at(int folder, const char *path, int flags, mode_t mode, const void *site) {
    const int64_t failed = hooks_mishap(MISHAP_OPEN, site);
    if (failed != 0) {
        return hook_result(failed);
    }
    hook_point(POINT_OPEN, 0, true, site);
    const struct real_file_open open = {.folder = folder,
                                        .flags = flags,
                                        .path = path,
                                        .mode = mode,
                                        .limit = hooks_environment_files_max(),
                                        .site = site};
    const int64_t number = real_file_open(&open);
    return hook_opened(POINT_OPEN, number, number, site);
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
    return hook_simulated() ? open_at(AT_FDCWD, path, flags, mode, HOOK_SITE)
                            : REAL(open)(path, flags, mode);
}

HOOK int openat(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const mode_t mode = mode_of(flags, list);
    va_end(list);
    return hook_simulated() ? open_at(folder, path, flags, mode, HOOK_SITE)
                            : REAL(openat)(folder, path, flags, mode);
}

HOOK int creat(const char *path, mode_t mode) {
    if (!hook_simulated()) {
        return REAL(creat)(path, mode);
    }
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, HOOK_SITE);
}

HOOK int __open_2(const char *path, int flags) {
    return hook_simulated() ? open_at(AT_FDCWD, path, flags, 0, HOOK_SITE)
                            : REAL(open)(path, flags);
}

HOOK int __openat_2(int folder, const char *path, int flags) {
    return hook_simulated() ? open_at(folder, path, flags, 0, HOOK_SITE)
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

/* ---- size and content ---- */

/* The inode of a number that is open for writing; -EBADF, -EINVAL. */
static int64_t writable(int number, uint32_t *inode) {
    const int64_t refusal = real_file_use(number, -EINVAL, inode);
    if (refusal != 0) {
        return refusal;
    }
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    const bool writes = (file_at(hook_kernel()->files, file)->status & O_ACCMODE) != O_RDONLY;
    return writes && tree_is(*inode, S_IFREG) ? 0 : -EINVAL;
}

/* A call on a number between its point and its event. */
static uint32_t enter(int number, const void *site) {
    return descriptor_enter(hook_descriptors(), number, POINT_CONTROL, site);
}

static int leave(uint32_t file, int64_t result, const void *site) {
    return hook_result(descriptor_leave(hook_descriptors(), file, POINT_CONTROL, result, site));
}

HOOK int ftruncate(int number, off_t size) {
    if (!hook_simulated()) {
        return REAL(ftruncate)(number, size);
    }
    const uint32_t file = enter(number, HOOK_SITE);
    uint32_t inode;
    int64_t result = size < 0 ? -EINVAL : writable(number, &inode);
    if (result == 0) {
        result = content_resize(inode, size);
    }
    return leave(file, result, HOOK_SITE);
}

HOOK int truncate(const char *path, off_t size) {
    if (!hook_simulated()) {
        return REAL(truncate)(path, size);
    }
    hook_point(POINT_CALL, 0, true, HOOK_SITE);
    uint32_t inode;
    int64_t result = size < 0 ? -EINVAL : real_file_find(AT_FDCWD, path, WALK_FOLLOW, &inode);
    if (result == 0) {
        result = tree_is(inode, S_IFREG)   ? content_resize(inode, size)
                 : tree_is(inode, S_IFDIR) ? -EISDIR
                                           : -EINVAL;
    }
    schedule_event(hook_schedule(), POINT_CALL, 0, result, HOOK_SITE);
    return hook_result(result);
}

static int64_t allocate(int number, int mode, off_t offset, off_t size, const void *site) {
    uint32_t inode;
    if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0) {
        hook_escape(site, "fallocate() with mode %#x", (unsigned)mode);
    }
    const int64_t refusal = real_file_use(number, -ESPIPE, &inode);
    if (refusal == -EBADF || offset < 0 || size <= 0) {
        return refusal == -EBADF ? -EBADF : -EINVAL;
    }
    if (refusal != 0) {
        return refusal;
    }
    if (writable(number, &inode) != 0) {
        const uint32_t file = descriptor_file(hook_descriptors(), number);
        const uint32_t access = file_at(hook_kernel()->files, file)->status & O_ACCMODE;
        return access == O_RDONLY ? -EBADF : -ENODEV;
    }
    if (offset > CONTENT_SIZE_MAX - size) {
        return -EFBIG;
    }
    const bool grows = (uint64_t)(offset + size) > tree_at(inode)->size;
    return grows && mode == 0 ? content_resize(inode, offset + size) : 0;
}

HOOK int fallocate(int number, int mode, off_t offset, off_t size) {
    if (!hook_simulated()) {
        return REAL(fallocate)(number, mode, offset, size);
    }
    const uint32_t file = enter(number, HOOK_SITE);
    return leave(file, allocate(number, mode, offset, size, HOOK_SITE), HOOK_SITE);
}

HOOK int posix_fallocate(int number, off_t offset, off_t size) {
    if (!hook_simulated()) {
        return REAL(posix_fallocate)(number, offset, size);
    }
    const int before = errno;
    const uint32_t file = enter(number, HOOK_SITE);
    const int64_t result = allocate(number, 0, offset, size, HOOK_SITE);
    leave(file, result, HOOK_SITE);
    errno = before;
    return (int)-result;
}

static int synchronise(int number, bool all, const void *site) {
    const int64_t failed = hooks_mishap_file(MISHAP_FSYNC, number, site);
    if (failed != 0) {
        return hook_result(failed);
    }
    const uint32_t file = enter(number, site);
    uint32_t inode;
    const int64_t refusal = real_file_use(number, -EINVAL, &inode);
    if (refusal == 0 && all) {
        durable_sync_all();
    } else if (refusal == 0) {
        durable_sync(inode);
    }
    return leave(file, refusal, site);
}

HOOK int fsync(int number) {
    return hook_simulated() ? synchronise(number, false, HOOK_SITE) : REAL(fsync)(number);
}

HOOK int fdatasync(int number) {
    return hook_simulated() ? synchronise(number, false, HOOK_SITE) : REAL(fdatasync)(number);
}

HOOK int syncfs(int number) {
    return hook_simulated() ? synchronise(number, true, HOOK_SITE) : REAL(syncfs)(number);
}

HOOK void sync(void) {
    if (!hook_simulated()) {
        REAL(sync)();
        return;
    }
    durable_sync_all();
}

HOOK int posix_fadvise(int number, off_t offset, off_t size, int advice) {
    if (!hook_simulated()) {
        return REAL(posix_fadvise)(number, offset, size, advice);
    }
    uint32_t inode;
    if (advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE) {
        return EINVAL;
    }
    return (int)-real_file_use(number, -ESPIPE, &inode);
}

HOOK int flock(int number, int operation) {
    if (!hook_simulated()) {
        return REAL(flock)(number, operation);
    }
    const uint32_t file = enter(number, HOOK_SITE);
    const int plain = operation & ~LOCK_NB;
    uint32_t inode;
    int64_t result = -EINVAL;
    if (plain == LOCK_SH || plain == LOCK_EX || plain == LOCK_UN) {
        result = real_file_use(number, 0, &inode);
    }
    if (result == 0 && real_file_inode(file) != 0) {
        result = real_file_lock(file, plain);
    }
    if (result == -EWOULDBLOCK && (operation & LOCK_NB) == 0) {
        hook_escape(HOOK_SITE, "flock() that waits for another open file");
    }
    return leave(file, result, HOOK_SITE);
}

/* ---- the names for 64-bit offsets: the same functions here ---- */

#define HOOK_ALIAS(name) HOOK __attribute__((alias(name)))

HOOK_ALIAS("open") int open64(const char *path, int flags, ...);
HOOK_ALIAS("openat") int openat64(int folder, const char *path, int flags, ...);
HOOK_ALIAS("creat") int creat64(const char *path, mode_t mode);
HOOK_ALIAS("__open_2") int __open64_2(const char *path, int flags);
HOOK_ALIAS("__openat_2") int __openat64_2(int folder, const char *path, int flags);
HOOK_ALIAS("lseek") off64_t lseek64(int number, off64_t offset, int whence);
HOOK_ALIAS("ftruncate") int ftruncate64(int number, off64_t size);
HOOK_ALIAS("truncate") int truncate64(const char *path, off64_t size);
HOOK_ALIAS("fallocate") int fallocate64(int number, int mode, off64_t offset, off64_t size);
HOOK_ALIAS("posix_fallocate") int posix_fallocate64(int number, off64_t offset, off64_t size);
HOOK_ALIAS("posix_fadvise")
int posix_fadvise64(int number, off64_t offset, off64_t size, int advice);
