/* Sockets: streams and datagrams, over TCP, UDP and Unix paths, by the kind of their address.
 *
 *   ex_socket_listen ──► listener ──ex_socket_accept──► connection ┐
 *                            ▲                                     ├ ex_io_read, ex_io_write, …
 *                            └──ex_socket_dial──────► connection ──┘
 *
 *   ex_socket_bind ──► datagrams ── ex_socket_receive, ex_socket_send
 *
 * All of ex/io.h holds: one handle, one reader and one writer at a time, cancellation, deadlines,
 * ex_io_close. What a socket can do besides goes by its number (ex_io_descriptor, setsockopt).
 * TCP_NODELAY is the first to think of, where small answers count. All are opened close-on-exec.
 * Sends never raise SIGPIPE.
 *
 * Memory:  as in ex/io.h; addresses are copied in, and out where a pointer is given.
 * Errors:  negative errno values, as the system gave them.
 * Threads: as in ex/io.h.
 */
#ifndef EXECUTOR_INCLUDE_EX_SOCKET_H
#define EXECUTOR_INCLUDE_EX_SOCKET_H

#include <ex/address.h>
#include <ex/io.h>

/* ---- opening: a NULL scheduler means that of the calling task ---- */

/* socket(2); type is SOCK_STREAM, SOCK_DGRAM, … */
EX_PUBLIC int
ex_socket_open(struct ex_io *io, struct ex_scheduler *scheduler, int family, int type);

/* A stream that waits for connections, `backlog` of them (0: as many as the system allows). A port
 * whose last connections are not forgotten yet is taken all the same (SO_REUSEADDR). */
EX_PUBLIC int ex_socket_listen(struct ex_io *io,
                               struct ex_scheduler *scheduler,
                               const struct ex_address *address,
                               int backlog);

/* For datagrams, at an address of its own. */
EX_PUBLIC int
ex_socket_bind(struct ex_io *io, struct ex_scheduler *scheduler, const struct ex_address *address);

/* Two Unix sockets, connected to each other; type is SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET. */
EX_PUBLIC int ex_socket_pair(struct ex_io ends[2], struct ex_scheduler *scheduler, int type);

/* ---- at once ---- */

/* Half a close: `how` is SHUT_RD, SHUT_WR, SHUT_RDWR. -ENOTCONN. */
EX_PUBLIC int ex_socket_shutdown(struct ex_io io, int how);

/* Its own address, and that of whom it is connected to. */
EX_PUBLIC int ex_socket_address(struct ex_io io, struct ex_address *address);
EX_PUBLIC int ex_socket_peer(struct ex_io io, struct ex_address *address);

/* ---- awaitable ---- */

/* 0: connected. -ECONNREFUSED, -ETIMEDOUT, … -EAGAIN: the queue of a Unix listener is full, and
 * nothing tells when it is not: try again later. After -ECANCELED it may still come to be
 * connected: close it. */
struct ex_socket_connect {
    struct ex_io_operation operation;
    struct ex_address address;
    bool is_begun;
};
EX_PUBLIC struct ex_frame *ex_socket_connect(struct ex_socket_connect *self,
                                             struct ex_io io,
                                             const struct ex_address *address);

/* Opens a stream and connects it: 0, and `io` is open. On an error it is EX_IO_NONE. */
struct ex_socket_dial {
    struct ex_frame frame;
    struct ex_socket_connect connect;
    struct ex_io *io;
};
EX_PUBLIC struct ex_frame *
ex_socket_dial(struct ex_socket_dial *self, struct ex_io *io, const struct ex_address *address);

/* The next connection: 0, and `io` is open, in the listener's scheduler; `address` is its peer's,
 * unless it is NULL. -EMFILE, -ENFILE, -ENOMEM: it waits where it was; make room, or wait a while,
 * before the next accept. */
struct ex_socket_accept {
    struct ex_io_operation operation;
    struct ex_io *io;
    struct ex_address *address;
};
EX_PUBLIC struct ex_frame *ex_socket_accept(struct ex_socket_accept *self,
                                            struct ex_io listener,
                                            struct ex_io *io,
                                            struct ex_address *address);

/* One datagram, or some bytes of a stream: how many. What does not fit is lost (MSG_TRUNC in flags
 * gives its full size). `address` is its sender's, unless it is NULL. */
struct ex_socket_receive {
    struct ex_io_operation operation;
    void *bytes;
    size_t size;
    int flags;
    struct ex_address *address;
};
EX_PUBLIC struct ex_frame *ex_socket_receive(struct ex_socket_receive *self,
                                             struct ex_io io,
                                             void *bytes,
                                             size_t size,
                                             int flags,
                                             struct ex_address *address);

/* One datagram, or some bytes of a stream: how many. NULL: to whom it is connected. */
struct ex_socket_send {
    struct ex_io_operation operation;
    const void *bytes;
    size_t size;
    struct ex_address address;
};
EX_PUBLIC struct ex_frame *ex_socket_send(struct ex_socket_send *self,
                                          struct ex_io io,
                                          const void *bytes,
                                          size_t size,
                                          const struct ex_address *address);

/* recvmsg(2) and sendmsg(2): with several buffers, with descriptors or credentials. The message is
 * borrowed. */
struct ex_socket_message {
    struct ex_io_operation operation;
    struct msghdr *message;
    int flags;
};
EX_PUBLIC struct ex_frame *ex_socket_receive_message(struct ex_socket_message *self,
                                                     struct ex_io io,
                                                     struct msghdr *message,
                                                     int flags);
EX_PUBLIC struct ex_frame *ex_socket_send_message(struct ex_socket_message *self,
                                                  struct ex_io io,
                                                  struct msghdr *message,
                                                  int flags);

#endif
