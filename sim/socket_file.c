#include "sim/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "sim/panic.h"

_Static_assert(SOCK_NONBLOCK == O_NONBLOCK && SOCK_CLOEXEC == O_CLOEXEC, "as Linux has them");

static bool nonblocking(const struct socket_files *sockets, uint32_t file) {
    return (file_at(sockets->files, file)->status & O_NONBLOCK) != 0;
}

/* ---- as files ---- */

static int64_t read_from(void *context, uint32_t file, const struct file_call *call) {
    struct socket_files *sockets = context;
    struct datagram_message message = {.parts = call->parts, .part_count = call->part_count};
    const struct socket_call how = {.nonblocking = call->nonblocking, .site = call->site};
    if (file_call_size(call) == 0) {
        return 0; /* sock_read_iter */
    }
    return endpoint_receive(sockets->endpoints, socket_file_index(sockets, file), &message, &how);
}

static int64_t write_to(void *context, uint32_t file, const struct file_call *call) {
    struct socket_files *sockets = context;
    const struct datagram_message message = {.parts = call->parts, .part_count = call->part_count};
    const struct socket_call how = {.nonblocking = call->nonblocking, .site = call->site};
    return endpoint_send(sockets->endpoints, socket_file_index(sockets, file), &message, &how);
}

static uint32_t events_of(void *context, uint32_t file) {
    struct socket_files *sockets = context;
    return endpoint_events(sockets->endpoints, socket_file_index(sockets, file));
}

static void close_file(void *context, uint32_t file) {
    struct socket_files *sockets = context;
    const uint32_t index = socket_file_index(sockets, file);
    socket_at(&sockets->endpoints->sockets, index)->file = 0;
    endpoint_close(sockets->endpoints, index);
}

static const struct file_operations operations = {.read = read_from,
                                                  .write = write_to,
                                                  .events = events_of,
                                                  .close = close_file};

static void changed(void *context, uint32_t index, uint32_t events) {
    struct socket_files *sockets = context;
    const uint32_t file = socket_at(&sockets->endpoints->sockets, index)->file;
    if (file != 0) {
        readiness_notify(sockets->readiness, file, events);
    }
}

void socket_file_init(struct socket_files *sockets,
                      struct endpoints *endpoints,
                      struct readiness *readiness) {
    *sockets = (struct socket_files){.endpoints = endpoints,
                                     .readiness = readiness,
                                     .files = readiness->files};
    endpoints->sockets.changed = changed;
    endpoints->sockets.changed_context = sockets;
    file_kind_add(sockets->files, FILE_SOCKET, &operations, sockets);
}

/* ---- opening ---- */

/* Makes a socket a file; closes it when there is no room. */
static int64_t
install(struct socket_files *sockets, uint32_t index, const struct socket_open *open) {
    struct socket *socket = socket_at(&sockets->endpoints->sockets, index);
    const uint32_t file = file_create(sockets->files,
                                      FILE_SOCKET,
                                      socket->node,
                                      O_RDWR | (uint32_t)(open->flags & SOCK_NONBLOCK),
                                      socket->object,
                                      index);
    if (file == 0) {
        endpoint_close(sockets->endpoints, index);
        return -ENFILE;
    }
    socket->file = file;
    return descriptor_install(sockets->readiness->descriptors,
                              file,
                              0,
                              open->limit,
                              (open->flags & SOCK_CLOEXEC) != 0);
}

int64_t socket_file_open(struct socket_files *sockets, const struct socket_open *open) {
    const int64_t index =
        endpoint_create(sockets->endpoints, open->domain, open->type, open->protocol);
    return index < 0 ? index : install(sockets, (uint32_t)index, open);
}

int64_t
socket_file_pair(struct socket_files *sockets, const struct socket_open *open, int numbers[2]) {
    uint32_t ends[2];
    const int64_t result = endpoint_pair(sockets->endpoints, open->type, ends);
    if (result < 0) {
        return result;
    }
    const int64_t first = install(sockets, ends[0], open);
    if (first < 0) {
        endpoint_close(sockets->endpoints, ends[1]);
        return first;
    }
    const int64_t second = install(sockets, ends[1], open);
    if (second < 0) {
        descriptor_close(sockets->readiness->descriptors, first);
        return second;
    }
    numbers[0] = (int)first;
    numbers[1] = (int)second;
    return 0;
}

int64_t socket_file_accept(struct socket_files *sockets,
                           uint32_t file,
                           const struct socket_open *open,
                           const void *site) {
    const struct socket_call call = {.nonblocking = nonblocking(sockets, file), .site = site};
    const int64_t refusal = descriptor_room(sockets->readiness->descriptors, open->limit);
    if (refusal != 0) {
        return refusal; /* the connection stays where it is */
    }
    const int64_t index =
        endpoint_accept(sockets->endpoints, socket_file_index(sockets, file), &call);
    return index < 0 ? index : install(sockets, (uint32_t)index, open);
}
