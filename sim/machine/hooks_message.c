/* send() and recv() in all their forms. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_control.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/machine/real.h"
#include "sim/machine/signals.h"
#include "sim/machine/unix_path.h"

_Noreturn void __chk_fail(void);

#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE | MSG_EOR | MSG_CONFIRM)
#define RECEIVE_FLAGS                                                                              \
    (MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_CMSG_CLOEXEC | MSG_NOSIGNAL)
#define MESSAGES_MAX 1024u /* sendmmsg() and recvmmsg() take no more at once, as in Linux */

/* The socket behind a number that was entered: its index, or 0 and a refusal. */
static uint32_t socket_of(uint32_t file, struct socket_call *call, int64_t *refusal) {
    struct kernel *kernel = hook_kernel();
    if (file == 0) {
        *refusal = -EBADF;
        return 0;
    }
    const struct file *found = file_at(kernel->files, file);
    if (found->kind != FILE_SOCKET) {
        *refusal = -ENOTSOCK;
        return 0;
    }
    call->nonblocking = (found->status & O_NONBLOCK) != 0;
    return found->subject;
}

static bool is_datagram(uint32_t index) {
    return socket_at(&hook_kernel()->endpoints.sockets, index)->type == SOCK_DGRAM;
}

static bool is_unix(uint32_t index) {
    return socket_at(&hook_kernel()->endpoints.sockets, index)->domain == AF_UNIX;
}

/* ---- send ---- */

/* One call of either kind. */
struct exchange {
    int number;
    struct datagram_message *message;
    const struct msghdr *header; /* send: what goes along, or NULL */
    struct socket_call call;
    bool timed; /* it may wait, but not for ever: who was interrupted does not begin anew */
};

/* A message whose name may be another than the program's: the path of an AF_UNIX socket becomes the
 * name it was bound to. */
struct aimed {
    struct datagram_message message;
    struct unix_path to;
};

static int64_t aim(uint32_t index, const struct datagram_message **message, struct aimed *aimed) {
    const struct datagram_message *given = *message;
    if (given->name == NULL || !is_datagram(index) || !is_unix(index)) {
        return 0;
    }
    const int64_t refusal = unix_path_find(index, given->name, given->name_size, &aimed->to);
    aimed->message = *given;
    aimed->message.name = (void *)(uintptr_t)aimed->to.sockaddr;
    aimed->message.name_size = aimed->to.size;
    *message = &aimed->message;
    return refusal;
}

static int64_t send_once(struct exchange *exchange) {
    struct descriptors *descriptors = hook_descriptors();
    struct endpoints *endpoints = &hook_kernel()->endpoints;
    struct socket_call *call = &exchange->call;
    uint32_t rights = 0;
    const uint32_t file = descriptor_enter(descriptors, exchange->number, POINT_SEND, call->site);
    int64_t result = 0;
    const uint32_t index = socket_of(file, call, &result);
    bool broken = false;
    call->rights = &rights;
    if (index != 0 && exchange->header != NULL) {
        result = hooks_control_read(index, exchange->header, &rights, call->site);
    }
    if (index != 0 && result == 0) {
        if ((call->flags & MSG_MORE) != 0 && is_datagram(index)) {
            hook_escape(call->site, "send() of a datagram with flag MSG_MORE");
        }
        const struct datagram_message *message = exchange->message;
        struct aimed aimed;
        exchange->timed = endpoint_times_out(endpoints, index, true);
        result = aim(index, &message, &aimed);
        result = result != 0 ? result : endpoint_send(endpoints, index, message, call);
        broken = endpoint_raises(endpoints, index, result, call->flags);
    }
    if (rights != 0) {
        rights_drop(&hook_kernel()->rights, rights);
    }
    descriptor_leave(descriptors, file, POINT_SEND, result, call->site);
    if (broken) {
        signals_pipe();
    }
    return result;
}

/* header NULL: nothing goes along. */
static int64_t send_one(int number,
                        struct datagram_message *message,
                        const struct msghdr *header,
                        int flags,
                        const void *site) {
    if ((flags & ~SEND_FLAGS) != 0) {
        hook_escape(site, "send() with flags %#x", (unsigned)flags);
    }
    struct exchange exchange = {.number = number,
                                .message = message,
                                .header = header,
                                .call = {.flags = (uint32_t)flags, .site = site}};
    int64_t result = hooks_mishap_file(MISHAP_SEND, number, site);
    if (result != 0) {
        return result;
    }
    do {
        result = send_once(&exchange);
    } while (result == -EINTR && signals_restart() && !exchange.timed);
    return result;
}

