/* Sockets: socket(), bind(), connect(), accept(), options and names. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/machine/real.h"
#include "sim/machine/signals.h"
#include "sim/machine/unix_path.h"

#define TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static struct endpoints *endpoints(void) {
    return &hook_kernel()->endpoints;
}

/* ---- a call on a socket ---- */

/* One call between its point and its event. */
struct call {
    uint32_t file;  /* 0: the number was not open */
    uint32_t index; /* of the socket; 0: it is none */
    int64_t refusal;
    enum point_kind kind;
    struct socket_call how;
};

static struct call enter(int number, enum point_kind kind, const void *site) {
    struct kernel *kernel = hook_kernel();
    struct call call = {.kind = kind, .refusal = -EBADF, .how.site = site};
    call.file = descriptor_enter(&kernel->descriptors, number, kind, site);
    if (call.file != 0) {
        const struct file *file = file_at(kernel->files, call.file);
        call.how.nonblocking = (file->status & O_NONBLOCK) != 0;
        call.refusal = file->kind == FILE_SOCKET ? 0 : -ENOTSOCK;
        call.index = file->kind == FILE_SOCKET ? file->subject : 0;
    }
    return call;
}

static int64_t finish(const struct call *call, int64_t result) {
    return descriptor_leave(hook_descriptors(), call->file, call->kind, result, call->how.site);
}

static int leave(const struct call *call, int64_t result) {
    return hook_result(finish(call, result));
}

/* True when a call that a signal ended begins anew. The handlers run in here, when nothing is held
 * any more: one that jumps away leaves nothing behind. */
static bool again(int64_t result, bool timed) {
    return result == -EINTR && signals_restart() && !timed;
}

/* ---- opening ---- */

static int64_t protocol_refusal(int domain, int type, int protocol) {
    if (protocol == 0) {
        return 0;
    }
    if (domain == AF_UNIX) {
        return protocol == PF_UNIX ? 0 : -EPROTONOSUPPORT;
    }
    return protocol == (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP) ? 0 : -EPROTONOSUPPORT;
}

static int64_t
open_for(int domain, int type, int protocol, struct socket_open *open, const void *site) {
    const int plain = type & ~TYPE_FLAGS;
    if (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6) {
        hook_escape(site, "socket() of the address family %d", domain);
    }
    if (plain != SOCK_STREAM && plain != SOCK_DGRAM) {
        hook_escape(site, "socket() of type %d", plain);
    }
    *open = (struct socket_open){.domain = (uint16_t)domain,
                                 .type = (uint16_t)plain,
                                 .protocol = (uint16_t)protocol,
                                 .flags = type & TYPE_FLAGS,
                                 .limit = hooks_environment_files_max()};
    if (protocol == 0 && domain != AF_UNIX) {
        open->protocol = plain == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    }
    return protocol_refusal(domain, plain, protocol);
}

HOOK int socket(int domain, int type, int protocol) {
    if (!hook_simulated()) {
        return REAL(socket)(domain, type, protocol);
    }
    const int64_t failed = hooks_mishap(MISHAP_SOCKET, HOOK_SITE);
    if (failed != 0) {
        return hook_result(failed);
    }
    struct socket_open open;
    hook_point(POINT_SOCKET, 0, true, HOOK_SITE);
    int64_t result = open_for(domain, type, protocol, &open, HOOK_SITE);
    if (result == 0) {
        result = socket_file_open(&hook_kernel()->sockets, &open);
    }
    return hook_opened(POINT_SOCKET, result, result, HOOK_SITE);
}

HOOK int socketpair(int domain, int type, int protocol, int numbers[2]) {
    if (!hook_simulated()) {
        return REAL(socketpair)(domain, type, protocol, numbers);
    }
    struct socket_open open;
    hook_point(POINT_SOCKET, 0, true, HOOK_SITE);
    int64_t result = open_for(domain, type, protocol, &open, HOOK_SITE);
    if (result == 0) {
        result = domain == AF_UNIX ? socket_file_pair(&hook_kernel()->sockets, &open, numbers)
                                   : -EOPNOTSUPP;
    }
    return hook_opened(POINT_SOCKET, result == 0 ? numbers[0] : -1, result, HOOK_SITE);
}

