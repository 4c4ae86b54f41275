/* The interfaces of two nodes, as a program lists them. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/scenario.h"

static void show(char *text, size_t size, const struct sockaddr *address) {
    char number[INET6_ADDRSTRLEN] = "-";
    if (address != NULL && address->sa_family == AF_PACKET) {
        const struct sockaddr_ll *ll = (const struct sockaddr_ll *)(const void *)address;
        snprintf(text + strlen(text),
                 size - strlen(text),
                 " %d:%02x..%02x",
                 ll->sll_ifindex,
                 ll->sll_addr[0],
                 ll->sll_addr[5]);
        return;
    }
    if (address != NULL && address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        inet_ntop(AF_INET, &in->sin_addr, number, sizeof number);
    } else if (address != NULL) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        inet_ntop(AF_INET6, &in6->sin6_addr, number, sizeof number);
    }
    snprintf(text + strlen(text), size - strlen(text), " %s", number);
}

static void addresses(const char *const *expected) {
    struct ifaddrs *first;
    assert(getifaddrs(&first) == 0);
    for (const struct ifaddrs *i = first; i != NULL; i = i->ifa_next, expected++) {
        char text[256];
        snprintf(text, sizeof text, "%s %#x", i->ifa_name, i->ifa_flags);
        show(text, sizeof text, i->ifa_addr);
        show(text, sizeof text, i->ifa_netmask);
        show(text, sizeof text, i->ifa_broadaddr);
        assert(*expected != NULL);
        if (strcmp(text, *expected) != 0) {
            sim_fail("%s instead of %s", text, *expected);
        }
        assert((i->ifa_data != NULL) == (i->ifa_addr->sa_family == AF_PACKET));
    }
    assert(*expected == NULL);
    freeifaddrs(first);
}

int program(int argc, char **argv) {
    (void)argc;
    static const char *const first[] = {
        "lo 0x10049 1:00..00 - 1:00..00",
        "eth0 0x11043 2:02..01 - 2:ff..ff",
        "lo 0x10049 127.0.0.1 255.0.0.0 127.0.0.1",
        "eth0 0x11043 10.0.0.1 255.255.0.0 10.0.255.255",
        "lo 0x10049 ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -",
        "eth0 0x11043 fd00::1 ffff:ffff:ffff:ffff:: -",
        NULL,
    };
    static const char *const second[] = {
        "lo 0x10049 1:00..00 - 1:00..00",
        "eth0 0x11043 2:02..02 - 2:ff..ff",
        "lo 0x10049 127.0.0.1 255.0.0.0 127.0.0.1",
        "eth0 0x11043 10.0.0.2 255.255.0.0 10.0.255.255",
        "lo 0x10049 ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -",
        "eth0 0x11043 fd00::2 ffff:ffff:ffff:ffff:: -",
        NULL,
    };
    addresses(strcmp(argv[0], "first") == 0 ? first : second);

    char name[IF_NAMESIZE];
    assert(if_nametoindex("lo") == 1 && if_nametoindex("eth0") == 2);
    assert(if_nametoindex("eth1") == 0 && errno == ENODEV);
    assert(if_indextoname(2, name) == name && strcmp(name, "eth0") == 0);
    assert(if_indextoname(0, name) == NULL && errno == ENXIO);
    assert(if_indextoname(3, name) == NULL);
    struct if_nameindex *list = if_nameindex();
    assert(list[0].if_index == 1 && strcmp(list[1].if_name, "eth0") == 0);
    assert(list[2].if_index == 0 && list[2].if_name == NULL);
    if_freenameindex(list);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "first", "program", NULL);
    sim_node(world, "second", "program", NULL);
}
