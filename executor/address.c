#include <ex/address.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int ex_address_ip(struct ex_address *address, const char *text, uint16_t port) {
    EX_REQUIRE(text != NULL, "ex_address_ip: the text is NULL; \"\" stands for every interface");
    *address = (struct ex_address){.size = 0};
    if (inet_pton(AF_INET, text, &address->as.ip4.sin_addr) == 1) {
        address->as.ip4.sin_family = AF_INET;
        address->as.ip4.sin_port = htons(port);
        address->size = sizeof address->as.ip4;
        return 0;
    }
    if (inet_pton(AF_INET6, text[0] == '\0' ? "::" : text, &address->as.ip6.sin6_addr) == 1) {
        address->as.ip6.sin6_family = AF_INET6;
        address->as.ip6.sin6_port = htons(port);
        address->size = sizeof address->as.ip6;
        return 0;
    }
    return -EINVAL;
}

int ex_address_path(struct ex_address *address, const char *path) {
    EX_REQUIRE(path != NULL, "ex_address_path: the path is NULL");
    const size_t length = strlen(path);

    *address = (struct ex_address){.size = 0};
    if (length == 0) {
        return -EINVAL;
    }
    if (length >= sizeof address->as.path.sun_path) {
        return -ENAMETOOLONG;
    }
    address->as.path.sun_family = AF_UNIX;
    memcpy(address->as.path.sun_path, path, length + 1);
    address->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 0;
}

int ex_address_copy(struct ex_address *address, const struct sockaddr *from, socklen_t size) {
    *address = (struct ex_address){.size = 0};
    if (size > sizeof address->as || size < sizeof from->sa_family ||
        (from->sa_family != AF_INET && from->sa_family != AF_INET6 && from->sa_family != AF_UNIX)) {
        return -EINVAL;
    }
    memcpy(&address->as, from, size);
    address->size = size;
    return 0;
}

uint16_t ex_address_port(const struct ex_address *address) {
    if (address->size == 0) {
        return 0;
    }
    switch (address->as.any.sa_family) {
    case AF_INET:
        return ntohs(address->as.ip4.sin_port);
    case AF_INET6:
        return ntohs(address->as.ip6.sin6_port);
    default:
        return 0;
    }
}

const char *ex_address_print(const struct ex_address *address, char text[EX_ADDRESS_TEXT_SIZE]) {
    char host[INET6_ADDRSTRLEN];
    const int family = address->size == 0 ? AF_UNSPEC : address->as.any.sa_family;
    const size_t path_size = offsetof(struct sockaddr_un, sun_path);

    text[0] = '\0';
    if (family == AF_INET) {
        inet_ntop(AF_INET, &address->as.ip4.sin_addr, host, sizeof host);
        snprintf(text, EX_ADDRESS_TEXT_SIZE, "%s:%u", host, (unsigned)ex_address_port(address));
    } else if (family == AF_INET6) {
        inet_ntop(AF_INET6, &address->as.ip6.sin6_addr, host, sizeof host);
        snprintf(text, EX_ADDRESS_TEXT_SIZE, "[%s]:%u", host, (unsigned)ex_address_port(address));
    } else if (family == AF_UNIX && address->size > path_size) {
        snprintf(text,
                 EX_ADDRESS_TEXT_SIZE,
                 "%.*s",
                 (int)(address->size - path_size),
                 address->as.path.sun_path);
    }
    return text;
}
