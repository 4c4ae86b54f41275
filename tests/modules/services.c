/* Names of ports and protocols, in all forms of asking. The table itself is tested in test_name. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <string.h>

#include "sim/scenario.h"

static char buffer[200];

static void services(void) {
    struct servent entry;
    struct servent *result = &entry;
    const struct servent *own = getservbyname("www", "tcp");
    assert(own != NULL && strcmp(own->s_name, "http") == 0 && own->s_port == htons(80));
    assert(strcmp(own->s_aliases[0], "www") == 0 && own->s_aliases[1] == NULL);
    assert(strcmp(own->s_proto, "tcp") == 0);
    assert(getservbyname("http", "udp") == NULL && getservbyname("HTTP", NULL) == NULL);
    own = getservbyport(htons(53), NULL);
    assert(own != NULL && strcmp(own->s_name, "domain") == 0 && own->s_aliases[0] == NULL);
    assert(strcmp(own->s_proto, "tcp") == 0);
    assert(strcmp(getservbyport(htons(53), "udp")->s_proto, "udp") == 0);
    assert(getservbyport(htons(54), NULL) == NULL && getservbyport(53, "sctp") == NULL);

    assert(getservbyname_r("ssh", NULL, &entry, buffer + 1, sizeof buffer - 1, &result) == 0);
    assert(result == &entry && strcmp(entry.s_name, "ssh") == 0 && entry.s_port == htons(22));
    assert(entry.s_name > buffer && entry.s_name < buffer + sizeof buffer);
    assert((uintptr_t)entry.s_aliases % sizeof(char *) == 0);
    assert(getservbyname_r("none", "tcp", &entry, buffer, sizeof buffer, &result) == 0);
    assert(result == NULL);
    assert(getservbyport_r(htons(22), "tcp", &entry, buffer, 9, &result) == ERANGE);
    assert(result == NULL);
    assert(getservbyport_r(htons(22), "tcp", &entry, buffer, sizeof buffer, &result) == 0);
    assert(result == &entry && strcmp(entry.s_proto, "tcp") == 0);
}

static void protocols(void) {
    struct protoent entry;
    struct protoent *result;
    const struct protoent *own = getprotobyname("TCP");
    assert(own != NULL && own->p_proto == 6 && strcmp(own->p_name, "tcp") == 0);
    assert(strcmp(own->p_aliases[0], "TCP") == 0 && own->p_aliases[1] == NULL);
    assert(getprotobyname("Tcp") == NULL && getprotobynumber(255) == NULL);
    assert(strcmp(getprotobynumber(0)->p_name, "ip") == 0);
    assert(getprotobyname_r("udp", &entry, buffer, sizeof buffer, &result) == 0);
    assert(result == &entry && entry.p_proto == 17);
    assert(getprotobynumber_r(58, &entry, buffer, 3, &result) == ERANGE && result == NULL);
    assert(getprotobynumber_r(58, &entry, buffer, sizeof buffer, &result) == 0);
    assert(strcmp(entry.p_name, "ipv6-icmp") == 0);
    assert(getprotobynumber_r(300, &entry, buffer, sizeof buffer, &result) == 0 && result == NULL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    services();
    protocols();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
