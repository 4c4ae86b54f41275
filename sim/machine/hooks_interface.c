/* The interfaces of a node, lo and eth0, as Linux lists them. They count no traffic. */
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/address.h"
#include "sim/interface.h"
#include "sim/machine/hook.h"
#include "sim/panic.h"

#define LOWER_UP 0x10000u /* IFF_LOWER_UP of linux/if.h, which does not go with net/if.h */
#define ENTRIES 6u        /* each interface by its hardware, IPv4 and IPv6 address */
#define LOOPBACK_BITS 8u
#define NETWORK_BITS 16u
#define LOOPBACK_V6_BITS 128u
#define NETWORK_V6_BITS 64u

union any_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_ll ll;
};

/* One block, so that freeifaddrs() is one free(), as in glibc. */
struct interfaces {
    struct ifaddrs entries[ENTRIES]; /* first: what the program gets and gives back */
    union any_address addresses[ENTRIES], masks[ENTRIES], broadcasts[ENTRIES];
    struct rtnl_link_stats statistics[INTERFACE_COUNT];
    char names[INTERFACE_COUNT][IFNAMSIZ];
};

static void fill_link(struct interfaces *all, uint32_t n, enum interface interface) {
    const bool loopback = interface == INTERFACE_LOOPBACK;
    const uint32_t node = hook_node();
    struct sockaddr_ll ll = {.sll_family = AF_PACKET,
                             .sll_ifindex = (int)interface,
                             .sll_hatype = loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER,
                             .sll_halen = 6};
    all->broadcasts[n].ll = ll;
    if (!loopback) {
        memset(all->broadcasts[n].ll.sll_addr, 0xff, ll.sll_halen);
        ll.sll_addr[0] = 0x02; /* locally administered */
        ll.sll_addr[4] = (unsigned char)(node >> 8);
        ll.sll_addr[5] = (unsigned char)node;
    }
    all->addresses[n].ll = ll;
    all->entries[n].ifa_broadaddr = &all->broadcasts[n].any;
    all->entries[n].ifa_data = &all->statistics[interface - 1];
}

static void fill_v4(struct interfaces *all, uint32_t n, enum interface interface) {
    const bool loopback = interface == INTERFACE_LOOPBACK;
    const uint32_t own =
        loopback ? INADDR_LOOPBACK : machine.world.description->nodes[hook_node()].address;
    const uint32_t mask = UINT32_MAX << (32 - (loopback ? LOOPBACK_BITS : NETWORK_BITS));
    const struct sockaddr_in in = {.sin_family = AF_INET};
    all->addresses[n].in = all->masks[n].in = all->broadcasts[n].in = in;
    all->addresses[n].in.sin_addr.s_addr = htonl(own);
    all->masks[n].in.sin_addr.s_addr = htonl(mask);
    /* For lo this is the other end: itself. */
    all->broadcasts[n].in.sin_addr.s_addr = htonl(loopback ? own : own | ~mask);
    all->entries[n].ifa_netmask = &all->masks[n].any;
    all->entries[n].ifa_broadaddr = &all->broadcasts[n].any;
}

static void fill_v6(struct interfaces *all, uint32_t n, enum interface interface) {
    const bool loopback = interface == INTERFACE_LOOPBACK;
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    all->addresses[n].in6 = all->masks[n].in6 = in6;
    if (loopback) {
        all->addresses[n].in6.sin6_addr = in6addr_loopback;
    } else {
        const struct address own = address_of_node(machine.world.description, hook_node(), true, 0);
        uint32_t size = sizeof in6;
        address_write(&own, &all->addresses[n].in6, &size);
    }
    memset(&all->masks[n].in6.sin6_addr, 0xff, (loopback ? LOOPBACK_V6_BITS : NETWORK_V6_BITS) / 8);
    all->entries[n].ifa_netmask = &all->masks[n].any;
}

static void entry_begin(struct interfaces *all, uint32_t n, enum interface interface) {
    struct ifaddrs *entry = &all->entries[n];
    ASSERT(n < ENTRIES);
    entry->ifa_next = n + 1 < ENTRIES ? entry + 1 : NULL;
    entry->ifa_name = all->names[interface - 1];
    entry->ifa_addr = &all->addresses[n].any;
    entry->ifa_flags = IFF_UP | IFF_RUNNING | LOWER_UP;
    entry->ifa_flags |=
        interface == INTERFACE_LOOPBACK ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;
}

HOOK void freeifaddrs(struct ifaddrs *first) {
    if (!hook_simulated()) {
        REAL(freeifaddrs)(first);
        return;
    }
    free(first);
}

HOOK int getifaddrs(struct ifaddrs **result) {
    static void (*const fill[])(struct interfaces *, uint32_t, enum interface) = {
        fill_link,
        fill_v4,
        fill_v6,
    };
    if (!hook_simulated()) {
        return REAL(getifaddrs)(result);
    }
    struct interfaces *all = calloc(1, sizeof *all);
    if (all == NULL) {
        return -1;
    }
    for (uint32_t i = 1; i <= INTERFACE_COUNT; i++) {
        strcpy(all->names[i - 1], interface_name(i));
    }
    for (uint32_t n = 0; n < ENTRIES; n++) {
        const enum interface interface = (enum interface)(n % INTERFACE_COUNT + 1);
        entry_begin(all, n, interface);
        fill[n / INTERFACE_COUNT](all, n, interface);
    }
    *result = all->entries;
    return 0;
}

/* ---- numbers and names ---- */

HOOK unsigned if_nametoindex(const char *name) {
    if (!hook_simulated()) {
        return REAL(if_nametoindex)(name);
    }
    const uint32_t index = interface_index(name);
    if (index == 0) {
        errno = ENODEV;
    }
    return index;
}

HOOK char *if_indextoname(unsigned index, char name[IF_NAMESIZE]) {
    if (!hook_simulated()) {
        return REAL(if_indextoname)(index, name);
    }
    const char *found = interface_name(index);
    if (found == NULL) {
        errno = ENXIO;
        return NULL;
    }
    return strcpy(name, found);
}

HOOK struct if_nameindex *if_nameindex(void) {
    if (!hook_simulated()) {
        return REAL(if_nameindex)();
    }
    struct {
        struct if_nameindex list[INTERFACE_COUNT + 1]; /* ends with zeros */
        char names[INTERFACE_COUNT][IFNAMSIZ];
    } *all = calloc(1, sizeof *all);
    for (uint32_t i = 0; all != NULL && i < INTERFACE_COUNT; i++) {
        strcpy(all->names[i], interface_name(i + 1));
        all->list[i] = (struct if_nameindex){i + 1, all->names[i]};
    }
    return all != NULL ? all->list : NULL;
}

HOOK void if_freenameindex(struct if_nameindex *list) {
    if (!hook_simulated()) {
        REAL(if_freenameindex)(list);
        return;
    }
    free(list);
}
