/* getsockopt() and setsockopt().
 *
 *   modelled     SO_ERROR, SO_REUSEADDR, SO_LINGER, SO_SNDBUF, SO_RCVTIMEO, IPV6_V6ONLY …
 *   kept         what has no effect here (TCP_NODELAY, SO_KEEPALIVE, IP_TOS …): set and told again
 *   off          what can be asked for and left off; on is unknown (SO_TIMESTAMP, IP_RECVERR …)
 *   unknown      OPTION_UNKNOWN, and the caller escapes
 *
 * Memory:      values lie in the socket's record.
 * Errors:      negative errno values as Linux gives them.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_OPTION_H
#define SIM_OPTION_H

#include <stdint.h>

#include "sim/socket.h"

#define OPTION_UNKNOWN 1 /* neither a result nor an errno: this option is not simulated */

/* 0, a negative errno or OPTION_UNKNOWN. */
int option_set(struct sockets *sockets,
               uint32_t index,
               int level,
               int name,
               const void *value,
               uint32_t size);

/* The same; *size is the room at value, then what was written. */
int option_get(struct sockets *sockets,
               uint32_t index,
               int level,
               int name,
               void *value,
               uint32_t *size);

#endif
