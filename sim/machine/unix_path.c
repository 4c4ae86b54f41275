#include "sim/machine/unix_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "sim/machine/durable.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real_file.h"

#define NAME_AT offsetof(struct sockaddr_un, sun_path)

/* The path in an address with a NUL at its end; false when there is none. */
static bool path_of(uint32_t index,
                    const void *sockaddr,
                    uint32_t size,
                    char path[sizeof((struct sockaddr_un *)NULL)->sun_path + 1]) {
    struct sockaddr_un un;
    if (socket_at(&hook_kernel()->endpoints.sockets, index)->domain != AF_UNIX ||
        sockaddr == NULL || size <= NAME_AT || size > sizeof un) {
        return false;
    }
    memcpy(&un, sockaddr, size);
    const size_t room = size - NAME_AT;
    memcpy(path, un.sun_path, room);
    path[room] = '\0';
    return un.sun_family == AF_UNIX && path[0] != '\0';
}

int64_t unix_path_bind(uint32_t index, const void *sockaddr, uint32_t size) {
    struct endpoints *endpoints = &hook_kernel()->endpoints;
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path + 1];
    struct walk_place place;
    if (!path_of(index, sockaddr, size, path)) {
        return 1;
    }
    int64_t result = real_file_walk(AT_FDCWD, path, WALK_PARENT, &place);
    if (result == 0 && place.inode != 0) {
        result = -EADDRINUSE;
    } else if (result == 0 && (place.slash || tree_at(place.folder)->names == 0)) {
        result = -ENOENT;
    }
    if (result == 0) {
        result = endpoint_bind(endpoints, index, sockaddr, size);
    }
    if (result == 0) {
        const uint32_t inode = tree_create(S_IFSOCK | (0777 & ~hooks_environment_mask()));
        tree_at(inode)->target = tree_text(path, (uint32_t)strlen(path));
        tree_add(place.folder, place.name, place.length, inode);
        durable_name_added(place.folder, place.name, place.length, inode);
        tree_touch(place.folder, 1u << TREE_CHANGED | 1u << TREE_STATUS_CHANGED);
    }
    return result;
}

int64_t
unix_path_find(uint32_t index, const void *sockaddr, uint32_t size, struct unix_path *found) {
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path + 1];
    uint32_t inode;
    found->sockaddr = sockaddr;
    found->size = size;
    if (!path_of(index, sockaddr, size, path)) {
        return 0;
    }
    const int64_t refusal = real_file_find(AT_FDCWD, path, WALK_FOLLOW, &inode);
    if (refusal != 0) {
        return refusal;
    }
    if (!tree_is(inode, S_IFSOCK) || tree_at(inode)->target == NULL) {
        return -ECONNREFUSED; /* no socket, or one of the host's */
    }
    const size_t length = strlen(tree_at(inode)->target);
    found->named.sun_family = AF_UNIX;
    memcpy(found->named.sun_path, tree_at(inode)->target, length);
    found->sockaddr = &found->named;
    found->size = (uint32_t)(NAME_AT + length);
    return 0;
}

void unix_path_forget(uint32_t inode) {
    if (tree_is(inode, S_IFSOCK) && tree_at(inode)->target != NULL) {
        binding_unlink(&hook_kernel()->endpoints.bindings, hook_node(), tree_at(inode)->target);
    }
}
