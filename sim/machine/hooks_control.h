/* Control data of sendmsg() and recvmsg(): descriptors that go along, SCM_RIGHTS.
 *
 * Other kinds escape by name, but for those that Linux ignores or refuses.
 *
 * Memory:      bundles of sim/rights.h.
 * Errors:      negative errno values as Linux gives them.
 * Threads:     simulated threads, between the point and the event of the call.
 */
#ifndef SIM_MACHINE_HOOKS_CONTROL_H
#define SIM_MACHINE_HOOKS_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* What a socket is to send along: 0 and a bundle (0 =
 * nothing), the caller's also after an error. */
int64_t
hooks_control_read(uint32_t index, const struct msghdr *header, uint32_t *rights, const void *site);

/* Gives the program what has come along (rights may be 0), as far as there is room. Sets
 * msg_controllen, and MSG_CTRUNC if need be. */
void hooks_control_write(struct msghdr *header, uint32_t rights, bool close_on_exec);

#endif
