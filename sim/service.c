#include "sim/service.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

enum transport { TCP = 1, UDP = 2, BOTH = 3 };

struct service {
    const char *name;
    uint16_t port;
    uint16_t transports; /* enum transport */
    const char *alias;   /* may be NULL */
};

static const struct service services[] = {
    {"echo", 7, BOTH, NULL},
    {"discard", 9, BOTH, "sink"},
    {"daytime", 13, BOTH, NULL},
    {"ftp", 21, TCP, NULL},
    {"ssh", 22, TCP, NULL},
    {"telnet", 23, TCP, NULL},
    {"smtp", 25, TCP, "mail"},
    {"time", 37, BOTH, "timserver"},
    {"domain", 53, BOTH, NULL},
    {"tftp", 69, UDP, NULL},
    {"http", 80, TCP, "www"},
    {"kerberos", 88, BOTH, "kerberos5"},
    {"pop3", 110, TCP, "pop-3"},
    {"sunrpc", 111, BOTH, "portmapper"},
    {"ntp", 123, UDP, NULL},
    {"imap2", 143, TCP, "imap"},
    {"snmp", 161, BOTH, NULL},
    {"ldap", 389, BOTH, NULL},
    {"https", 443, BOTH, NULL},
    {"shell", 514, TCP, "cmd"},
    {"syslog", 514, UDP, NULL},
    {"ldaps", 636, BOTH, NULL},
    {"domain-s", 853, BOTH, NULL},
    {"imaps", 993, TCP, NULL},
    {"pop3s", 995, TCP, NULL},
    {"mysql", 3306, TCP, NULL},
    {"postgresql", 5432, TCP, "postgres"},
    {"amqp", 5672, TCP, NULL},
    {"redis", 6379, TCP, NULL},
    {"http-alt", 8080, TCP, "webcache"},
};

#define SERVICE_COUNT (sizeof services / sizeof services[0])

/* /etc/protocols */
static const struct service_line protocols[] = {
    {"ip", "IP", NULL, 0},
    {"icmp", "ICMP", NULL, 1},
    {"igmp", "IGMP", NULL, 2},
    {"ipencap", "IP-ENCAP", NULL, 4},
    {"tcp", "TCP", NULL, 6},
    {"egp", "EGP", NULL, 8},
    {"igp", "IGP", NULL, 9},
    {"udp", "UDP", NULL, 17},
    {"dccp", "DCCP", NULL, 33},
    {"ipv6", "IPv6", NULL, 41},
    {"ipv6-route", "IPv6-Route", NULL, 43},
    {"ipv6-frag", "IPv6-Frag", NULL, 44},
    {"rsvp", "RSVP", NULL, 46},
    {"gre", "GRE", NULL, 47},
    {"esp", "IPSEC-ESP", NULL, 50},
    {"ah", "IPSEC-AH", NULL, 51},
    {"ipv6-icmp", "IPv6-ICMP", NULL, 58},
    {"ipv6-nonxt", "IPv6-NoNxt", NULL, 59},
    {"ipv6-opts", "IPv6-Opts", NULL, 60},
    {"ospf", "OSPFIGP", NULL, 89},
    {"ipip", "IPIP", NULL, 94},
    {"pim", "PIM", NULL, 103},
    {"vrrp", "VRRP", NULL, 112},
    {"l2tp", "L2TP", NULL, 115},
    {"sctp", "SCTP", NULL, 132},
    {"udplite", "UDPLite", NULL, 136},
};

#define PROTOCOL_COUNT (sizeof protocols / sizeof protocols[0])

static int speaks(const struct service *service, int protocol) {
    const unsigned transport = protocol == IPPROTO_TCP ? TCP : protocol == IPPROTO_UDP ? UDP : 0;
    return (service->transports & transport) != 0;
}

static bool named(const char *name, const char *alias, const char *wanted) {
    return strcmp(name, wanted) == 0 || (alias != NULL && strcmp(alias, wanted) == 0);
}

int32_t service_port(const char *name, int protocol) {
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        const struct service *service = &services[i];
        if (named(service->name, service->alias, name) && speaks(service, protocol)) {
            return service->port;
        }
    }
    return -1;
}

const char *service_name(uint16_t port, int protocol) {
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        if (services[i].port == port && speaks(&services[i], protocol)) {
            return services[i].name;
        }
    }
    return NULL;
}

/* The file has a line for each transport, that of TCP first. */
static bool
line_of(const struct service *service, const char *protocol, struct service_line *line) {
    const bool tcp =
        (service->transports & TCP) != 0 && (protocol == NULL || strcmp(protocol, "tcp") == 0);
    const bool udp =
        (service->transports & UDP) != 0 && (protocol == NULL || strcmp(protocol, "udp") == 0);
    *line =
        (struct service_line){service->name, service->alias, tcp ? "tcp" : "udp", service->port};
    return tcp || udp;
}

bool service_line_find(const char *name, const char *protocol, struct service_line *line) {
    size_t i = 0;
    while (i < SERVICE_COUNT && !(named(services[i].name, services[i].alias, name) &&
                                  line_of(&services[i], protocol, line))) {
        i++;
    }
    return i < SERVICE_COUNT;
}

bool service_line_at(uint16_t port, const char *protocol, struct service_line *line) {
    size_t i = 0;
    while (i < SERVICE_COUNT &&
           !(services[i].port == port && line_of(&services[i], protocol, line))) {
        i++;
    }
    return i < SERVICE_COUNT;
}

bool service_protocol_find(const char *name, struct service_line *line) {
    size_t i = 0;
    while (i < PROTOCOL_COUNT && !named(protocols[i].name, protocols[i].alias, name)) {
        i++;
    }
    *line = i < PROTOCOL_COUNT ? protocols[i] : *line;
    return i < PROTOCOL_COUNT;
}

bool service_protocol_at(int32_t number, struct service_line *line) {
    size_t i = 0;
    while (i < PROTOCOL_COUNT && protocols[i].number != number) {
        i++;
    }
    *line = i < PROTOCOL_COUNT ? protocols[i] : *line;
    return i < PROTOCOL_COUNT;
}