/* ---- names and connections ---- */

HOOK int bind(int number, const struct sockaddr *address, socklen_t size) {
    if (!hook_simulated()) {
        return REAL(bind)(number, address, size);
    }
    const struct call call = enter(number, POINT_BIND, HOOK_SITE);
    int64_t result = call.refusal;
    if (call.index != 0) {
        result = unix_path_bind(call.index, address, size);
        result = result == 1 ? endpoint_bind(endpoints(), call.index, address, size) : result;
    }
    return leave(&call, result);
}

static int64_t connect_once(int number,
                            const struct sockaddr *address,
                            socklen_t size,
                            bool *timed,
                            const void *site) {
    const struct call call = enter(number, POINT_CONNECT, site);
    int64_t result = call.refusal;
    if (call.index != 0) {
        struct unix_path to;
        *timed = endpoint_times_out(endpoints(), call.index, true);
        result = unix_path_find(call.index, address, size, &to);
        if (result == 0) {
            result = endpoint_connect(endpoints(), call.index, to.sockaddr, to.size, &call.how);
        }
    }
    return finish(&call, result);
}

HOOK int connect(int number, const struct sockaddr *address, socklen_t size) {
    if (!hook_simulated()) {
        return REAL(connect)(number, address, size);
    }
    int64_t result = hooks_mishap_file(MISHAP_CONNECT, number, HOOK_SITE);
    bool timed = false;
    if (result != 0) {
        return hook_result(result);
    }
    do {
        result = connect_once(number, address, size, &timed, HOOK_SITE);
    } while (again(result, timed));
    return hook_result(result);
}

HOOK int listen(int number, int backlog) {
    if (!hook_simulated()) {
        return REAL(listen)(number, backlog);
    }
    const struct call call = enter(number, POINT_LISTEN, HOOK_SITE);
    return leave(&call,
                 call.index == 0 ? call.refusal
                                 : endpoint_listen(endpoints(), call.index, backlog));
}

/* The peer of a socket that was just accepted. */
static void peer_tell(int64_t number, struct sockaddr *address, socklen_t *size) {
    if (address != NULL) {
        const uint32_t file = descriptor_file(hook_descriptors(), number);
        binding_peer_name(&endpoints()->bindings,
                          socket_file_index(&hook_kernel()->sockets, file),
                          address,
                          size);
    }
}

/* Where a peer is to be told. */
struct peer_room {
    struct sockaddr *address;
    socklen_t *size;
};

static int64_t
accept_once(int number, const struct peer_room *room, int flags, bool *timed, const void *site) {
    const struct call call = enter(number, POINT_ACCEPT, site);
    int64_t result = call.refusal;
    if (call.file != 0 && (flags & ~TYPE_FLAGS) != 0) {
        result = -EINVAL;
    } else if (call.index != 0) {
        const struct socket_open open = {.flags = flags, .limit = hooks_environment_files_max()};
        *timed = endpoint_times_out(endpoints(), call.index, false);
        result = socket_file_accept(&hook_kernel()->sockets, call.file, &open, site);
        if (result >= 0) {
            peer_tell(result, room->address, room->size);
        }
    }
    return finish(&call, result);
}

static int
accept_call(int number, struct sockaddr *address, socklen_t *size, int flags, const void *site) {
    const struct peer_room room = {address, size};
    int64_t result = hooks_mishap_file(MISHAP_ACCEPT, number, site);
    bool timed = false;
    if (result != 0) {
        return hook_result(result);
    }
    do {
        result = accept_once(number, &room, flags, &timed, site);
    } while (again(result, timed));
    return hook_result(result);
}

HOOK int accept(int number, struct sockaddr *restrict address, socklen_t *restrict size) {
    return hook_simulated() ? accept_call(number, address, size, 0, HOOK_SITE)
                            : REAL(accept)(number, address, size);
}

