/* gethostbyname() and its kin: one family, and results in the caller's or the node's memory. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/machine/hook.h"
#include "sim/name.h"

/* What a hostent points to. */
struct block {
    char *addresses[2];
    char *aliases[1];
    unsigned char address[sizeof(struct in6_addr)];
    char name[];
};

#define NAME_MAX_SHOWN 256u /* a name that is a number may be longer than a node's */

/* A process has one result of the functions that are not reentrant. */
static struct own {
    struct hostent entry;
    _Alignas(struct block) char bytes[sizeof(struct block) + NAME_MAX_SHOWN];
} owns[DESCRIPTION_NODES_MAX + 1];

/* Where the answer goes, and how it went. */
struct reply {
    struct hostent *entry;
    char *buffer;
    size_t size;
    struct hostent **result;
    int *error;
};

/* 0, or ERANGE when the buffer is too small. */
static int fill(const struct reply *reply, const struct address *address, const char *name) {
    const size_t skew = (uintptr_t)reply->buffer % _Alignof(struct block);
    const size_t padding = skew == 0 ? 0 : _Alignof(struct block) - skew;
    const size_t name_size = strlen(name) + 1;
    if (reply->size < padding + sizeof(struct block) + name_size) {
        *reply->error = NETDB_INTERNAL;
        errno = ERANGE;
        return ERANGE;
    }
    struct block *block = (struct block *)(void *)(reply->buffer + padding);
    const bool v4 = address->family == AF_INET;
    const size_t size = v4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    memcpy(block->address, address->bytes + sizeof address->bytes - size, size);
    memcpy(block->name, name, name_size);
    block->addresses[0] = (char *)block->address;
    block->addresses[1] = NULL;
    block->aliases[0] = NULL;
    *reply->entry = (struct hostent){.h_name = block->name,
                                     .h_aliases = block->aliases,
                                     .h_addrtype = address->family,
                                     .h_length = (int)size,
                                     .h_addr_list = block->addresses};
    *reply->result = reply->entry;
    *reply->error = NETDB_SUCCESS;
    return 0;
}

/* What a name that looks like a number means; false: it looks like none. */
static bool numeric(const char *name, int family, struct address *address, bool *valid) {
    uint32_t v4;
    *valid = false;
    if (name[0] != '\0' && name[strspn(name, "0123456789.")] == '\0') {
        *valid = family == AF_INET && name_is_v4(name, &v4);
        *address = *valid ? address_v4(AF_INET, v4, 0) : *address;
        return true;
    }
    if (strchr(name, ':') != NULL) {
        *address = (struct address){.family = AF_INET6};
        *valid = family == AF_INET6 && inet_pton(AF_INET6, name, address->bytes) == 1;
        return true;
    }
    return false;
}

static int by_name(const char *name, int family, const struct reply *reply, const void *site) {
    struct name_hosts hosts = {.count = 0};
    struct address address = {.family = 0};
    bool found;
    hook_point(POINT_CALL, 0, false, site);
    *reply->result = NULL;
    if (family != AF_INET && family != AF_INET6) {
        hook_escape(site, "gethostbyname2() of family %d", family);
    }
    if (!numeric(name, family, &address, &found)) {
        found = name_hosts_find(machine.world.description, name, family, &hosts) == 0;
        address = hosts.addresses[0];
        name = hosts.canonical;
    }
    int result = 0;
    if (found) {
        result = fill(reply, &address, name);
    } else {
        *reply->error = HOST_NOT_FOUND;
    }
    schedule_event(hook_schedule(), POINT_CALL, 0, *reply->error, site);
    return result;
}

static int by_address(const void *bytes,
                      socklen_t size,
                      int family,
                      const struct reply *reply,
                      const void *site) {
    struct address address = {.family = AF_INET6};
    hook_point(POINT_CALL, 0, false, site);
    *reply->result = NULL;
    if (family == AF_INET && size == sizeof(struct in_addr)) {
        struct in_addr in;
        memcpy(&in, bytes, sizeof in);
        address = address_v4(AF_INET, ntohl(in.s_addr), 0);
    } else if (family == AF_INET6 && size == sizeof address.bytes) {
        memcpy(address.bytes, bytes, sizeof address.bytes);
    } else {
        hook_escape(site, "gethostbyaddr() of family %d and %u bytes", family, size);
    }
    const char *name = name_of(machine.world.description, &address);
    int result = 0;
    if (name != NULL) {
        result = fill(reply, &address, name);
    } else {
        *reply->error = HOST_NOT_FOUND;
    }
    schedule_event(hook_schedule(), POINT_CALL, 0, *reply->error, site);
    return result;
}

static struct reply own_reply(struct hostent **result, int *error) {
    struct own *own = &owns[hook_node()];
    return (struct reply){&own->entry, own->bytes, sizeof own->bytes, result, error};
}

static struct hostent *own_result(struct hostent *result, int error) {
    if (result == NULL) {
        h_errno = error;
    }
    return result;
}

HOOK int gethostbyname2_r(const char *restrict name,
                          int family,
                          struct hostent *restrict entry,
                          char *restrict buffer,
                          size_t size,
                          struct hostent **restrict result,
                          int *restrict error) {
    if (!hook_simulated()) {
        return REAL(gethostbyname2_r)(name, family, entry, buffer, size, result, error);
    }
    const struct reply reply = {entry, buffer, size, result, error};
    return by_name(name, family, &reply, HOOK_SITE);
}

HOOK int gethostbyname_r(const char *restrict name,
                         struct hostent *restrict entry,
                         char *restrict buffer,
                         size_t size,
                         struct hostent **restrict result,
                         int *restrict error) {
    if (!hook_simulated()) {
        return REAL(gethostbyname_r)(name, entry, buffer, size, result, error);
    }
    const struct reply reply = {entry, buffer, size, result, error};
    return by_name(name, AF_INET, &reply, HOOK_SITE);
}

HOOK struct hostent *gethostbyname2(const char *name, int family) {
    if (!hook_simulated()) {
        return REAL(gethostbyname2)(name, family);
    }
    struct hostent *result;
    int error;
    const struct reply reply = own_reply(&result, &error);
    by_name(name, family, &reply, HOOK_SITE);
    return own_result(result, error);
}

HOOK struct hostent *gethostbyname(const char *name) {
    if (!hook_simulated()) {
        return REAL(gethostbyname)(name);
    }
    struct hostent *result;
    int error;
    const struct reply reply = own_reply(&result, &error);
    by_name(name, AF_INET, &reply, HOOK_SITE);
    return own_result(result, error);
}

HOOK int gethostbyaddr_r(const void *restrict address,
                         socklen_t size,
                         int family,
                         struct hostent *restrict entry,
                         char *restrict buffer,
                         size_t buffer_size,
                         struct hostent **restrict result,
                         int *restrict error) {
    if (!hook_simulated()) {
        return REAL(
            gethostbyaddr_r)(address, size, family, entry, buffer, buffer_size, result, error);
    }
    const struct reply reply = {entry, buffer, buffer_size, result, error};
    return by_address(address, size, family, &reply, HOOK_SITE);
}

HOOK struct hostent *gethostbyaddr(const void *address, socklen_t size, int family) {
    if (!hook_simulated()) {
        return REAL(gethostbyaddr)(address, size, family);
    }
    struct hostent *result;
    int error;
    const struct reply reply = own_reply(&result, &error);
    by_address(address, size, family, &reply, HOOK_SITE);
    return own_result(result, error);
}
