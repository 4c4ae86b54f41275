#include "sim/machine/walk.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define LINKS_MAX 40

struct walker {
    uint32_t at; /* folder */
    unsigned links;
    char path[PATH_MAX]; /* what is left */
};

static uint32_t kind_of(const char *name, uint32_t length) {
    return length == 1 && name[0] == '.'                     ? WALK_DOT
           : length == 2 && name[0] == '.' && name[1] == '.' ? WALK_DOTS
                                                             : WALK_NAME;
}

/* The next name off the path; false when there is none. */
static bool take_name(const char **path, struct walk_place *place, uint32_t *length) {
    *path += strspn(*path, "/");
    *length = (uint32_t)strcspn(*path, "/");
    if (*length == 0) {
        return false;
    }
    if (*length < HOST_NAME_SIZE) {
        memcpy(place->name, *path, *length);
        place->name[*length] = '\0';
        place->length = *length;
        place->kind = (uint8_t)kind_of(*path, *length);
    }
    *path += *length;
    place->slash = **path == '/';
    return true;
}

static int64_t look_up(uint32_t folder, struct walk_place *place) {
    const struct tree_inode *inode = tree_at(folder);
    place->folder = folder;
    switch ((enum walk_kind)place->kind) {
    case WALK_DOT:
        place->inode = folder;
        return 0;
    case WALK_DOTS:
        place->inode = inode->parent == 0 ? folder : inode->parent;
        return 0;
    case WALK_ROOT:
    case WALK_NAME:
        break;
    }
    return tree_find(folder, place->name, place->length, &place->inode);
}

/* The link's target takes the place of its name. */
static int64_t expand(struct walker *walker, const struct walk_place *place, const char *rest) {
    char path[PATH_MAX];
    const char *target = tree_at(place->inode)->target;
    const size_t length = strlen(target);
    const size_t more = strlen(rest);
    if (++walker->links > LINKS_MAX) {
        return -ELOOP;
    }
    if (length + more >= sizeof path) {
        return -ENAMETOOLONG;
    }
    memcpy(path, target, length);
    memcpy(path + length, rest, more + 1);
    memcpy(walker->path, path, length + more + 1);
    walker->at = target[0] == '/' ? tree_root() : place->folder;
    return 0;
}

/* The last name, which is no link to follow. */
static int64_t finish(const struct walk_place *place, unsigned flags) {
    if ((flags & WALK_MAKE) != 0 && place->kind == WALK_NAME && place->slash) {
        return -EISDIR;
    }
    if ((flags & WALK_PARENT) == 0 && place->slash && place->inode != 0 &&
        !tree_is(place->inode, S_IFDIR)) {
        return -ENOTDIR;
    }
    return 0;
}

int64_t walk(uint32_t start, const char *given, unsigned flags, struct walk_place *place) {
    struct walker walker = {.at = start};
    const size_t size = strnlen(given, PATH_MAX) + 1;
    if (size == 1 || size > PATH_MAX) {
        return size == 1 ? -ENOENT : -ENAMETOOLONG;
    }
    memcpy(walker.path, given, size);
    *place = (struct walk_place){.folder = start, .inode = start, .kind = WALK_ROOT};
    const char *path = walker.path;
    uint32_t length;
    while (take_name(&path, place, &length)) {
        if (length >= HOST_NAME_SIZE) {
            return -ENAMETOOLONG;
        }
        const bool last = path[strspn(path, "/")] == '\0';
        if (last && (flags & WALK_MAKE) != 0 && finish(place, flags) != 0) {
            return -EISDIR; /* before anything is looked up */
        }
        const int64_t found = look_up(walker.at, place);
        if (found != 0) {
            return found;
        }
        const bool through =
            !last || ((flags & WALK_PARENT) == 0 && ((flags & WALK_FOLLOW) != 0 || place->slash));
        if (place->inode == 0 && !last) {
            return -ENOENT;
        }
        if (through && place->inode != 0 && tree_is(place->inode, S_IFLNK)) {
            const int64_t refusal = expand(&walker, place, path);
            if (refusal != 0) {
                return refusal;
            }
            *place =
                (struct walk_place){.folder = walker.at, .inode = walker.at, .kind = WALK_ROOT};
            path = walker.path;
            continue;
        }
        if (last) {
            return finish(place, flags);
        }
        if (!tree_is(place->inode, S_IFDIR)) {
            return -ENOTDIR;
        }
        walker.at = place->inode;
    }
    return finish(place, flags); /* nothing but slashes */
}
