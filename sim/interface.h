/* The network interfaces of a node: lo and eth0.
 *
 * Memory:      constants.
 * Errors:      0 or NULL: there is none.
 * Threads:     pure functions.
 * Determinism: every node has the same two.
 */
#ifndef SIM_INTERFACE_H
#define SIM_INTERFACE_H

#include <stdint.h>

enum interface { INTERFACE_LOOPBACK = 1, INTERFACE_NETWORK, INTERFACE_COUNT = INTERFACE_NETWORK };

/* The index of an interface, 0 = none has this name. */
uint32_t interface_index(const char *name);

/* NULL = none has this index. */
const char *interface_name(uint32_t index);

#endif
