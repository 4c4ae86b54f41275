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

static int speaks(const struct service *service, int protocol) {
    const unsigned transport = protocol == IPPROTO_TCP ? TCP : protocol == IPPROTO_UDP ? UDP : 0;
    return (service->transports & transport) != 0;
}

int32_t service_port(const char *name, int protocol) {
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        const struct service *service = &services[i];
        const int named = strcmp(service->name, name) == 0 ||
                          (service->alias != NULL && strcmp(service->alias, name) == 0);
        if (named && speaks(service, protocol)) {
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
