#include "sim/machine/hooks_change.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine/durable.h"
#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"
#include "sim/machine/unix_path.h"

#define CHANGED (1u << TREE_CHANGED | 1u << TREE_STATUS_CHANGED)

void hooks_change_enter(const void *site) {
    hook_point(POINT_CALL, 0, true, site);
}

int hooks_change_leave(int64_t result, const void *site) {
    schedule_event(hook_schedule(), POINT_CALL, 0, result, site);
    return hook_result(result);
}

int64_t hooks_change_new(int folder, const char *path, bool is_folder, struct walk_place *place) {
    const int64_t refusal = real_file_walk(folder, path, WALK_PARENT, place);
    if (refusal != 0) {
        return refusal;
    }
    if (place->inode != 0) {
        return -EEXIST;
    }
    return (place->slash && !is_folder) || tree_at(place->folder)->names == 0 ? -ENOENT : 0;
}

void hooks_change_add(const struct walk_place *place, uint32_t inode) {
    tree_add(place->folder, place->name, place->length, inode);
    durable_name_added(place->folder, place->name, place->length, inode);
    tree_touch(place->folder, CHANGED);
    tree_touch(inode, 1u << TREE_STATUS_CHANGED);
}

static void take_name(const struct walk_place *place) {
    durable_name_removed(place->folder, place->name, place->length, place->inode);
    tree_remove(place->folder, place->name, place->length);
    tree_touch(place->inode, 1u << TREE_STATUS_CHANGED);
    tree_touch(place->folder, CHANGED);
}

static void remove_name(const struct walk_place *place) {
    tree_hold(place->inode);
    take_name(place);
    if (tree_at(place->inode)->names == 0) {
        unix_path_forget(place->inode);
    }
    tree_drop(place->inode);
}

static void count_name(void *context, const struct host_name *name) {
    (void)name;
    ++*(uint32_t *)context;
}

static int64_t refusal_unless_empty(uint32_t folder) {
    uint32_t count = 0;
    const int64_t refusal = tree_each(folder, count_name, &count);
    return refusal == 0 && count > 0 ? -ENOTEMPTY : refusal;
}

/* ---- removing ---- */

int64_t hooks_change_remove_folder(int folder, const char *path) {
    struct walk_place place;
    const int64_t refusal = real_file_walk(folder, path, WALK_PARENT, &place);
    if (refusal != 0) {
        return refusal;
    }
    if (place.kind != WALK_NAME) {
        return place.kind == WALK_DOTS ? -ENOTEMPTY : place.kind == WALK_DOT ? -EINVAL : -EBUSY;
    }
    if (place.inode == 0 || !tree_is(place.inode, S_IFDIR)) {
        return place.inode == 0 ? -ENOENT : -ENOTDIR;
    }
    const int64_t full = refusal_unless_empty(place.inode);
    if (full == 0) {
        remove_name(&place);
    }
    return full;
}

static int64_t remove_file(int folder, const char *path) {
    struct walk_place place;
    const int64_t refusal = real_file_walk(folder, path, WALK_PARENT, &place);
    if (refusal != 0) {
        return refusal;
    }
    if (place.kind != WALK_NAME) {
        return -EISDIR;
    }
    if (place.inode == 0) {
        return -ENOENT;
    }
    if (tree_is(place.inode, S_IFDIR)) {
        return -EISDIR;
    }
    if (place.slash) {
        return -ENOTDIR;
    }
    remove_name(&place);
    return 0;
}

static int64_t remove_at(int folder, const char *path, int flags) {
    if ((flags & ~AT_REMOVEDIR) != 0) {
        return -EINVAL;
    }
    return flags != 0 ? hooks_change_remove_folder(folder, path) : remove_file(folder, path);
}

