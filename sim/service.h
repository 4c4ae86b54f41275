/* Names of ports, as /etc/services has them for what programs usually speak.
 *
 * Memory:      constants.
 * Units:       ports in host order.
 * Errors:      -1 or NULL: not in the table.
 * Threads:     pure functions.
 * Determinism: the machine's own /etc/services is never read.
 * Source:      Debian 12, netbase 6.4.
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include <stdint.h>

/* The port of a service, by its name or an alias, for IPPROTO_TCP or IPPROTO_UDP. */
int32_t service_port(const char *name, int protocol);

/* The name that belongs to a port. */
const char *service_name(uint16_t port, int protocol);

#endif
