/* Permissions, owners and times of files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_change.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"

#define NS_PER_S 1000000000
#define US_PER_S 1000000

/* ---- permissions ---- */

static int64_t set_mode(uint32_t inode, mode_t mode) {
    struct tree_inode *changed = tree_at(inode);
    changed->mode = (changed->mode & S_IFMT) | (mode & 07777);
    tree_touch(inode, 1u << TREE_STATUS_CHANGED);
    return 0;
}

static int64_t set_mode_at(int folder, const char *path, mode_t mode) {
    uint32_t inode;
    const int64_t refusal = real_file_find(folder, path, WALK_FOLLOW, &inode);
    return refusal != 0 ? refusal : set_mode(inode, mode);
}

HOOK int chmod(const char *path, mode_t mode) {
    if (!hook_simulated()) {
        return REAL(chmod)(path, mode);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(set_mode_at(AT_FDCWD, path, mode), HOOK_SITE);
}

HOOK int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    if (!hook_simulated()) {
        return REAL(fchmodat)(folder, path, mode, flags);
    }
    if (flags != 0) {
        hook_escape(HOOK_SITE, "fchmodat() with flags %#x", (unsigned)flags);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(set_mode_at(folder, path, mode), HOOK_SITE);
}

HOOK int fchmod(int number, mode_t mode) {
    if (!hook_simulated()) {
        return REAL(fchmod)(number, mode);
    }
    hooks_change_enter(HOOK_SITE);
    uint32_t inode;
    const int64_t refusal = real_file_use(number, 1, &inode);
    if (refusal == 1) {
        hook_escape(HOOK_SITE, "fchmod() of what is no file with a name");
    }
    return hooks_change_leave(refusal != 0 ? refusal : set_mode(inode, mode), HOOK_SITE);
}

/* ---- owners ---- */

/* All files are the program's; it cannot give them away. */
static int64_t set_owner(uid_t user, gid_t group) {
    const bool same_user = user == (uid_t)-1 || user == getuid();
    const bool same_group = group == (gid_t)-1 || group == getgid();
    return same_user && same_group ? 0 : -EPERM;
}

static int64_t set_owner_at(int folder, const char *path, uid_t user, gid_t group, int flags) {
    uint32_t inode;
    if ((flags & ~AT_SYMLINK_NOFOLLOW) != 0) {
        return -EINVAL;
    }
    const int64_t refusal = real_file_find(folder, path, flags != 0 ? 0 : WALK_FOLLOW, &inode);
    return refusal != 0 ? refusal : set_owner(user, group);
}

HOOK int fchownat(int folder, const char *path, uid_t user, gid_t group, int flags) {
    if (!hook_simulated()) {
        return REAL(fchownat)(folder, path, user, group, flags);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(set_owner_at(folder, path, user, group, flags), HOOK_SITE);
}

HOOK int chown(const char *path, uid_t user, gid_t group) {
    return hook_simulated() ? fchownat(AT_FDCWD, path, user, group, 0)
                            : REAL(chown)(path, user, group);
}

HOOK int lchown(const char *path, uid_t user, gid_t group) {
    return hook_simulated() ? fchownat(AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW)
                            : REAL(lchown)(path, user, group);
}

HOOK int fchown(int number, uid_t user, gid_t group) {
    if (!hook_simulated()) {
        return REAL(fchown)(number, user, group);
    }
    hooks_change_enter(HOOK_SITE);
    uint32_t inode;
    const int64_t refusal = real_file_use(number, 0, &inode);
    return hooks_change_leave(refusal != 0 ? refusal : set_owner(user, group), HOOK_SITE);
}

/* ---- times ---- */

static bool is_time(const struct timespec *time) {
    return time->tv_nsec == UTIME_NOW || time->tv_nsec == UTIME_OMIT ||
           (time->tv_nsec >= 0 && time->tv_nsec < NS_PER_S);
}

static void set_time(uint32_t inode, enum tree_time which, const struct timespec *time) {
    if (time == NULL || time->tv_nsec == UTIME_NOW) {
        tree_touch(inode, 1u << which);
    } else if (time->tv_nsec != UTIME_OMIT) {
        tree_at(inode)->times[which] = *time;
    }
}

static int64_t set_times(uint32_t inode, const struct timespec times[2]) {
    set_time(inode, TREE_ACCESSED, times == NULL ? NULL : &times[0]);
    set_time(inode, TREE_CHANGED, times == NULL ? NULL : &times[1]);
    tree_touch(inode, 1u << TREE_STATUS_CHANGED);
    return 0;
}

/* A path of NULL means the number itself. */
static int64_t
set_times_at(int folder, const char *path, const struct timespec times[2], int flags) {
    uint32_t inode;
    if ((flags & ~AT_SYMLINK_NOFOLLOW) != 0 ||
        (times != NULL && (!is_time(&times[0]) || !is_time(&times[1])))) {
        return -EINVAL;
    }
    const int64_t refusal =
        path == NULL ? real_file_use(folder, -EINVAL, &inode)
                     : real_file_find(folder, path, flags != 0 ? 0 : WALK_FOLLOW, &inode);
    return refusal != 0 ? refusal : set_times(inode, times);
}

static int times_call(int folder,
                      const char *path,
                      const struct timespec times[2],
                      int flags,
                      const void *site) {
    hooks_change_enter(site);
    return hooks_change_leave(set_times_at(folder, path, times, flags), site);
}

HOOK int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    return hook_simulated() ? times_call(folder, path, times, flags, HOOK_SITE)
                            : REAL(utimensat)(folder, path, times, flags);
}

HOOK int futimens(int number, const struct timespec times[2]) {
    return hook_simulated() ? times_call(number, NULL, times, 0, HOOK_SITE)
                            : REAL(futimens)(number, times);
}

/* The same in microseconds. */
static int micro_call(int folder,
                      const char *path,
                      const struct timeval times[2],
                      int flags,
                      const void *site) {
    struct timespec exact[2];
    for (unsigned i = 0; times != NULL && i < 2; i++) {
        if (times[i].tv_usec < 0 || times[i].tv_usec >= US_PER_S) {
            return hook_result(-EINVAL);
        }
        exact[i] = (struct timespec){times[i].tv_sec, times[i].tv_usec * (NS_PER_S / US_PER_S)};
    }
    return times_call(folder, path, times == NULL ? NULL : exact, flags, site);
}

HOOK int utimes(const char *path, const struct timeval times[2]) {
    return hook_simulated() ? micro_call(AT_FDCWD, path, times, 0, HOOK_SITE)
                            : REAL(utimes)(path, times);
}

HOOK int lutimes(const char *path, const struct timeval times[2]) {
    return hook_simulated() ? micro_call(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW, HOOK_SITE)
                            : REAL(lutimes)(path, times);
}

HOOK int futimes(int number, const struct timeval times[2]) {
    return hook_simulated() ? micro_call(number, NULL, times, 0, HOOK_SITE)
                            : REAL(futimes)(number, times);
}

HOOK int futimesat(int folder, const char *path, const struct timeval times[2]) {
    return hook_simulated() ? micro_call(folder, path, times, 0, HOOK_SITE)
                            : REAL(futimesat)(folder, path, times);
}

HOOK int utime(const char *path, const struct utimbuf *times) {
    if (!hook_simulated()) {
        return REAL(utime)(path, times);
    }
    if (times == NULL) {
        return times_call(AT_FDCWD, path, NULL, 0, HOOK_SITE);
    }
    const struct timespec exact[2] = {{times->actime, 0}, {times->modtime, 0}};
    return times_call(AT_FDCWD, path, exact, 0, HOOK_SITE);
}

/* ---- what is not simulated ---- */

HOOK int mknodat(int folder, const char *path, mode_t mode, dev_t device) {
    if (!hook_simulated()) {
        return REAL(mknodat)(folder, path, mode, device);
    }
    hook_escape(HOOK_SITE, "making %s, a file of mode %#o,", path, mode);
}

HOOK int mknod(const char *path, mode_t mode, dev_t device) {
    return hook_simulated() ? mknodat(AT_FDCWD, path, mode, device)
                            : REAL(mknod)(path, mode, device);
}

HOOK int mkfifo(const char *path, mode_t mode) {
    return hook_simulated() ? mknodat(AT_FDCWD, path, S_IFIFO | mode, 0) : REAL(mkfifo)(path, mode);
}

HOOK int mkfifoat(int folder, const char *path, mode_t mode) {
    return hook_simulated() ? mknodat(folder, path, S_IFIFO | mode, 0)
                            : REAL(mkfifoat)(folder, path, mode);
}
