#include <ex/socket.h>

#include "executor/io.h"

#include <errno.h>
#include <unistd.h>

enum { OPEN_FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC };

/* ---- opening ---- */

int ex_socket_open(struct ex_io *io, struct ex_scheduler *scheduler, int family, int type) {
    const int descriptor = socket(family, type | OPEN_FLAGS, 0);

    return descriptor < 0 ? -errno : ex_io_adopt_new(io, scheduler, descriptor, true);
}

/* Takes it over if what was done to it so far succeeded. */
static int
finish(struct ex_io *io, struct ex_scheduler *scheduler, int descriptor, bool has_succeeded) {
    if (!has_succeeded) {
        const int status = -errno;
        close(descriptor);
        return status;
    }
    return ex_io_adopt_new(io, scheduler, descriptor, true);
}

int ex_socket_listen(struct ex_io *io,
                     struct ex_scheduler *scheduler,
                     const struct ex_address *address,
                     int backlog) {
    const int one = 1;
    EX_REQUIRE(address != NULL, "ex_socket_listen: the address is NULL");
    const int descriptor = socket(address->as.any.sa_family, SOCK_STREAM | OPEN_FLAGS, 0);

    if (descriptor < 0) {
        return -errno;
    }
    const bool has_succeeded =
        (address->as.any.sa_family == AF_UNIX ||
         setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0) &&
        bind(descriptor, &address->as.any, address->size) == 0 &&
        listen(descriptor, backlog > 0 ? backlog : SOMAXCONN) == 0;
    return finish(io, scheduler, descriptor, has_succeeded);
}

int ex_socket_bind(struct ex_io *io,
                   struct ex_scheduler *scheduler,
                   const struct ex_address *address) {
    EX_REQUIRE(address != NULL, "ex_socket_bind: the address is NULL");
    const int descriptor = socket(address->as.any.sa_family, SOCK_DGRAM | OPEN_FLAGS, 0);

    if (descriptor < 0) {
        return -errno;
    }
    return finish(io,
                  scheduler,
                  descriptor,
                  bind(descriptor, &address->as.any, address->size) == 0);
}

int ex_socket_pair(struct ex_io ends[2], struct ex_scheduler *scheduler, int type) {
    int descriptors[2];

    if (socketpair(AF_UNIX, type | OPEN_FLAGS, 0, descriptors) != 0) {
        return -errno;
    }
    return ex_io_adopt_pair(ends, scheduler, descriptors, true);
}

/* ---- at once ---- */

int ex_socket_shutdown(struct ex_io io, int how) {
    const int descriptor = ex_io_hold(io);

    if (descriptor < 0) {
        return descriptor;
    }
    const int status = shutdown(descriptor, how) == 0 ? 0 : -errno;
    ex_io_release(io);
    return status;
}

static int
ask(struct ex_io io, struct ex_address *address, int (*call)(int, struct sockaddr *, socklen_t *)) {
    const int descriptor = ex_io_hold(io);

    if (descriptor < 0) {
        return descriptor;
    }
    address->size = sizeof address->as;
    const int status = call(descriptor, &address->as.any, &address->size) == 0 ? 0 : -errno;
    ex_io_release(io);
    return status;
}

/* The functions themselves are not used, for some libcs declare unions in them. */
static int call_getsockname(int descriptor, struct sockaddr *address, socklen_t *size) {
    return getsockname(descriptor, address, size);
}

static int call_getpeername(int descriptor, struct sockaddr *address, socklen_t *size) {
    return getpeername(descriptor, address, size);
}

int ex_socket_address(struct ex_io io, struct ex_address *address) {
    return ask(io, address, call_getsockname);
}

int ex_socket_peer(struct ex_io io, struct ex_address *address) {
    return ask(io, address, call_getpeername);
}

/* ---- connecting ---- */

/* What became of a connect that had to wait. The wake may have been for nothing: without an error
 * it is connected only if it has a peer. */
static int64_t connected(int descriptor) {
    int error = 0;
    socklen_t error_size = sizeof error;
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;

    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) {
        return -errno;
    }
    if (error != 0) {
        return -error;
    }
    if (getpeername(descriptor, (struct sockaddr *)&peer, &peer_size) == 0) {
        return 0;
    }
    return errno == ENOTCONN ? EX_SOURCE_WAIT : -errno;
}

static int64_t connect_it(struct ex_io_operation *operation, int descriptor) {
    struct ex_socket_connect *const self = (struct ex_socket_connect *)(void *)operation;

    if (self->is_begun) {
        return connected(descriptor);
    }
    if (connect(descriptor, &self->address.as.any, self->address.size) == 0) {
        return 0;
    }
    if (errno == EINPROGRESS || errno == EINTR) { /* interrupted, it goes on by itself */
        self->is_begun = true;
        return EX_SOURCE_WAIT;
    }
    return -errno;
}

struct ex_frame *ex_socket_connect(struct ex_socket_connect *self,
                                   struct ex_io io,
                                   const struct ex_address *address) {
    static const struct ex_io_kind kind = {EX_SOURCE_WRITE, connect_it};

    EX_REQUIRE(address != NULL, "ex_socket_connect: the address is NULL");
    self->address = *address;
    self->is_begun = false;
    return ex_io_operation(&self->operation, io, &kind);
}

