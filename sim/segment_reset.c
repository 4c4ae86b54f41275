#include <errno.h>
#include <sys/socket.h>

#include "sim/segment.h"

void segment_reset(struct segments *segments, const struct description_fault *fault) {
    for (uint32_t i = 1; i <= segments->sockets->table.count; i++) {
        const struct socket *socket = socket_at(segments->sockets, i);
        if ((socket->domain == AF_INET || socket->domain == AF_INET6) &&
            socket->type == SOCK_STREAM && socket->state == SOCKET_CONNECTED &&
            network_fault_covers(fault,
                                 socket->node,
                                 socket_at(segments->sockets, socket->peer)->node)) {
            segment_kill(segments, i, ECONNRESET);
        }
    }
}