HOOK int unlink(const char *path) {
    if (!hook_simulated()) {
        return REAL(unlink)(path);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(remove_file(AT_FDCWD, path), HOOK_SITE);
}

HOOK int unlinkat(int folder, const char *path, int flags) {
    if (!hook_simulated()) {
        return REAL(unlinkat)(folder, path, flags);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(remove_at(folder, path, flags), HOOK_SITE);
}

HOOK int remove(const char *path) {
    if (!hook_simulated()) {
        return REAL(remove)(path);
    }
    hooks_change_enter(HOOK_SITE);
    int64_t result = remove_file(AT_FDCWD, path);
    if (result == -EISDIR) {
        result = hooks_change_remove_folder(AT_FDCWD, path);
    }
    return hooks_change_leave(result, HOOK_SITE);
}

/* ---- links ---- */

static int64_t link_at(int from_folder,
                       const char *from,
                       int to_folder,
                       const char *to,
                       int flags,
                       const void *site) {
    uint32_t inode;
    struct walk_place place;
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    if ((flags & AT_EMPTY_PATH) != 0) {
        hook_escape(site, "linkat() with flag AT_EMPTY_PATH");
    }
    int64_t refusal = real_file_find(from_folder,
                                     from,
                                     (flags & AT_SYMLINK_FOLLOW) != 0 ? WALK_FOLLOW : 0,
                                     &inode);
    if (refusal == 0) {
        refusal = hooks_change_new(to_folder, to, false, &place);
    }
    if (refusal == 0 && tree_is(inode, S_IFDIR)) {
        refusal = -EPERM;
    }
    if (refusal == 0) {
        hooks_change_add(&place, inode);
    }
    return refusal;
}

HOOK int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    if (!hook_simulated()) {
        return REAL(linkat)(from_folder, from, to_folder, to, flags);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(link_at(from_folder, from, to_folder, to, flags, HOOK_SITE),
                              HOOK_SITE);
}

HOOK int link(const char *from, const char *to) {
    if (!hook_simulated()) {
        return REAL(link)(from, to);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(link_at(AT_FDCWD, from, AT_FDCWD, to, 0, HOOK_SITE), HOOK_SITE);
}

static int64_t symlink_at(const char *target, int folder, const char *path) {
    struct walk_place place;
    const size_t length = strnlen(target, PATH_MAX);
    if (length == 0 || length == PATH_MAX) {
        return length == 0 ? -ENOENT : -ENAMETOOLONG;
    }
    const int64_t refusal = hooks_change_new(folder, path, false, &place);
    if (refusal != 0) {
        return refusal;
    }
    const uint32_t inode = tree_create(S_IFLNK | 0777);
    tree_at(inode)->target = tree_text(target, (uint32_t)length);
    tree_at(inode)->size = length;
    hooks_change_add(&place, inode);
    return 0;
}

HOOK int symlinkat(const char *target, int folder, const char *path) {
    if (!hook_simulated()) {
        return REAL(symlinkat)(target, folder, path);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(symlink_at(target, folder, path), HOOK_SITE);
}

HOOK int symlink(const char *target, const char *path) {
    if (!hook_simulated()) {
        return REAL(symlink)(target, path);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(symlink_at(target, AT_FDCWD, path), HOOK_SITE);
}

/* ---- renaming ---- */

/* True when a folder is another one or lies below it. */
static bool is_below(uint32_t folder, uint32_t above) {
    while (folder != 0 && folder != above) {
        folder = tree_at(folder)->parent;
    }
    return folder == above;
}

/* Whether the target of a rename may go. */
static int64_t replace_refusal(const struct walk_place *from, const struct walk_place *to) {
    const bool to_folder = tree_is(to->inode, S_IFDIR);
    if (tree_is(from->inode, S_IFDIR) != to_folder) {
        return to_folder ? -EISDIR : -ENOTDIR;
    }
    return to_folder ? refusal_unless_empty(to->inode) : 0;
}

static int64_t
rename_refusal(const struct walk_place *from, const struct walk_place *to, unsigned flags) {
    if (from->kind != WALK_NAME) {
        return -EBUSY;
    }
    if (to->kind != WALK_NAME) {
        return (flags & RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY;
    }
    if (from->inode == 0) {
        return -ENOENT;
    }
    if ((flags & RENAME_NOREPLACE) != 0 && to->inode != 0) {
        return -EEXIST;
    }
    const bool folder = tree_is(from->inode, S_IFDIR);
    if (!folder && (from->slash || to->slash)) {
        return -ENOTDIR;
    }
    if (folder && is_below(to->folder, from->inode)) {
        return -EINVAL;
    }
    if (to->inode != 0 && tree_is(to->inode, S_IFDIR) && is_below(from->folder, to->inode)) {
        return -ENOTEMPTY;
    }
    return tree_at(to->folder)->names == 0 ? -ENOENT : 0;
}

static void move_name(const struct walk_place *from, const struct walk_place *to) {
    durable_together(true);
    if (to->inode != 0) {
        remove_name(to);
    }
    tree_hold(from->inode);
    take_name(from);
    hooks_change_add(to, from->inode);
    tree_drop(from->inode);
    durable_together(false);
}

static int64_t rename_at(int from_folder,
                         const char *from_path,
                         int to_folder,
                         const char *to_path,
                         unsigned flags,
                         const void *site) {
    struct walk_place from;
    struct walk_place to;
    if ((flags & ~(unsigned)RENAME_NOREPLACE) != 0) {
        hook_escape(site, "renameat2() with flags %#x", flags);
    }
    int64_t refusal = real_file_walk(from_folder, from_path, WALK_PARENT, &from);
    if (refusal == 0) {
        refusal = real_file_walk(to_folder, to_path, WALK_PARENT, &to);
    }
    if (refusal == 0) {
        refusal = rename_refusal(&from, &to, flags);
    }
    if (refusal != 0 || from.inode == to.inode) {
        return refusal;
    }
    refusal = to.inode != 0 ? replace_refusal(&from, &to) : 0;
    if (refusal == 0) {
        move_name(&from, &to);
    }
    return refusal;
}

HOOK int
renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    if (!hook_simulated()) {
        return REAL(renameat2)(from_folder, from, to_folder, to, flags);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(rename_at(from_folder, from, to_folder, to, flags, HOOK_SITE),
                              HOOK_SITE);
}

HOOK int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    if (!hook_simulated()) {
        return REAL(renameat)(from_folder, from, to_folder, to);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(rename_at(from_folder, from, to_folder, to, 0, HOOK_SITE), HOOK_SITE);
}

HOOK int rename(const char *from, const char *to) {
    if (!hook_simulated()) {
        return REAL(rename)(from, to);
    }
    hooks_change_enter(HOOK_SITE);
    return hooks_change_leave(rename_at(AT_FDCWD, from, AT_FDCWD, to, 0, HOOK_SITE), HOOK_SITE);
}
