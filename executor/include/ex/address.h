/* Where a socket is, or shall be: an address of IPv4 or IPv6 with a port, or a path.
 *
 *   struct ex_address address;
 *   int status = ex_address_ip(&address, "127.0.0.1", 8080);
 *
 * Names of hosts are looked up by ex/resolve.h, which gives addresses too.
 *
 * Memory:  a plain value.
 * Errors:  negative errno values.
 * Threads: any.
 */
#ifndef EXECUTOR_INCLUDE_EX_ADDRESS_H
#define EXECUTOR_INCLUDE_EX_ADDRESS_H

#include <ex/panic.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct ex_address {
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
        struct sockaddr_un path;
    } as;
    socklen_t size; /* of what is valid; 0: no address */
};

enum { EX_ADDRESS_TEXT_SIZE = 128 }; /* room for any */

/* From numbers, as "127.0.0.1" or "::1"; "" stands for every interface (::). -EINVAL. */
EX_PUBLIC int ex_address_ip(struct ex_address *address, const char *text, uint16_t port);

/* -ENAMETOOLONG: 107 bytes are the most; -EINVAL: it is empty. */
EX_PUBLIC int ex_address_path(struct ex_address *address, const char *path);

/* A copy of what a system call gave. -EINVAL: of another family. */
EX_PUBLIC int
ex_address_copy(struct ex_address *address, const struct sockaddr *from, socklen_t size);

/* 0 when it has none. */
EX_PUBLIC uint16_t ex_address_port(const struct ex_address *address);

/* "127.0.0.1:8080", "[::1]:8080", the path, or "" for none; gives `text`. */
EX_PUBLIC const char *ex_address_print(const struct ex_address *address,
                                       char text[EX_ADDRESS_TEXT_SIZE]);

#endif
