/* Names of ports and protocols, as /etc/services and /etc/protocols have them for what programs
 * usually speak.
 *
 * Memory:      constants.
 * Units:       ports in host order.
 * Errors:      -1 or NULL: not in the table.
 * Threads:     pure functions.
 * Determinism: the machine's own files are never read.
 * Source:      Debian 12, netbase 6.4.
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

/* One line of either file. */
struct service_line {
    const char *name;
    const char *alias;    /* NULL = none */
    const char *protocol; /* of a port: "tcp" or "udp" */
    int32_t number;       /* the port, or the protocol */
};

/* The port of a service, by its name or an alias, for IPPROTO_TCP or IPPROTO_UDP. */
int32_t service_port(const char *name, int protocol);

/* The name that belongs to a port. */
const char *service_name(uint16_t port, int protocol);

/* The first line of a port with a name or alias, or with a number; protocol NULL: any. False: not
 * in the table. */
bool service_line_find(const char *name, const char *protocol, struct service_line *line);
bool service_line_at(uint16_t port, const char *protocol, struct service_line *line);

/* The same for protocols. */
bool service_protocol_find(const char *name, struct service_line *line);
bool service_protocol_at(int32_t number, struct service_line *line);

#endif
