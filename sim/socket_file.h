/* Sockets as open files: what socket(), socketpair() and accept() give a program.
 *
 *   number ─► file (FILE_SOCKET) ─► socket ─► sim/endpoint.h
 *                 ▲                   │
 *                 └── readiness ◄─────┘ changed
 *
 * Memory:      none of its own.
 * Limits:      those of sockets and files; then -ENFILE, -EMFILE.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_SOCKET_FILE_H
#define SIM_SOCKET_FILE_H

#include <stdint.h>

#include "sim/endpoint.h"
#include "sim/readiness.h"

struct socket_files {
    struct endpoints *endpoints;
    struct readiness *readiness;
    struct files *files;
};

/* How a socket is to be opened. */
struct socket_open {
    uint16_t domain, type, protocol;
    int flags; /* SOCK_NONBLOCK, SOCK_CLOEXEC */
    uint64_t limit;
};

/* Once. Registers FILE_SOCKET. */
void socket_file_init(struct socket_files *sockets,
                      struct endpoints *endpoints,
                      struct readiness *readiness);

/* socket(): its number. The domain and type are known. */
int64_t socket_file_open(struct socket_files *sockets, const struct socket_open *open);

/* socketpair(): 0 and both numbers. */
int64_t
socket_file_pair(struct socket_files *sockets, const struct socket_open *open, int numbers[2]);

/* accept(): the number of the new socket. flags and limit of `open` count. Without a free number it
 * takes nothing; a connection that came while others took the last one is closed (Linux: the number
 * is taken before the wait). */
int64_t socket_file_accept(struct socket_files *sockets,
                           uint32_t file,
                           const struct socket_open *open,
                           const void *site);

/* The socket of a FILE_SOCKET. */
static inline uint32_t socket_file_index(const struct socket_files *sockets, uint32_t file) {
    return file_at(sockets->files, file)->subject;
}

#endif