EX_RESUME(ex_socket_dial) {
    EX_BEGIN(ex_socket_dial);
    value = ex_socket_open(self->io, NULL, self->connect.address.as.any.sa_family, SOCK_STREAM);
    if (value != 0) {
        EX_RETURN(value);
    }
    EX_AWAIT(ex_socket_connect(&self->connect, *self->io, &self->connect.address));
    if (value != 0) {
        ex_io_close(*self->io);
        *self->io = EX_IO_NONE;
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *
ex_socket_dial(struct ex_socket_dial *self, struct ex_io *io, const struct ex_address *address) {
    EX_REQUIRE(io != NULL && address != NULL, "ex_socket_dial: NULL for the handle or the address");
    *io = EX_IO_NONE;
    self->io = io;
    self->connect.address = *address;
    return EX_FRAME(self, ex_socket_dial);
}

/* ---- accepting ---- */

static int64_t accept_one(struct ex_io_operation *operation, int descriptor) {
    const struct ex_socket_accept *const self = (struct ex_socket_accept *)(void *)operation;
    struct ex_address address = {.size = sizeof address.as};
    const int accepted = accept4(descriptor, &address.as.any, &address.size, OPEN_FLAGS);

    if (accepted < 0) {
        return errno == ECONNABORTED ? EX_SOURCE_AGAIN : ex_io_error(); /* the next one, then */
    }
    if (self->address != NULL) {
        *self->address = address;
    }
    return ex_io_adopt_beside(self->io, operation->io, accepted, true);
}

struct ex_frame *ex_socket_accept(struct ex_socket_accept *self,
                                  struct ex_io listener,
                                  struct ex_io *io,
                                  struct ex_address *address) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, accept_one};

    EX_REQUIRE(io != NULL, "ex_socket_accept: NULL where it is to write the connection");
    *io = EX_IO_NONE;
    self->io = io;
    self->address = address;
    return ex_io_operation(&self->operation, listener, &kind);
}

/* ---- datagrams ---- */

static int64_t receive(struct ex_io_operation *operation, int descriptor) {
    const struct ex_socket_receive *const self = (struct ex_socket_receive *)(void *)operation;
    struct ex_address *const address = self->address;
    socklen_t *const address_size = address == NULL ? NULL : &address->size;

    if (address != NULL) {
        address->size = sizeof address->as;
    }
    const ssize_t size = recvfrom(descriptor,
                                  self->bytes,
                                  self->size,
                                  self->flags,
                                  address == NULL ? NULL : &address->as.any,
                                  address_size);
    return size < 0 ? ex_io_error() : size;
}

struct ex_frame *ex_socket_receive(struct ex_socket_receive *self,
                                   struct ex_io io,
                                   void *bytes,
                                   size_t size,
                                   int flags,
                                   struct ex_address *address) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, receive};

    self->bytes = bytes;
    self->size = size;
    self->flags = flags;
    self->address = address;
    return ex_io_operation(&self->operation, io, &kind);
}

static int64_t send_it(struct ex_io_operation *operation, int descriptor) {
    const struct ex_socket_send *const self = (struct ex_socket_send *)(void *)operation;
    const ssize_t size = sendto(descriptor,
                                self->bytes,
                                self->size,
                                MSG_NOSIGNAL,
                                self->address.size == 0 ? NULL : &self->address.as.any,
                                self->address.size);

    return size < 0 ? ex_io_error() : size;
}

struct ex_frame *ex_socket_send(struct ex_socket_send *self,
                                struct ex_io io,
                                const void *bytes,
                                size_t size,
                                const struct ex_address *address) {
    static const struct ex_io_kind kind = {EX_SOURCE_WRITE, send_it};

    self->bytes = bytes;
    self->size = size;
    self->address.size = 0;
    if (address != NULL) {
        self->address = *address;
    }
    return ex_io_operation(&self->operation, io, &kind);
}

/* ---- messages ---- */

static int64_t receive_message(struct ex_io_operation *operation, int descriptor) {
    const struct ex_socket_message *const self = (struct ex_socket_message *)(void *)operation;
    const ssize_t size = recvmsg(descriptor, self->message, self->flags);

    return size < 0 ? ex_io_error() : size;
}

static int64_t send_message(struct ex_io_operation *operation, int descriptor) {
    const struct ex_socket_message *const self = (struct ex_socket_message *)(void *)operation;
    const ssize_t size = sendmsg(descriptor, self->message, self->flags | MSG_NOSIGNAL);

    return size < 0 ? ex_io_error() : size;
}

static struct ex_frame *message_operation(struct ex_socket_message *self,
                                          struct ex_io io,
                                          struct msghdr *message,
                                          int flags,
                                          const struct ex_io_kind *kind) {
    self->message = message;
    self->flags = flags;
    return ex_io_operation(&self->operation, io, kind);
}

struct ex_frame *ex_socket_receive_message(struct ex_socket_message *self,
                                           struct ex_io io,
                                           struct msghdr *message,
                                           int flags) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, receive_message};

    return message_operation(self, io, message, flags, &kind);
}

struct ex_frame *ex_socket_send_message(struct ex_socket_message *self,
                                        struct ex_io io,
                                        struct msghdr *message,
                                        int flags) {
    static const struct ex_io_kind kind = {EX_SOURCE_WRITE, send_message};

    return message_operation(self, io, message, flags, &kind);
}