static ssize_t send_block(int number,
                          const void *bytes,
                          size_t size,
                          int flags,
                          const struct sockaddr *address,
                          socklen_t address_size,
                          const void *site) {
    const struct iovec part = {.iov_base = (void *)(uintptr_t)bytes,
                               .iov_len = hooks_mishap_short(MISHAP_SEND, number, size, site)};
    struct datagram_message message = {.parts = &part,
                                       .part_count = 1,
                                       .name = (void *)(uintptr_t)address,
                                       .name_size = address != NULL ? address_size : 0};
    return hook_size(send_one(number, &message, NULL, flags, site));
}

HOOK ssize_t send(int number, const void *bytes, size_t size, int flags) {
    return hook_simulated() ? send_block(number, bytes, size, flags, NULL, 0, HOOK_SITE)
                            : REAL(send)(number, bytes, size, flags);
}

HOOK ssize_t sendto(int number,
                    const void *bytes,
                    size_t size,
                    int flags,
                    const struct sockaddr *address,
                    socklen_t address_size) {
    return hook_simulated()
               ? send_block(number, bytes, size, flags, address, address_size, HOOK_SITE)
               : REAL(sendto)(number, bytes, size, flags, address, address_size);
}

static int64_t send_message(int number, const struct msghdr *header, int flags, const void *site) {
    if (header->msg_iovlen > IOV_MAX) {
        return -EMSGSIZE;
    }
    struct datagram_message message = {.parts = header->msg_iov,
                                       .part_count = (uint32_t)header->msg_iovlen,
                                       .name = header->msg_name,
                                       .name_size =
                                           header->msg_name != NULL ? header->msg_namelen : 0};
    return send_one(number, &message, header, flags, site);
}

HOOK ssize_t sendmsg(int number, const struct msghdr *header, int flags) {
    return hook_simulated() ? hook_size(send_message(number, header, flags, HOOK_SITE))
                            : REAL(sendmsg)(number, header, flags);
}

/* How many messages went; the error only when the first one failed. */
HOOK int sendmmsg(int number, struct mmsghdr *messages, unsigned count, int flags) {
    if (!hook_simulated()) {
        return REAL(sendmmsg)(number, messages, count, flags);
    }
    unsigned done = 0;
    int64_t result = 0;
    for (; done < count && done < MESSAGES_MAX; done++) {
        result = send_message(number, &messages[done].msg_hdr, flags, HOOK_SITE);
        if (result < 0) {
            break;
        }
        messages[done].msg_len = (unsigned)result;
    }
    return done > 0 ? (int)done : hook_result(result);
}

/* ---- receive ---- */

static int64_t receive_once(struct exchange *exchange) {
    struct descriptors *descriptors = hook_descriptors();
    struct endpoints *endpoints = &hook_kernel()->endpoints;
    struct socket_call *call = &exchange->call;
    const uint32_t file =
        descriptor_enter(descriptors, exchange->number, POINT_RECEIVE, call->site);
    int64_t result = 0;
    const uint32_t index = socket_of(file, call, &result);
    if (index != 0) {
        exchange->timed = endpoint_times_out(endpoints, index, false);
        result = endpoint_receive(endpoints, index, exchange->message, call);
    }
    return descriptor_leave(descriptors, file, POINT_RECEIVE, result, call->site);
}

/* rights NULL: nobody wants what comes along. */
static int64_t receive_one(int number,
                           struct datagram_message *message,
                           uint32_t *rights,
                           int flags,
                           const void *site) {
    if ((flags & ~RECEIVE_FLAGS) != 0) {
        hook_escape(site, "recv() with flags %#x", (unsigned)flags);
    }
    struct exchange exchange = {.number = number,
                                .message = message,
                                .call = {.flags = (uint32_t)flags, .rights = rights, .site = site}};
    const uint32_t name_size = message->name_size;
    int64_t result = hooks_mishap_file(MISHAP_RECEIVE, number, site);
    if (result != 0) {
        return result;
    }
    do {
        message->name_size = name_size;
        result = receive_once(&exchange);
    } while (result == -EINTR && signals_restart() && !exchange.timed);
    return result;
}

