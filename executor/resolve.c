#include <ex/resolve.h>

#include <errno.h>
#include <netdb.h>

static int64_t error_of(int status) {
    switch (status) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return -ENOENT;
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return errno != 0 ? -errno : -EIO;
    case EAI_FAIL:
        return -EIO;
    default:
        return -EINVAL;
    }
}

static void set_port(struct ex_address *address, uint16_t port) {
    if (address->as.any.sa_family == AF_INET) {
        address->as.ip4.sin_port = htons(port);
    } else if (address->as.any.sa_family == AF_INET6) {
        address->as.ip6.sin6_port = htons(port);
    }
}

static int64_t resolve(void *argument) {
    const struct ex_resolve_host *const self = argument;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM}; /* each address once */
    struct addrinfo *list;
    size_t count = 0;
    const int status = getaddrinfo(self->name, NULL, &hints, &list);

    if (status != 0) {
        return error_of(status);
    }
    for (const struct addrinfo *info = list; info != NULL; info = info->ai_next) {
        struct ex_address address;
        if (ex_address_copy(&address, info->ai_addr, info->ai_addrlen) != 0) {
            continue;
        }
        set_port(&address, self->port);
        if (count < self->count_max) {
            self->addresses[count] = address;
        }
        count++;
    }
    freeaddrinfo(list);
    return count == 0 ? -ENOENT : (int64_t)count;
}

struct ex_frame *ex_resolve_host(struct ex_resolve_host *self,
                                 const char *name,
                                 uint16_t port,
                                 struct ex_address *addresses,
                                 size_t count_max) {
    EX_REQUIRE(name != NULL && (addresses != NULL || count_max == 0),
               "ex_resolve_host: NULL for the name or the addresses");
    self->name = name;
    self->port = port;
    self->addresses = addresses;
    self->count_max = count_max;
    return ex_blocking_call(&self->call, resolve, self);
}
