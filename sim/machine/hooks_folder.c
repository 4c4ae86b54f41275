/* Folders: made, removed, read, and the one that a node's programs work in. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_change.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"

#define MODE_MAX 01777

/* ---- making and removing ---- */

static int64_t make(int folder, const char *path, mode_t mode) {
    struct walk_place place;
    const int64_t refusal = hooks_change_new(folder, path, true, &place);
    if (refusal != 0) {
        return refusal;
    }
    const uint32_t inode = tree_create(S_IFDIR | (mode & MODE_MAX & ~hooks_environment_mask()));
    hooks_change_add(&place, inode);
    return 0;
}

HOOK int mkdirat(int folder, const char *path, mode_t mode) {
    if (!hook_simulated()) {
        return REAL(mkdirat)(folder, path, mode);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(make(folder, path, mode), HOOK_SITE);
}

HOOK int mkdir(const char *path, mode_t mode) {
    if (!hook_simulated()) {
        return REAL(mkdir)(path, mode);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(make(AT_FDCWD, path, mode), HOOK_SITE);
}

HOOK int rmdir(const char *path) {
    if (!hook_simulated()) {
        return REAL(rmdir)(path);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(hooks_change_remove_folder(AT_FDCWD, path), HOOK_SITE);
}

/* ---- reading ---- */

HOOK ssize_t getdents64(int number, void *records, size_t size) {
    if (!hook_simulated()) {
        return REAL(getdents64)(number, records, size);
    }
    const uint32_t file = descriptor_enter(hook_descriptors(), number, POINT_READ, HOOK_SITE);
    const int64_t result = file == 0 ? -EBADF : real_file_list(file, records, size);
    descriptor_leave(hook_descriptors(), file, POINT_READ, result, HOOK_SITE);
    return hook_result(result);
}

/* ---- the working folder ---- */

static int64_t enter_folder(uint32_t inode) {
    if (!tree_is(inode, S_IFDIR)) {
        return -ENOTDIR;
    }
    tree_folder_set(inode);
    return 0;
}

HOOK int chdir(const char *path) {
    if (!hook_simulated()) {
        return REAL(chdir)(path);
    }
    hooks_change_enter(HOOK_SITE);
    uint32_t inode;
    int64_t result = real_file_find(AT_FDCWD, path, WALK_FOLLOW, &inode);
    if (result == 0) {
        result = enter_folder(inode);
    }
    return hooks_change_leave(result, HOOK_SITE);
}

HOOK int fchdir(int number) {
    if (!hook_simulated()) {
        return REAL(fchdir)(number);
    }
    hooks_change_enter(HOOK_SITE);
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    int64_t result = file == 0 ? -EBADF : -ENOTDIR;
    if (file != 0 && real_file_inode(file) != 0) {
        result = enter_folder(real_file_inode(file));
    }
    return hooks_change_leave(result, HOOK_SITE);
}

HOOK char *getcwd(char *path, size_t size) {
    if (!hook_simulated()) {
        return REAL(getcwd)(path, size);
    }
    char whole[PATH_MAX];
    const int64_t needed = tree_path(tree_folder(), whole, sizeof whole);
    if (needed < 0 || (path != NULL && size == 0)) {
        errno = needed < 0 ? (int)-needed : EINVAL;
        return NULL;
    }
    if (size != 0 && size < (size_t)needed) {
        errno = ERANGE;
        return NULL;
    }
    if (path == NULL) {
        path = malloc(size == 0 ? (size_t)needed : size);
    }
    return path == NULL ? NULL : memcpy(path, whole, (size_t)needed);
}

HOOK char *get_current_dir_name(void) {
    return hook_simulated() ? getcwd(NULL, 0) : REAL(get_current_dir_name)();
}