HOOK int
accept4(int number, struct sockaddr *restrict address, socklen_t *restrict size, int flags) {
    return hook_simulated() ? accept_call(number, address, size, flags, HOOK_SITE)
                            : REAL(accept4)(number, address, size, flags);
}

HOOK int shutdown(int number, int how) {
    if (!hook_simulated()) {
        return REAL(shutdown)(number, how);
    }
    const struct call call = enter(number, POINT_SHUTDOWN, HOOK_SITE);
    return leave(&call,
                 call.index == 0 ? call.refusal
                                 : endpoint_shutdown(endpoints(), call.index, how, HOOK_SITE));
}

static int tell_name(int number, void *address, socklen_t *size, bool peer, const void *site) {
    const struct call call = enter(number, POINT_CONTROL, site);
    const struct bindings *bindings = &endpoints()->bindings;
    int64_t result = call.refusal;
    if (call.index != 0) {
        result = peer ? binding_peer_name(bindings, call.index, address, size)
                      : binding_name(bindings, call.index, address, size);
    }
    return leave(&call, result);
}

HOOK int getsockname(int number, struct sockaddr *restrict address, socklen_t *restrict size) {
    return hook_simulated() ? tell_name(number, address, size, false, HOOK_SITE)
                            : REAL(getsockname)(number, address, size);
}

HOOK int getpeername(int number, struct sockaddr *restrict address, socklen_t *restrict size) {
    return hook_simulated() ? tell_name(number, address, size, true, HOOK_SITE)
                            : REAL(getpeername)(number, address, size);
}

/* ---- options ---- */

/* Who is at the other end of an AF_UNIX socket: always this very process. */
static int64_t peer_process(uint32_t index, void *value, socklen_t *size) {
    const struct sockets *sockets = &endpoints()->sockets;
    const struct socket *socket = socket_at(sockets, index);
    struct ucred told = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    const uint32_t target = socket->domain == AF_UNIX && socket->type == SOCK_DGRAM
                                ? socket->target
                                : 0; /* of those only a pair knows whom it talks to */
    const bool pair =
        target != 0 && socket_at(sockets, target)->target == index && socket->name_size == 0;
    const bool stream = socket->domain == AF_UNIX && socket->type == SOCK_STREAM &&
                        (socket->peer != 0 || socket->state == SOCKET_LISTENING);
    if (pair || stream) {
        told = (struct ucred){.pid = getpid(), .uid = geteuid(), .gid = getegid()};
    }
    if (*size > INT32_MAX) {
        return -EINVAL;
    }
    *size = *size < sizeof told ? *size : sizeof told;
    memcpy(value, &told, *size);
    return 0;
}

static int64_t option_tell(uint32_t index, int level, int name, void *value, socklen_t *size) {
    return level == SOL_SOCKET && name == SO_PEERCRED
               ? peer_process(index, value, size)
               : option_get(&endpoints()->sockets, index, level, name, value, size);
}

HOOK int
getsockopt(int number, int level, int name, void *restrict value, socklen_t *restrict size) {
    if (!hook_simulated()) {
        return REAL(getsockopt)(number, level, name, value, size);
    }
    const struct call call = enter(number, POINT_CONTROL, HOOK_SITE);
    const int64_t result =
        call.index == 0 ? call.refusal : option_tell(call.index, level, name, value, size);
    if (result == OPTION_UNKNOWN) {
        hook_escape(HOOK_SITE, "getsockopt() of level %d, option %d", level, name);
    }
    return leave(&call, result);
}

HOOK int setsockopt(int number, int level, int name, const void *value, socklen_t size) {
    if (!hook_simulated()) {
        return REAL(setsockopt)(number, level, name, value, size);
    }
    const struct call call = enter(number, POINT_CONTROL, HOOK_SITE);
    const int64_t result =
        call.index == 0 ? call.refusal
                        : option_set(&endpoints()->sockets, call.index, level, name, value, size);
    if (result == OPTION_UNKNOWN) {
        hook_escape(HOOK_SITE, "setsockopt() of level %d, option %d", level, name);
    }
    return leave(&call, result);
}
