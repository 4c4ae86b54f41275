/* What hooks ask before a call takes effect: whether it is to fail (sim/mishap.h).
 *
 *   const int64_t failed = hooks_mishap_file(MISHAP_READ, number, HOOK_SITE);
 *   if (failed != 0) {
 *       return hook_size(failed);
 *   }
 *
 * One branch where nothing is declared for the call. A call that fails has had its point and event.
 */
#ifndef SIM_MACHINE_HOOKS_MISHAP_H
#define SIM_MACHINE_HOOKS_MISHAP_H

#include <stdint.h>

#include "sim/machine/hook.h"

int64_t hooks_mishap_ask(enum mishap_call call, const void *site);
int64_t hooks_mishap_ask_file(enum mishap_call call, int number, const void *site);
uint64_t hooks_mishap_ask_short(enum mishap_call call, int number, uint64_t size, const void *site);

static inline bool hooks_mishap_declared(enum mishap_call call) {
    return __builtin_expect(mishap_asked(&machine.world.mishaps, call), 0);
}

/* The error to give, negative (getaddrinfo: an EAI_); 0: the call goes on. */
static inline int64_t hooks_mishap(enum mishap_call call, const void *site) {
    return hooks_mishap_declared(call) ? hooks_mishap_ask(call, site) : 0;
}

/* The same for a call on a descriptor. */
static inline int64_t hooks_mishap_file(enum mishap_call call, int number, const void *site) {
    return hooks_mishap_declared(call) ? hooks_mishap_ask_file(call, number, site) : 0;
}

/* How many of so many bytes are moved at most. */
static inline uint64_t
hooks_mishap_short(enum mishap_call call, int number, uint64_t size, const void *site) {
    return hooks_mishap_declared(call) ? hooks_mishap_ask_short(call, number, size, site) : size;
}

#endif
