/* The addresses of a host, by getaddrinfo(3) on a thread of the pool.
 *
 *   EX_AWAIT(ex_resolve_host(&self->resolve, "example.org", 80, self->addresses, 8));
 *   for (i = 0; i < value; i++) …            // dial one after the other until one answers
 *
 * Memory:  the frame's; the name and the array are borrowed until it returns.
 * Errors:  -ENOENT: there is no such host, or it has no address; -EAGAIN: the name server cannot be
 *          reached now (or as in ex/blocking.h); -ENOMEM, -EINVAL, -EIO, and what the system gave.
 * Threads: a frame belongs to the strand that runs it.
 */
#ifndef EXECUTOR_INCLUDE_EX_RESOLVE_H
#define EXECUTOR_INCLUDE_EX_RESOLVE_H

#include <ex/address.h>
#include <ex/blocking.h>
#include <stddef.h>

/* Awaitable: how many addresses there are, in the system's order of preference; the first
 * `count_max` of them are in the array. Numbers are addresses too ("::1"). */
struct ex_resolve_host {
    struct ex_blocking_call call;
    const char *name;
    struct ex_address *addresses;
    size_t count_max;
    uint16_t port;
};
EX_PUBLIC struct ex_frame *ex_resolve_host(struct ex_resolve_host *self,
                                           const char *name,
                                           uint16_t port,
                                           struct ex_address *addresses,
                                           size_t count_max);

#endif
