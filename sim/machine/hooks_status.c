/* What is asked about files: stat() and its kin, access(), readlink(), statfs(). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"

#define BLOCK_SIZE 4096
#define SECTOR_SIZE 512
#define DEVICE_NUMBER 1 /* of the one file system of a node */

/* ---- stat ---- */

/* What the kernel tells of files that are none. */
static void stat_unnamed(uint32_t file, struct stat *status) {
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
    *status = (struct stat){.st_mode = modes[found->kind],
                            .st_ino = found->object,
                            .st_nlink = 1,
                            .st_blksize = BLOCK_SIZE};
}

static dev_t number_of_device(uint8_t device) {
    static const unsigned minors[] =
        {[TREE_NULL] = 3, [TREE_ZERO] = 5, [TREE_FULL] = 7, [TREE_RANDOM] = 9};
    return device == TREE_NO_DEVICE ? 0 : makedev(1, minors[device]);
}

static void stat_inode(uint32_t index, struct stat *status) {
    const struct tree_inode *inode = tree_at(index);
    const bool folder = S_ISDIR(inode->mode);
    const uint64_t size = folder ? BLOCK_SIZE : inode->size;
    *status = (struct stat){.st_dev = DEVICE_NUMBER,
                            .st_ino = inode->number,
                            .st_mode = inode->mode,
                            .st_nlink = inode->names, /* of a folder 1, as in btrfs */
                            .st_uid = getuid(),
                            .st_gid = getgid(),
                            .st_rdev = number_of_device(inode->device),
                            .st_size = (off_t)size,
                            .st_blksize = BLOCK_SIZE,
                            .st_blocks = (blkcnt_t)((size + SECTOR_SIZE - 1) / SECTOR_SIZE),
                            .st_atim = inode->times[TREE_ACCESSED],
                            .st_mtim = inode->times[TREE_CHANGED],
                            .st_ctim = inode->times[TREE_STATUS_CHANGED]};
}

static int64_t stat_file(int64_t number, struct stat *status) {
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    if (file == 0) {
        return -EBADF;
    }
    const uint32_t inode = real_file_inode(file);
    if (inode != 0) {
        stat_inode(inode, status);
    } else {
        stat_unnamed(file, status);
    }
    return 0;
}

static int64_t
stat_path(int folder, const char *path, struct stat *status, int flags, const void *site) {
    if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)) != 0) {
        hook_escape(site, "fstatat() with flags %#x", (unsigned)flags);
    }
    uint32_t inode = tree_folder();
    if (path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0) {
        if (folder != AT_FDCWD) {
            return stat_file(folder, status);
        }
    } else {
        const int64_t refusal = real_file_find(folder,
                                               path,
                                               (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW,
                                               &inode);
        if (refusal != 0) {
            return refusal;
        }
    }
    stat_inode(inode, status);
    return 0;
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

/* ---- access ---- */

/* Everything may be read and written; what nobody may execute cannot be executed. */
static int64_t access_path(int folder, const char *path, int mode, unsigned flags) {
    if ((mode & ~(R_OK | W_OK | X_OK)) != 0) {
        return -EINVAL;
    }
    uint32_t inode;
    const int64_t refusal = real_file_find(folder, path, flags, &inode);
    if (refusal != 0) {
        return refusal;
    }
    const bool executes = (mode & X_OK) != 0 && !tree_is(inode, S_IFDIR);
    return executes && (tree_at(inode)->mode & 0111) == 0 ? -EACCES : 0;
}

HOOK int access(const char *path, int mode) {
    return hook_simulated() ? hook_result(access_path(AT_FDCWD, path, mode, WALK_FOLLOW))
                            : REAL(access)(path, mode);
}

/* libc looks at the three bits only, where the kernel would refuse others. */
HOOK int euidaccess(const char *path, int mode) {
    const int asked = mode & (R_OK | W_OK | X_OK);
    return hook_simulated() ? hook_result(access_path(AT_FDCWD, path, asked, WALK_FOLLOW))
                            : REAL(euidaccess)(path, mode);
}

HOOK __attribute__((alias("euidaccess"))) int eaccess(const char *path, int mode);

HOOK int faccessat(int folder, const char *path, int mode, int flags) {
    if (!hook_simulated()) {
        return REAL(faccessat)(folder, path, mode, flags);
    }
    if ((flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW)) != 0) {
        hook_escape(HOOK_SITE, "faccessat() with flags %#x", (unsigned)flags);
    }
    return hook_result(
        access_path(folder, path, mode, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW));
}

/* ---- links ---- */

static int64_t read_link(int folder, const char *path, char *text, size_t size) {
    uint32_t inode;
    if ((int)size <= 0) {
        return -EINVAL;
    }
    const int64_t refusal = real_file_find(folder, path, 0, &inode);
    if (refusal != 0) {
        return refusal;
    }
    if (!tree_is(inode, S_IFLNK)) {
        return -EINVAL;
    }
    const uint64_t length = tree_at(inode)->size;
    memcpy(text, tree_at(inode)->target, length < size ? length : size);
    return (int64_t)(length < size ? length : size);
}

HOOK ssize_t readlink(const char *restrict path, char *restrict text, size_t size) {
    return hook_simulated() ? hook_result(read_link(AT_FDCWD, path, text, size))
                            : REAL(readlink)(path, text, size);
}

HOOK ssize_t readlinkat(int folder, const char *restrict path, char *restrict text, size_t size) {
    return hook_simulated() ? hook_result(read_link(folder, path, text, size))
                            : REAL(readlinkat)(folder, path, text, size);
}

/* ---- the file system ---- */

/* The same everywhere: much room, half of it free. */
static void tell_system(struct statfs *system) {
    *system = (struct statfs){.f_type = TMPFS_MAGIC,
                              .f_bsize = BLOCK_SIZE,
                              .f_blocks = 1u << 28,
                              .f_bfree = 1u << 27,
                              .f_bavail = 1u << 27,
                              .f_files = 1u << 20,
                              .f_ffree = 1u << 19,
                              .f_namelen = HOST_NAME_SIZE - 1,
                              .f_frsize = BLOCK_SIZE};
}

HOOK int statfs(const char *path, struct statfs *system) {
    if (!hook_simulated()) {
        return REAL(statfs)(path, system);
    }
    uint32_t inode;
    const int64_t refusal = real_file_find(AT_FDCWD, path, WALK_FOLLOW, &inode);
    if (refusal == 0) {
        tell_system(system);
    }
    return hook_result(refusal);
}

HOOK int fstatfs(int number, struct statfs *system) {
    if (!hook_simulated()) {
        return REAL(fstatfs)(number, system);
    }
    if (descriptor_file(hook_descriptors(), number) == 0) {
        return hook_result(-EBADF);
    }
    tell_system(system);
    return 0;
}

/* ---- the names for 64-bit offsets: the same functions here ---- */

#define HOOK_ALIAS(name) HOOK __attribute__((alias(name)))

HOOK_ALIAS("statfs") int statfs64(const char *path, struct statfs64 *system);
HOOK_ALIAS("fstatfs") int fstatfs64(int number, struct statfs64 *system);
