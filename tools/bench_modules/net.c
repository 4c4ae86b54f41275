/* NODES bare C programs in a ring that send datagrams (UDP) to each other: what a message costs.
 *
 *   node 1 ──number──► node 2 ──number──► … ──► node NODES ──number──► node 1
 *
 * Each program sends a number to the next one with sendto() and then waits in recv() for one from
 * the one before, NET_MESSAGES / NODES times; all do so at the same time. A message is one datagram
 * that was sent and received: both calls, its way through the network with a latency of its own,
 * and whatever the scheduler does for either. The start and the end of the programs are in the
 * figure as well. The network may change the order, so each program notes what it got: it fails
 * when a number comes twice or is none, and when one is missing nothing can run at last.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "sim/scenario.h"
#include "tools/bench_modules/net.h"

#define PORT 7000
#define ADDRESS_FIRST 0x0a000001u /* of node 1 */
#define SHARE (NET_MESSAGES / NODES)

_Static_assert(NET_MESSAGES % NODES == 0, "each node sends as many");

static struct sockaddr_in address_of(unsigned node) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(PORT),
                                .sin_addr.s_addr = htonl(ADDRESS_FIRST + node)};
}

/* Notes a number from 1 to SHARE; false when it is none of these, or was noted before. */
static bool note(uint64_t *noted, uint32_t number) {
    const uint64_t bit = UINT64_C(1) << (number % 64);
    if (number < 1 || number > SHARE || (noted[number / 64] & bit) != 0) {
        return false;
    }
    noted[number / 64] |= bit;
    return true;
}

int program(int argc, char **argv) {
    unsigned node = 0; /* from 0 */
    if (argc != 1 || sscanf(argv[0], "n%u", &node) != 1) {
        return 1;
    }
    const int number = socket(AF_INET, SOCK_DGRAM, 0);
    const struct sockaddr_in own = address_of(node);
    const struct sockaddr_in next = address_of((node + 1) % NODES);
    if (number < 0 || bind(number, (const struct sockaddr *)&own, sizeof own) != 0) {
        return 1;
    }
    uint64_t noted[SHARE / 64 + 1] = {0};
    for (uint32_t i = 1; i <= SHARE; i++) {
        uint32_t got = 0;
        if (sendto(number, &i, sizeof i, 0, (const struct sockaddr *)&next, sizeof next) !=
                sizeof i ||
            recv(number, &got, sizeof got, 0) != sizeof got) {
            return 1;
        }
        if (!note(noted, got)) {
            sim_fail("node %u got the number %u, which is wrong or came before", node, got);
        }
    }
    sim_count("received", SHARE);
    return 0;
}

SIM_SCENARIO(world) {
    for (unsigned node = 0; node < NODES; node++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", node);
        sim_node(world, name, "program", NULL);
    }
    /* so long that the last program has bound its port when the first message arrives */
    sim_link(world, SIM_ANY, SIM_ANY, SIM_MS(1), SIM_MS(2));
    sim_finally(world, "every message was received", "received", sim_equal(NET_MESSAGES));
    sim_limit_points(world, UINT64_C(1000000000));
}