static ssize_t receive_block(int number,
                             void *bytes,
                             size_t size,
                             int flags,
                             struct sockaddr *address,
                             socklen_t *address_size,
                             const void *site) {
    const struct iovec part = {.iov_base = bytes,
                               .iov_len = hooks_mishap_short(MISHAP_RECEIVE, number, size, site)};
    struct datagram_message message = {.parts = &part,
                                       .part_count = 1,
                                       .name = address,
                                       .name_size = address != NULL ? *address_size : 0};
    const int64_t result = receive_one(number, &message, NULL, flags, site);
    if (result >= 0 && address != NULL) {
        *address_size = message.name_size;
    }
    return hook_size(result);
}

HOOK ssize_t recv(int number, void *bytes, size_t size, int flags) {
    return hook_simulated() ? receive_block(number, bytes, size, flags, NULL, NULL, HOOK_SITE)
                            : REAL(recv)(number, bytes, size, flags);
}

HOOK ssize_t __recv_chk(int number, void *bytes, size_t size, size_t room, int flags) {
    if (size > room) {
        __chk_fail();
    }
    return hook_simulated() ? receive_block(number, bytes, size, flags, NULL, NULL, HOOK_SITE)
                            : REAL(recv)(number, bytes, size, flags);
}

HOOK ssize_t recvfrom(int number,
                      void *restrict bytes,
                      size_t size,
                      int flags,
                      struct sockaddr *restrict address,
                      socklen_t *restrict address_size) {
    return hook_simulated()
               ? receive_block(number, bytes, size, flags, address, address_size, HOOK_SITE)
               : REAL(recvfrom)(number, bytes, size, flags, address, address_size);
}

HOOK ssize_t __recvfrom_chk(int number,
                            void *restrict bytes,
                            size_t size,
                            size_t room,
                            int flags,
                            struct sockaddr *restrict address,
                            socklen_t *restrict address_size) {
    if (size > room) {
        __chk_fail();
    }
    return hook_simulated()
               ? receive_block(number, bytes, size, flags, address, address_size, HOOK_SITE)
               : REAL(recvfrom)(number, bytes, size, flags, address, address_size);
}

static int64_t receive_message(int number, struct msghdr *header, int flags, const void *site) {
    if (header->msg_iovlen > IOV_MAX) {
        return -EMSGSIZE;
    }
    struct datagram_message message = {.parts = header->msg_iov,
                                       .part_count = (uint32_t)header->msg_iovlen,
                                       .name = header->msg_name,
                                       .name_size =
                                           header->msg_name != NULL ? header->msg_namelen : 0};
    uint32_t rights = 0;
    const int64_t result = receive_one(number, &message, &rights, flags, site);
    if (result >= 0) {
        header->msg_namelen = header->msg_name != NULL ? message.name_size : 0;
        header->msg_flags = (message.truncated ? MSG_TRUNC : 0) | (flags & MSG_CMSG_CLOEXEC);
        hooks_control_write(header, rights, (flags & MSG_CMSG_CLOEXEC) != 0);
    }
    return result;
}

HOOK ssize_t recvmsg(int number, struct msghdr *header, int flags) {
    return hook_simulated() ? hook_size(receive_message(number, header, flags, HOOK_SITE))
                            : REAL(recvmsg)(number, header, flags);
}

HOOK int recvmmsg(int number,
                  struct mmsghdr *messages,
                  unsigned count,
                  int flags,
                  struct timespec *timeout) {
    if (!hook_simulated()) {
        return REAL(recvmmsg)(number, messages, count, flags, timeout);
    }
    uint64_t ns = AGENDA_NEVER;
    if (timeout != NULL && hook_timespec(timeout, &ns) != 0) {
        return hook_result(-EINVAL);
    }
    const uint64_t begin = hook_own_ns();
    unsigned done = 0;
    int64_t result = 0;
    while (done < count && done < MESSAGES_MAX) {
        result =
            receive_message(number, &messages[done].msg_hdr, flags & ~MSG_WAITFORONE, HOOK_SITE);
        if (result < 0) {
            break;
        }
        messages[done].msg_len = (unsigned)result;
        done++;
        flags |= (flags & MSG_WAITFORONE) != 0 ? MSG_DONTWAIT : 0;
        /* Looked at after each, as in Linux. */
        if (hook_own_ns() - begin >= ns) {
            break;
        }
    }
    return done > 0 ? (int)done : hook_result(result);
}
